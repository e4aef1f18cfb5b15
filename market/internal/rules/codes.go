package rules

// Code is a stable word for one reason to refuse. It is part of the API: it
// stands as "code" in every error of the HTTP API, and a program may branch on it
// where Kind is too coarse. New codes may be added; old ones keep their meaning. A
// code is an error as well, so that errors.Is finds it.
type Code string

// Error is the code itself.
func (c Code) Error() string { return string(c) }

// The codes. Codes lists them with their kinds and meanings.
const (
	CodeInvalid              Code = "invalid"
	CodeUnauthorized         Code = "unauthorized"
	CodeInsufficientCredits  Code = "insufficient_credits"
	CodeForbidden            Code = "forbidden"
	CodeSuspended            Code = "suspended"
	CodeRegistrationClosed   Code = "registration_closed"
	CodeInviteInvalid        Code = "invite_invalid"
	CodeRoleRequired         Code = "role_required"
	CodeNotFound             Code = "not_found"
	CodeEventsGone           Code = "events_gone"
	CodeWrongState           Code = "wrong_state"
	CodeClaimLapsed          Code = "claim_lapsed"
	CodeAlreadyClaimed       Code = "already_claimed"
	CodeAlreadyDone          Code = "already_done"
	CodeNoWebhook            Code = "no_webhook"
	CodeOwnTask              Code = "own_task"
	CodeRoleConflict         Code = "role_conflict"
	CodePosterSuspended      Code = "poster_suspended"
	CodeHeadStart            Code = "head_start"
	CodeFiltered             Code = "filtered"
	CodeNoTask               Code = "no_task"
	CodeTooManyClaims        Code = "too_many_claims"
	CodeTooManyBytes         Code = "too_many_bytes"
	CodeIdempotencyKeyUsed   Code = "idempotency_key_used"
	CodeExternalIDUsed       Code = "external_id_used"
	CodeStillUnderWay        Code = "still_under_way"
	CodeRateLimited          Code = "rate_limited"
	CodeCooldown             Code = "cooldown"
	CodeTooManyStreams       Code = "too_many_streams"
	CodeTooManyWaits         Code = "too_many_waits"
	CodeTooManyQuestions     Code = "too_many_questions"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeTooLarge             Code = "too_large"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeNotConfigured        Code = "not_configured"
	CodeUnavailable          Code = "unavailable"
	CodeContended            Code = "contended"
	CodeWarming              Code = "warming"
	CodeInternal             Code = "internal"
)

// CodeInfo says what a Code means.
type CodeInfo struct {
	Code Code
	// Kind is the sentinel error that errors with this code match.
	Kind error
	// Meaning is a sentence for the documentation.
	Meaning string
}

var codeTable = []CodeInfo{
	{CodeInvalid, ErrInvalid, "The input breaks a limit or a form; field names it."},
	{CodeUnauthorized, ErrUnauthorized, "There is no key, or no agent has it."},
	{CodeInsufficientCredits, ErrInsufficientCredits, "The balance does not cover max_credits."},
	{CodeForbidden, ErrForbidden, "You may see this but have the wrong role for it."},
	{CodeSuspended, ErrSuspended, "The operator has suspended your agent."},
	{CodeRegistrationClosed, ErrForbidden, "Nobody may register here: agents are made in another way."},
	{CodeInviteInvalid, ErrForbidden, "Registration needs an invitation of the operator's that is not used and has not ended."},
	{CodeRoleRequired, ErrForbidden, "An operator's role does not allow it."},
	{CodeNotFound, ErrNotFound, "It does not exist, or you may not know that it does."},
	{CodeEventsGone, ErrNotFound, "Events after this position are no longer kept, or it is none of this marketplace's."},
	{CodeWrongState, ErrConflict, "The task's status does not allow it; the message names the status."},
	{CodeClaimLapsed, ErrConflict, "Your claim on this task has ended; the message says when and why."},
	{CodeAlreadyClaimed, ErrConflict, "You hold this task already."},
	{CodeAlreadyDone, ErrConflict, "It has been done before and can be done once."},
	{CodeNoWebhook, ErrConflict, "There is no webhook_url to deliver to."},
	{CodeOwnTask, ErrConflict, "It is your own task."},
	{CodeRoleConflict, ErrConflict, "You matched or verified this task and cannot work on it."},
	{CodePosterSuspended, ErrConflict, "The task cannot be picked up at present."},
	{CodeHeadStart, ErrConflict, "A pickup does not offer the task to you yet: it is kept for those whom it was matched to; you may pick it up by id."},
	{CodeFiltered, ErrConflict, "A pickup with these tags and this search does not offer the task."},
	{CodeNoTask, ErrNotFound, "No task is open."},
	{CodeTooManyClaims, ErrConflict, "You hold as many undelivered claims as you may."},
	{CodeTooManyBytes, ErrConflict, "Your living texts, or the talk about the task, take up as much room as they may."},
	{CodeIdempotencyKeyUsed, ErrConflict, "The Idempotency-Key was used with another request."},
	{CodeExternalIDUsed, ErrConflict, "The caller has posted another task under this external_id."},
	{CodeStillUnderWay, ErrConflict, "The first request under this Idempotency-Key has not ended yet; repeat after Retry-After."},
	{CodeRateLimited, ErrRateLimited, "Too many requests; repeat after Retry-After."},
	{CodeCooldown, ErrRateLimited, "Pickup is blocked after too many claims given up or let lapse."},
	{CodeTooManyStreams, ErrRateLimited, "A newer event stream of yours took the place of this one: you have as many as you may."},
	{CodeTooManyWaits, ErrRateLimited, "You have as many waiting requests as you may."},
	{CodeTooManyQuestions, ErrRateLimited, "The task has as many unanswered questions as it may."},
	{CodeMethodNotAllowed, ErrNotConfigured, "The path exists, but not with this method; see Allow."},
	{CodeTooLarge, ErrInvalid, "The body is larger than this server accepts."},
	{CodeUnsupportedMediaType, ErrInvalid, "The content type or encoding is not one that is read here."},
	{CodeNotConfigured, ErrNotConfigured, "The operator has not switched this on."},
	{CodeUnavailable, ErrUnavailable, "The store cannot be reached; nothing was changed unless a later read shows it."},
	{CodeContended, ErrUnavailable, "Too many others changed the same things; nothing was changed, try again."},
	{CodeWarming, ErrUnavailable, "The board of open tasks is still loading; try again after Retry-After."},
	{CodeInternal, ErrUnavailable, "A mistake of the server's own; the log has the rest."},
}

var kindOf = func() map[Code]error {
	kinds := make(map[Code]error, len(codeTable))
	for _, c := range codeTable {
		kinds[c.Code] = c.Kind
	}
	return kinds
}()

// Codes lists all codes with their meanings, in the order of the documentation.
func Codes() []CodeInfo { return append([]CodeInfo(nil), codeTable...) }

// Kind is the sentinel error that errors with this code match, or nil for a
// code that this version does not know.
func (c Code) Kind() error { return kindOf[c] }

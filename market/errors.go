package market

import (
	"errors"

	"github.com/pinchwork/pinchwork/market/internal/rules"
)

// Error is the one error type that a Market returns. Its fields are Kind, one of
// the kinds below, with which errors.Is matches it; Code, which says exactly which
// refusal it is; Message, for people to read; Field, the name of the input that is
// wrong; Actions, what the caller may do to the task instead; RetryAfter, after which another try may succeed; and Cause, for the log
// alone.
type Error = rules.Error

// The kinds of refusal. Every error that a Market returns matches exactly one
// of them with errors.Is, or is the context's own error. The HTTP status of
// each stands beside it; the mapping itself lives in package httpserver.
var (
	// ErrInvalid: the input breaks a limit or a form; Error.Field names it (400).
	ErrInvalid = rules.ErrInvalid
	// ErrUnauthorized: no such API key (401).
	ErrUnauthorized = rules.ErrUnauthorized
	// ErrInsufficientCredits: the balance does not cover the escrow (402).
	ErrInsufficientCredits = rules.ErrInsufficientCredits
	// ErrForbidden: the caller may see the thing but has the wrong role (403).
	ErrForbidden = rules.ErrForbidden
	// ErrSuspended: the calling agent is suspended. It is a kind of ErrForbidden (403).
	ErrSuspended = rules.ErrSuspended
	// ErrNotFound: it does not exist, or the caller may not know that it does (404).
	ErrNotFound = rules.ErrNotFound
	// ErrConflict: the present state of the task or account does not allow it
	// (409).
	ErrConflict = rules.ErrConflict
	// ErrRateLimited: too many requests for now; Error.RetryAfter says how long to
	// wait (429).
	ErrRateLimited = rules.ErrRateLimited
	// ErrNotConfigured: the operator has not switched the feature on (501).
	ErrNotConfigured = rules.ErrNotConfigured
	// ErrUnavailable: the store cannot be reached, or too many others write the
	// same data; nothing was changed unless a later read shows it (503).
	ErrUnavailable = rules.ErrUnavailable
)

// ErrWaitOver is the cause (context.WithCancelCause) with which a program that is about
// to end cancels the contexts of calls that wait: each then answers with what there is, as
// when its time is up (rules 4.22 and 4.23). No Market returns it.
var ErrWaitOver = errors.New("market: the wait is over")

// The refusals that programs branch on most, for errors.Is. Each is the error of one
// code and finer than a kind; errors.Is works with every other Code as well.
var (
	// ErrClaimLapsed: the caller's claim on the task has ended (an ErrConflict).
	ErrClaimLapsed error = CodeClaimLapsed
	// ErrClaimLimit: the caller holds as many claims as it may (an ErrConflict).
	ErrClaimLimit error = CodeTooManyClaims
	// ErrCooldown: pickups are blocked after too many claims given up or let lapse;
	// Error.RetryAfter says for how long (an ErrRateLimited).
	ErrCooldown error = CodeCooldown
	// ErrEventsGone: events after the position are no longer kept (an ErrNotFound).
	ErrEventsGone error = CodeEventsGone
	// ErrWrongState: the task's status does not allow it (an ErrConflict).
	ErrWrongState error = CodeWrongState
	// ErrAlreadyClaimed: the caller holds this task already (an ErrConflict).
	ErrAlreadyClaimed error = CodeAlreadyClaimed
	// ErrAlreadyDone: it can be done once and has been (an ErrConflict).
	ErrAlreadyDone error = CodeAlreadyDone
	// ErrIdempotencyKeyUsed: the key was used with another request (an ErrConflict).
	ErrIdempotencyKeyUsed error = CodeIdempotencyKeyUsed
	ErrExternalIDUsed     error = CodeExternalIDUsed
	// ErrHeadStart: a task is kept for the agents that it was matched to (an ErrConflict).
	ErrHeadStart error = CodeHeadStart
	// ErrFiltered: the tags and the search of a pickup leave a task out (an ErrConflict).
	ErrFiltered error = CodeFiltered
	// ErrContended: too many others changed the same things; nothing was changed (an
	// ErrUnavailable).
	ErrContended error = CodeContended
	// ErrWarming: the board of open tasks is still loading (an ErrUnavailable).
	ErrWarming error = CodeWarming
)

// Code says which refusal it is. Codes are stable: a program may branch on them,
// with Error.Code or with errors.Is.
type Code = rules.Code

// CodeInfo is a code with its kind and what it means.
type CodeInfo = rules.CodeInfo

// Codes lists every code, in the order in which the API documents show them.
func Codes() []CodeInfo { return rules.Codes() }

// The codes; Codes says what each one means.
const (
	CodeInvalid              = rules.CodeInvalid
	CodeUnauthorized         = rules.CodeUnauthorized
	CodeInsufficientCredits  = rules.CodeInsufficientCredits
	CodeForbidden            = rules.CodeForbidden
	CodeSuspended            = rules.CodeSuspended
	CodeRegistrationClosed   = rules.CodeRegistrationClosed
	CodeInviteInvalid        = rules.CodeInviteInvalid
	CodeRoleRequired         = rules.CodeRoleRequired
	CodeNotFound             = rules.CodeNotFound
	CodeEventsGone           = rules.CodeEventsGone
	CodeWrongState           = rules.CodeWrongState
	CodeClaimLapsed          = rules.CodeClaimLapsed
	CodeAlreadyClaimed       = rules.CodeAlreadyClaimed
	CodeAlreadyDone          = rules.CodeAlreadyDone
	CodeNoWebhook            = rules.CodeNoWebhook
	CodeOwnTask              = rules.CodeOwnTask
	CodeRoleConflict         = rules.CodeRoleConflict
	CodePosterSuspended      = rules.CodePosterSuspended
	CodeHeadStart            = rules.CodeHeadStart
	CodeFiltered             = rules.CodeFiltered
	CodeNoTask               = rules.CodeNoTask
	CodeTooManyClaims        = rules.CodeTooManyClaims
	CodeTooManyBytes         = rules.CodeTooManyBytes
	CodeIdempotencyKeyUsed   = rules.CodeIdempotencyKeyUsed
	CodeExternalIDUsed       = rules.CodeExternalIDUsed
	CodeStillUnderWay        = rules.CodeStillUnderWay
	CodeRateLimited          = rules.CodeRateLimited
	CodeCooldown             = rules.CodeCooldown
	CodeTooManyStreams       = rules.CodeTooManyStreams
	CodeTooManyWaits         = rules.CodeTooManyWaits
	CodeTooManyQuestions     = rules.CodeTooManyQuestions
	CodeMethodNotAllowed     = rules.CodeMethodNotAllowed
	CodeTooLarge             = rules.CodeTooLarge
	CodeUnsupportedMediaType = rules.CodeUnsupportedMediaType
	CodeNotConfigured        = rules.CodeNotConfigured
	CodeUnavailable          = rules.CodeUnavailable
	CodeContended            = rules.CodeContended
	CodeWarming              = rules.CodeWarming
	CodeInternal             = rules.CodeInternal
)

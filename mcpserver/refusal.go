package mcpserver

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/pinchwork/pinchwork/market"
)

var (
	errInternal = &market.Error{Kind: market.ErrUnavailable, Code: market.CodeInternal, Message: "Internal error"}
	errNobody   = &market.Error{Kind: market.ErrUnauthorized, Code: market.CodeUnauthorized, Message: "Nobody is signed in"}
)

// steps say what to do about a refusal, in terms of tools.
var steps = map[market.Code]string{
	market.CodeInvalid:             "Correct the argument and call again.",
	market.CodeUnauthorized:        "The host's configuration needs an agent's API key; ask whoever runs it.",
	market.CodeInsufficientCredits: "Offer fewer max_credits, or earn some: find_work, take, deliver.",
	market.CodeForbidden:           "Call look to see your role in the task.",
	market.CodeSuspended:           "Only the operator can change that.",
	market.CodeNotFound:            "Check the id, which is one like tk-abc123 alone; look without a task_id lists your tasks, find_work those on offer.",
	market.CodeWrongState:          "Call look to see where the task stands.",
	market.CodeClaimLapsed:         "It is not yours any more: take another task.",
	market.CodeAlreadyClaimed:      "Call look to read it, then deliver.",
	market.CodeAlreadyDone:         "Nothing is left to do here.",
	market.CodeOwnTask:             "Take a task of somebody else: find_work.",
	market.CodeRoleConflict:        "Take another task: find_work.",
	market.CodePosterSuspended:     "Take another task: find_work.",
	market.CodeHeadStart:           "Take it by its task_id, or another: find_work.",
	market.CodeNoTask:              "Wait for one: take with wait_seconds.",
	market.CodeFiltered:            "Use other tags or another search.",
	market.CodeTooManyClaims:       "Deliver or abandon a task that you hold first: look with role worker.",
	market.CodeTooManyBytes:        "Say it in fewer words, or wait until older tasks have ended.",
	market.CodeIdempotencyKeyUsed:  "Use another key for another call.",
	market.CodeStillUnderWay:       "The first call under this key is still under way: repeat in a moment.",
	market.CodeRateLimited:         "Wait, then repeat.",
	market.CodeCooldown:            "You gave up too many claims; wait, then take again.",
	market.CodeTooManyWaits:        "Call again without wait_seconds, or when another wait has ended.",
	market.CodeTooManyQuestions:    "Wait until the poster has answered others.",
	market.CodeUnavailable:         "Repeat in a moment.",
	market.CodeContended:           "Repeat in a moment.",
	market.CodeWarming:             "Repeat in a moment.",
	market.CodeInternal:            "Repeat in a moment; a change may have happened, so look first.",
}

// toolFor are the tools by which agents act on a task. Without cancel: a step that came
// too early is no reason to give the task up.
var toolFor = map[market.Action]string{
	market.ActionPickup: "take", market.ActionAsk: "ask", market.ActionDeliver: "deliver",
	market.ActionProgress: "progress", market.ActionMessage: "write", market.ActionAbandon: "abandon", market.ActionApprove: "approve",
	market.ActionReject: "reject", market.ActionRate: "rate",
}

// refused is the answer to a call that was refused.
func refused(t *tool, err error) *reply {
	refusal := known(err)
	r := &reply{Code: refusal.Code, Field: refusal.Field, Message: refusal.Message}
	if refusal.RetryAfter > 0 {
		r.RetryAfterSeconds = int64(math.Ceil(refusal.RetryAfter.Seconds()))
		r.Message += fmt.Sprintf(" (in %d s)", r.RetryAfterSeconds)
	}
	r.Step = steps[refusal.Code]
	if refusal.Code == market.CodeWrongState && t.step != "" {
		r.Step = t.step
	}
	if own := t.steps[refusal.Code]; own != "" {
		r.Step = own
	}
	r.Next = instead(refusal.Actions)
	if refusal.Code == market.CodeUnavailable && t.kind == adds {
		r.Step = "It may have happened: look, before you repeat it under another idempotency_key or none."
	}
	return r
}

// instead are the tools by which the caller may do what it may do now. Whoever cannot
// bring the task forward waits for the other side.
func instead(may []market.Action) (next []string) {
	waits := len(may) > 0
	for _, a := range may {
		waits = waits && (a == market.ActionCancel || a == market.ActionMessage)
		if name := toolFor[a]; name != "" {
			next = append(next, name)
		}
	}
	if waits {
		next = append([]string{"look with wait_seconds"}, next...)
	}
	return next
}

// known is err as the client may hear it.
func known(err error) *market.Error {
	var refusal *market.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code != "":
		return refusal
	case errors.As(err, &refusal):
		for _, c := range market.Codes() {
			if errors.Is(refusal.Kind, c.Kind) {
				return &market.Error{Kind: refusal.Kind, Code: c.Code, Message: refusal.Message, Field: refusal.Field, RetryAfter: refusal.RetryAfter}
			}
		}
		return errInternal
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &market.Error{Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Message: "The answer did not come in time"}
	}
	return errInternal
}

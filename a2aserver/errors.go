package a2aserver

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/market"
)

// kinds are the protocol's errors for the market's.
var kinds = []struct{ market, a2a error }{
	{market.ErrWrongState, a2a.ErrUnsupportedOperation},
	{market.ErrInvalid, a2a.ErrInvalidParams},
	{market.ErrNotFound, a2a.ErrTaskNotFound},
	{market.ErrUnauthorized, a2a.ErrUnauthenticated},
	{market.ErrForbidden, a2a.ErrUnauthorized},
	{market.ErrInsufficientCredits, a2a.ErrInvalidParams},
	{market.ErrConflict, a2a.ErrInvalidParams},
	{market.ErrNotConfigured, a2a.ErrUnsupportedOperation},
	{market.ErrRateLimited, a2a.ErrServerError},
	{market.ErrUnavailable, a2a.ErrServerError},
}

// told is err as the protocol says it, with the market's code and field in its details.
func told(err error) error {
	var refused *market.Error
	if !errors.As(err, &refused) {
		if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(*a2a.Error)) {
			return err
		}
		return a2a.ErrInternalError
	}
	kind := a2a.ErrInternalError
	for _, k := range kinds {
		if errors.Is(err, k.market) {
			kind = k.a2a
			break
		}
	}
	return refusal(kind, refused)
}

// refusal is refused under the protocol's error kind.
func refusal(kind error, refused *market.Error) error {
	meta := map[string]string{"code": string(refused.Code)}
	if refused.Field != "" {
		meta["field"] = refused.Field
	}
	if refused.RetryAfter > 0 {
		meta["retry_after"] = strconv.FormatInt(int64((refused.RetryAfter+time.Second-1)/time.Second), 10)
	}
	return a2a.NewError(kind, refused.Message).WithErrorInfoMeta(meta)
}

func invalid(field, message string) error {
	return refusal(a2a.ErrInvalidParams, &market.Error{Code: market.CodeInvalid, Field: field, Message: message})
}

func wrongState(kind error, message string) error {
	return refusal(kind, &market.Error{Code: market.CodeWrongState, Message: message})
}

func notFound(message string) error {
	return refusal(a2a.ErrTaskNotFound, &market.Error{Code: market.CodeNotFound, Message: message})
}

func noTask() error { return notFound("Task not found") }

func notCancelable(s market.Status) error {
	return wrongState(a2a.ErrTaskNotCancelable, "the task is "+string(s)+": only a posted one, which nobody works on yet, can be cancelled")
}

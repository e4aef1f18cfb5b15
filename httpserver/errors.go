package httpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// codeStatuses are the statuses of codes that have one of their own.
var codeStatuses = map[market.Code]int{
	market.CodeMethodNotAllowed:     http.StatusMethodNotAllowed,
	market.CodeTooLarge:             http.StatusRequestEntityTooLarge,
	market.CodeUnsupportedMediaType: http.StatusUnsupportedMediaType,
	market.CodeInternal:             http.StatusInternalServerError,
}

// statuses maps the kinds of refusal to status codes. The first that matches
// counts.
var statuses = []struct {
	kind   error
	status int
}{
	{market.ErrInvalid, http.StatusBadRequest},
	{market.ErrUnauthorized, http.StatusUnauthorized},
	{market.ErrInsufficientCredits, http.StatusPaymentRequired},
	{market.ErrForbidden, http.StatusForbidden},
	{market.ErrNotFound, http.StatusNotFound},
	{market.ErrConflict, http.StatusConflict},
	{market.ErrRateLimited, http.StatusTooManyRequests},
	{market.ErrNotConfigured, http.StatusNotImplemented},
	{market.ErrUnavailable, http.StatusServiceUnavailable},
}

// Error is the body of every refusal.
type Error struct {
	Error string `json:"error"`
	// Code is a stable word; market.Codes lists them.
	Code market.Code `json:"code"`
	// Field is the JSON name of the input field that is wrong, where there is one.
	Field string `json:"field,omitempty"`
	// Hint says what to send instead, in words of HTTP, where the error does not.
	Hint string `json:"hint,omitempty"`
	// Index is the number, from 0, of the element of a batch that is refused.
	Index *int `json:"index,omitempty"`
	// Actions are what the caller may do to the task instead, when the step that it tried
	// is not its own or not the next.
	Actions []Action `json:"actions,omitempty"`
}

func refuse(code market.Code, format string, args ...any) *market.Error {
	return &market.Error{Kind: code.Kind(), Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(field, format string, args ...any) *market.Error {
	return &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Field: field, Message: field + ": " + fmt.Sprintf(format, args...)}
}

var errInternal = refuse(market.CodeInternal, "Internal error")

// explain returns the status and the message for an error.
func explain(err error) (int, *market.Error) {
	var refusal *market.Error
	if !errors.As(err, &refusal) {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return http.StatusServiceUnavailable, &market.Error{
				Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Message: "The server could not answer in time, try again shortly", Cause: err,
			}
		}
		return http.StatusInternalServerError, errInternal
	}
	if status, ok := codeStatuses[refusal.Code]; ok {
		return status, refusal
	}
	for _, row := range statuses {
		if errors.Is(refusal.Kind, row.kind) {
			return row.status, refusal
		}
	}
	return http.StatusInternalServerError, errInternal
}

// codeOf is the refusal's code, or the general one of its kind if it has none.
func codeOf(refusal *market.Error) market.Code {
	if refusal.Code != "" {
		return refusal.Code
	}
	for _, c := range market.Codes() {
		if errors.Is(refusal.Kind, c.Kind) {
			return c.Code
		}
	}
	return market.CodeInternal
}

// fail answers with an error, unless the answer has begun.
func (c *call) fail(err error) {
	if c.status != 0 {
		c.logFailure(err)
		return
	}
	status, refusal := explain(err)
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented && !expected(err) {
		c.logFailure(err)
	}
	c.refusalHeaders(status, refusal)
	said := Error{Error: refusal.Message, Code: codeOf(refusal), Field: refusal.Field, Hint: c.hintAt(refusal)}
	if i, is := refusal.Index(); is {
		said.Index = &i
	}
	if refusal.Actions != nil {
		said.Actions = c.server.actionsOn(c.taskID(), refusal.Actions)
	}
	c.send(status, said, "")
}

// expected reports whether a server says this in each of its lives: at its start, and at
// its end.
func expected(err error) bool {
	return errors.Is(err, errLeaving) || errors.Is(err, market.ErrWarming)
}

func (c *call) refusalHeaders(status int, refusal *market.Error) {
	h := c.Header()
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="pinchwork"`)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", retryAfter(refusal.RetryAfter, time.Minute))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", retryAfter(refusal.RetryAfter, time.Second))
	case http.StatusRequestEntityTooLarge:
		h.Set("Connection", "close")
	}
}

// retryAfter is at least 1, and a guess where the refusal does not say, since
// some limits end only when somebody acts.
func retryAfter(d, guess time.Duration) string {
	if d <= 0 {
		d = guess
	}
	return strconv.Itoa(max(seconds(d), 1))
}

// logFailure keeps an error for the line that the log has of the request.
func (c *call) logFailure(err error) {
	if c.request.Context().Err() == nil { // else the client hung up
		c.own().failure = cause(err)
	}
}

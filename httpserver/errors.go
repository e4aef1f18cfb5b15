package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// The refusals that only HTTP knows; they are kinds of market.Error like the
// market's own.
var (
	errMethod    = errors.New("method not allowed")
	errTooLarge  = errors.New("too large")
	errMediaType = errors.New("unsupported media type")
)

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
	{errMethod, http.StatusMethodNotAllowed},
	{market.ErrConflict, http.StatusConflict},
	{errTooLarge, http.StatusRequestEntityTooLarge},
	{errMediaType, http.StatusUnsupportedMediaType},
	{market.ErrRateLimited, http.StatusTooManyRequests},
	{market.ErrNotConfigured, http.StatusNotImplemented},
	{market.ErrUnavailable, http.StatusServiceUnavailable},
}

// Error is the body of every refusal.
type Error struct {
	Error string `json:"error"`
}

func refuse(kind error, format string, args ...any) *market.Error {
	return &market.Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

func invalid(field, format string, args ...any) *market.Error {
	return &market.Error{Kind: market.ErrInvalid, Field: field, Message: field + ": " + fmt.Sprintf(format, args...)}
}

var errInternal = &market.Error{Message: "Internal error"}

// explain says with which status and in which words to refuse.
func explain(err error) (int, *market.Error) {
	var refusal *market.Error
	if !errors.As(err, &refusal) {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return http.StatusServiceUnavailable, &market.Error{
				Kind: market.ErrUnavailable, Message: "The server could not answer in time, try again shortly", Cause: err,
			}
		}
		return http.StatusInternalServerError, errInternal
	}
	for _, row := range statuses {
		if errors.Is(refusal.Kind, row.kind) {
			return row.status, refusal
		}
	}
	return http.StatusInternalServerError, errInternal
}

// fail answers with an error, unless the answer has begun.
func (c *call) fail(err error) {
	if c.status != 0 {
		c.logFailure(err)
		return
	}
	status, refusal := explain(err)
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		c.logFailure(err)
	}
	c.refusalHeaders(status, refusal)
	c.send(status, Error{refusal.Message}, "")
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

// retryAfter is at least 1, and a guess where the refusal does not say: some
// limits end only when somebody acts.
func retryAfter(d, guess time.Duration) string {
	if d <= 0 {
		d = guess
	}
	return strconv.Itoa(max(seconds(d), 1))
}

func (c *call) logFailure(err error) {
	if c.request.Context().Err() != nil {
		return // the client hung up
	}
	c.server.log.LogAttrs(c.request.Context(), slog.LevelError, "request failed",
		slog.String("request_id", c.id), slog.String("route", c.pattern()),
		slog.String("agent_id", string(c.agent)), slog.Any("error", cause(err)))
}

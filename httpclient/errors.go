package httpclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pinchwork/pinchwork/market"
)

// ErrUnreachable is matched by the errors of calls that got no answer at all: no
// such host, connection refused or cut, time-out. They match
// market.ErrUnavailable too. A call that changes something may have been done
// all the same, if it was sent: see OutcomeUnknown.
var ErrUnreachable = errors.New("the server cannot be reached")

func unreachable(server string, err error) *market.Error {
	return silent("The server at %s cannot be reached: %v", server, err)
}

// unanswered is the error of a request that was sent.
func unanswered(server string, err error) *market.Error {
	return silent("The server at %s did not answer: %v", server, err)
}

func silent(format, server string, err error) *market.Error {
	return &market.Error{
		Kind:    market.ErrUnavailable,
		Code:    market.CodeUnavailable,
		Message: fmt.Sprintf(format, server, rootCause(err)),
		Cause:   passing{fmt.Errorf("%w: %w", ErrUnreachable, err)},
	}
}

// rootCause leaves out the wrappers around a network error, which repeat the URL.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// kinds maps statuses to the kinds of refusal, for answers without a code that
// this version knows, from proxies or newer servers.
var kinds = map[int]error{
	http.StatusBadRequest:            market.ErrInvalid,
	http.StatusUnauthorized:          market.ErrUnauthorized,
	http.StatusPaymentRequired:       market.ErrInsufficientCredits,
	http.StatusForbidden:             market.ErrForbidden,
	http.StatusNotFound:              market.ErrNotFound,
	http.StatusMethodNotAllowed:      market.ErrNotConfigured,
	http.StatusConflict:              market.ErrConflict,
	http.StatusRequestEntityTooLarge: market.ErrInvalid,
	http.StatusUnsupportedMediaType:  market.ErrInvalid,
	http.StatusUnprocessableEntity:   market.ErrInvalid,
	http.StatusTooManyRequests:       market.ErrRateLimited,
	http.StatusNotImplemented:        market.ErrNotConfigured,
}

// refusal turns an unsuccessful response into the error that the in-process
// market gives in the same case.
func refusal(res *http.Response, body []byte) error {
	if res.StatusCode >= 300 && res.StatusCode <= 399 {
		return redirected(res)
	}
	e := said(res, body)
	e.RetryAfter = retryAfter(res)
	e.Kind = e.Code.Kind()
	if e.Kind == nil {
		e.Kind = market.ErrUnavailable
		if kind, ok := kinds[res.StatusCode]; ok {
			e.Kind = kind
		}
	}
	if repeatable(res.StatusCode) || e.Code == market.CodeStillUnderWay {
		e.Cause = passing{fmt.Errorf("status %d", res.StatusCode)}
	}
	return e
}

func repeatable(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

var errRedirect = errors.New("an answer that leads elsewhere")

func redirected(res *http.Response) error {
	where := "another address"
	if u, err := res.Location(); err == nil {
		u.User = nil
		where = printable(u.String())
	}
	return &market.Error{
		Kind:    market.ErrUnavailable,
		Code:    market.CodeUnavailable,
		Cause:   undone{errRedirect},
		Message: "The server redirects to " + where + ", which is not followed; if you trust it, use that address",
	}
}

// said is the server's error message, without control characters.
func said(res *http.Response, body []byte) *market.Error {
	var refusal struct {
		Error string      `json:"error"`
		Code  market.Code `json:"code"`
		Field string      `json:"field"`
		// Actions are read from links to words.
		Actions []market.Action `json:"actions"`
	}
	if json.Unmarshal(body, &refusal) != nil || strings.TrimSpace(refusal.Error) == "" {
		status := fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode))
		const none market.Code = "" // the answer did not come from this API
		return &market.Error{Code: none, Message: "The server answered " + strings.TrimSpace(status)}
	}
	return &market.Error{
		Message: printable(refusal.Error), Code: market.Code(printable(string(refusal.Code))), Field: printable(refusal.Field),
		Actions: refusal.Actions,
	}
}

const longestMessage = 2000

func printable(s string) string {
	if r := []rune(s); len(r) > longestMessage {
		s = string(r[:longestMessage]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// retryAfter reads the header in either of its forms; 0 when there is none.
func retryAfter(res *http.Response) time.Duration {
	value := strings.TrimSpace(res.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now := time.Now()
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0)
}

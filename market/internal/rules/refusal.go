package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The kinds of refusal. Every error that a Market returns matches exactly one
// of them with errors.Is, or is the context's own error. The HTTP status of
// each stands beside it; the mapping itself lives in package httpserver.
var (
	// ErrInvalid: the input breaks a limit or a form; Error.Field names it (400).
	ErrInvalid = errors.New("invalid")
	// ErrUnauthorized: no such API key (401).
	ErrUnauthorized = errors.New("unauthorized")
	// ErrInsufficientCredits: the balance does not cover the escrow (402).
	ErrInsufficientCredits = errors.New("insufficient credits")
	// ErrForbidden: the caller may see the thing but has the wrong role (403).
	ErrForbidden = errors.New("forbidden")
	// ErrSuspended: the calling agent is suspended. It is a kind of ErrForbidden (403).
	ErrSuspended = fmt.Errorf("suspended: %w", ErrForbidden)
	// ErrNotFound: it does not exist, or the caller may not know that it does (404).
	ErrNotFound = errors.New("not found")
	// ErrConflict: the present state of the task or account does not allow it
	// (409).
	ErrConflict = errors.New("conflict")
	// ErrRateLimited: too many requests for now; Error.RetryAfter says how long to
	// wait (429).
	ErrRateLimited = errors.New("rate limited")
	// ErrNotConfigured: the operator has not switched the feature on (501).
	ErrNotConfigured = errors.New("not configured")
	// ErrUnavailable: the store cannot be reached, or too many others write the
	// same data; nothing was changed unless a later read shows it (503).
	ErrUnavailable = errors.New("unavailable")
)

// Error is the one error type that a Market returns. Message may be shown to a
// user of the HTTP API; the cause, if there is one, is for logs only.
type Error struct {
	// Kind is one of the sentinel errors of this package.
	Kind error
	// Code says exactly which of the refusals of its kind it is.
	Code Code
	// Field names the input field that is wrong, in its JSON spelling: with ErrInvalid, and
	// with ErrInsufficientCredits the one that says how many. Empty with others, unless an
	// element of a list is refused: then it begins with that element, as in tasks[3].need
	// and tasks[3].
	Field string
	// Message says what is wrong in one sentence, without internals.
	Message string
	// Actions are what the caller may do to the task instead, when it tried a step that
	// is not its own or not the next. Nil when that is nothing, and with other refusals.
	Actions []Action
	// RetryAfter is the time after which trying again can succeed; set with
	// ErrRateLimited and ErrUnavailable.
	RetryAfter time.Duration
	// Cause is what a store or the network said. Never show it to a client.
	Cause error
}

// Error returns the message for a reader of Go: it names the field of the input as
// Go does, MaxCredits, where Message has its JSON name, max_credits.
func (e *Error) Error() string {
	if rest, named := strings.CutPrefix(e.Message, e.Field+": "); named && e.Field != "" {
		return goName(e.Field) + ": " + rest
	}
	return e.Message
}

// Index is the number, from 0, of the element of a list that is refused, if it is about
// one: of a batch of posts.
func (e *Error) Index() (i int, is bool) {
	_, rest, opened := strings.Cut(e.Field, "[")
	digits, _, closed := strings.Cut(rest, "]")
	i, err := strconv.Atoi(digits)
	return i, opened && closed && err == nil
}

// InElement is a refusal as one of element number i of the list of that name. Any other
// error stays as it is.
func InElement(list string, i int, err error) error {
	refusal, is := errors.AsType[*Error](err)
	if !is || errors.Is(err, ErrUnavailable) {
		return err
	}
	return refusal.In(list, i)
}

// In is the same refusal, as one of element number i, from 0, of the list of that name.
func (e *Error) In(list string, i int) *Error {
	said, place := *e, fmt.Sprintf("%s[%d]", list, i)
	if e.Field != "" {
		place += "." + e.Field
	}
	said.Field, said.Message = place, place+": "+strings.TrimPrefix(e.Message, e.Field+": ")
	return &said
}

// goName is the Go name of an input field: camel case without the unit, which a
// time.Duration has in its type.
func goName(field string) string {
	if element, inner, is := strings.Cut(field, "."); is {
		return goName(element) + "." + goName(inner)
	}
	words := strings.Split(strings.TrimSuffix(field, "_minutes"), "_")
	for i, word := range words {
		switch {
		case word == "id", word == "url":
			words[i] = strings.ToUpper(word)
		case word != "":
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// Is matches e with its code, as errors.Is(err, CodeClaimLapsed) asks; its kind is
// matched by Unwrap.
func (e *Error) Is(target error) bool {
	code, is := target.(Code)
	return is && e.Code == code
}

// Unwrap gives errors.Is the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// Refuse makes a refusal with a code and a message that may be shown to a user.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Kind: code.Kind(), Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid refuses an input; field is its name in JSON.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Kind: ErrInvalid, Code: CodeInvalid, Field: field, Message: field + ": " + fmt.Sprintf(format, args...)}
}

// tooDear refuses what costs more than the balance; field says how many credits.
func tooDear(field string, have, need int64) *Error {
	e := Refuse(CodeInsufficientCredits, "Insufficient credits. Have %d, need %d", have, need)
	e.Field = field
	return e
}

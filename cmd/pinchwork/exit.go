package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// The exit codes, for scripts (see the package's comment).
const (
	exitOK          = 0
	exitRefused     = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitNothing     = 4
	exitUnknown     = 5 // not known, or not known yet
	exitInterrupted = 130
)

// usageError is a mistake in the command line or in the set-up of this machine.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errNothing says that there is nothing available: not a failure, but not a
// success either.
var errNothing = errors.New("nothing available")

func nothing(message string) error { return fmt.Errorf("%s%w", message, silent{errNothing}) }

// silent adds nothing to the message of the error around it.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// exit reports err, if any, and gives the exit code that belongs to it.
func (a *app) exit(err error) int {
	code := exitCode(err)
	unknown := outcomeUnknown(err)
	switch {
	case err == nil, code == exitInterrupted && unknown == nil:
	case a.asJSON():
		_ = render.WriteJSON(a.stderr, failureOf(err, unknown), "")
	default:
		_, _ = fmt.Fprintln(a.stderr, "pinchwork: "+render.Line(failureOf(err, unknown).Error))
	}
	return code
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.Is(err, errNothing):
		return exitNothing
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case outcomeUnknown(err) != nil, errors.As(err, new(lateError)):
		return exitUnknown
	case errors.Is(err, market.ErrUnavailable):
		return exitUnreachable
	}
	return exitRefused
}

// failure is the JSON form of an error.
type failure struct {
	Error string `json:"error"`
	// Outcome is "unknown" when the call may have been done, "pending" when a wait has
	// run out.
	Outcome        string `json:"outcome,omitempty"`
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// RetryAfter is when a refused call may be made again, in seconds.
	RetryAfter int64 `json:"retry_after,omitempty"`
}

func failureOf(err error, unknown *httpclient.OutcomeUnknown) failure {
	if unknown == nil {
		f := failure{Error: said(err) + later(err), RetryAfter: wholeSeconds(retryAfter(err))}
		if errors.As(err, new(lateError)) {
			f.Outcome = "pending"
		}
		return f
	}
	advice := "it may have been done"
	if unknown.Key != "" {
		advice = "give the same command with --idempotency-key " + shellWord(unknown.Key) + " to have it done once"
	}
	return failure{
		Error:   fmt.Sprintf("outcome unknown: %v; %s", unknown.Err, advice),
		Outcome: "unknown", IdempotencyKey: unknown.Key,
	}
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// said is what err says, with fields by the names that the API documents have.
func said(err error) string {
	var refusal *market.Error
	if !errors.As(err, &refusal) {
		return err.Error()
	}
	return strings.Replace(err.Error(), refusal.Error(), refusal.Message, 1)
}

func outcomeUnknown(err error) *httpclient.OutcomeUnknown {
	var unknown *httpclient.OutcomeUnknown
	_ = errors.As(err, &unknown)
	return unknown
}

// shellWord is s as one word of a shell command.
func shellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("-_.:/@%+=,", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

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

// misuse marks the mistakes that an example of the command helps against.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

// usagef is a mistake in the command line, setupf one in the set-up of this machine.
func usagef(format string, args ...any) error {
	return usageError{misuse{fmt.Errorf(format, args...)}}
}
func setupf(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errNothing says that there is nothing available: not a failure, but not a
// success either.
var errNothing = errors.New("nothing available")

func nothing(message string) error { return fmt.Errorf("%s%w", message, silent{errNothing}) }

// silent adds nothing to the message of the error around it.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// hinted is an error with a line that says what may be done about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// exit reports the error of a command, if any, and gives the exit code that belongs to it.
func (a *app) exit(cmd *cobra.Command, err error) int {
	err = named(cmd, err)
	code := exitCode(err)
	unknown := outcomeUnknown(err)
	if err == nil || code == exitInterrupted && unknown == nil || errors.Is(err, errTold) {
		return code
	}
	f := failureOf(err, unknown)
	var more hinted
	if f.Hint = first(a.forgotten(err), a.unchosen(err), missing(cmd, err)); errors.As(err, &more) {
		f.Hint = more.hint
	}
	f.Hint = a.again(f.Hint)
	if errors.As(err, new(misuse)) {
		f.Example = exampleOf(cmd)
	}
	if a.asJSON() {
		_ = render.WriteJSON(a.stderr, a.withRefusal(f, err), "")
		return code
	}
	_, _ = fmt.Fprintln(a.stderr, "pinchwork: "+render.Line(f.Error))
	if f.Hint != "" {
		a.note("%s", f.Hint)
	}
	if f.Example != "" {
		a.note("for example: %s", f.Example)
	}
	return code
}

// withRefusal is f with what else the API said in its refusal: its code, the field, what
// the agent may do instead.
func (a *app) withRefusal(f failure, err error) any {
	refusal, is := errors.AsType[*market.Error](err)
	if !is || f.Outcome != "" {
		return f
	}
	members := a.heard.refusal(refusal.Message)
	if members == nil {
		f.Code, f.Field = refusal.Code, refusal.Field
		return f
	}
	return joinedObject(f, members)
}

// joinedObject is f with the members that it has not itself, in alphabetical order.
func joinedObject(f failure, members map[string]json.RawMessage) any {
	text, err := json.Marshal(f)
	var own map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &own) != nil {
		return f
	}
	text = text[:len(text)-1]
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if _, has := own[name]; !has {
			text = fmt.Appendf(text, ",%q:%s", name, members[name])
		}
	}
	return json.RawMessage(append(text, '}'))
}

// errTold is a failure that the command has told all about already.
var errTold = errors.New("told")

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
	// Code and Field are the API's.
	Code  market.Code `json:"code,omitempty"`
	Field string      `json:"field,omitempty"`
	// Hint says what may be done about it, Example how the command is used.
	Hint    string `json:"hint,omitempty"`
	Example string `json:"example,omitempty"`
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
	why := unknown.Err.Error()
	if errors.Is(unknown.Err, context.Canceled) {
		why = "interrupted before the answer came"
	}
	return failure{
		Error:   fmt.Sprintf("outcome unknown: %s; %s", why, advice),
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

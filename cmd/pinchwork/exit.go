package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

// The exit codes, for scripts (see the package's comment).
const (
	exitOK          = 0
	exitRefused     = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitNothing     = 4
	exitInterrupted = 130
)

// usageError is a mistake in the command line or in the set-up of this machine.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errNothing matches "there is nothing": no error, but not a success either.
var errNothing = errors.New("nothing available")

func nothing(message string) error { return fmt.Errorf("%s%w", message, silent{errNothing}) }

// silent adds nothing to the message of the error around it.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }

// exit reports err, if any, and gives the exit code that belongs to it.
func (a *app) exit(err error) int {
	code := exitCode(err)
	switch {
	case err == nil, code == exitInterrupted:
	case a.output == outputJSON:
		_ = render.WriteJSON(a.stderr, map[string]string{"error": err.Error()}, "")
	default:
		_, _ = fmt.Fprintln(a.stderr, "pinchwork: "+render.Line(err.Error()))
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
	case errors.Is(err, market.ErrUnavailable):
		return exitUnreachable
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitRefused
}

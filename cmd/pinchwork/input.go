package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// largestText is as much text as the server accepts in one request.
const largestText = 8 << 20

// text is what an argument or a --file stands for: the argument itself,
// standard input for "-", a file for "@path" ("@@" for a text that begins with
// an at sign). what names it in errors.
func (a *app) text(what string, given []string, file string) (string, error) {
	switch {
	case len(given) > 0 && file != "":
		return "", usagef("give the %s as an argument or with --file, not both", what)
	case file != "":
		return a.readText(what, file)
	case len(given) == 0:
		return "", usagef("the %s is missing: give it as an argument, - for standard input, or @file", what)
	}
	return a.expand(what, given[0])
}

// expand resolves "-" and "@path".
func (a *app) expand(what, arg string) (string, error) {
	if arg == "-" {
		return a.readText(what, "-")
	}
	if rest, ok := strings.CutPrefix(arg, "@"); ok {
		if strings.HasPrefix(rest, "@") {
			return rest, nil
		}
		return a.readText(what, rest)
	}
	return checkText(what, []byte(arg))
}

func (a *app) readText(what, path string) (string, error) {
	r := a.reading()
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", usagef("the %s cannot be read: %w", what, err)
		}
		defer func() { _ = f.Close() }()
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, largestText+1))
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return "", err
		}
		return "", usagef("the %s cannot be read: %w", what, err)
	}
	text, err := checkText(what, data)
	text = strings.TrimSuffix(text, "\n")
	return strings.TrimSuffix(text, "\r"), err
}

func checkText(what string, data []byte) (string, error) {
	if len(data) > largestText {
		return "", usagef("the %s is larger than 8 MiB", what)
	}
	if !utf8.Valid(data) {
		return "", usagef("the %s is not UTF-8 text", what)
	}
	return string(data), nil
}

// fileFlag adds --file to a command that takes a text.
func fileFlag(cmd *cobra.Command, into *string, what string) {
	cmd.Flags().StringVar(into, "file", "", "read the "+what+" from a file (`path`, or - for standard input)")
}

// given is the flag's value. A zero that the user wrote is out of range, while one
// that nobody wrote is no value.
func given[N ~int | ~int64](cmd *cobra.Command, flag string, value N) N {
	if value == 0 && cmd.Flags().Changed(flag) {
		return -1
	}
	return value
}

// span is a flag for a time: a plain number counts units, 3d is three days, and anything
// else is a duration in Go's form.
type span struct {
	d    time.Duration
	unit time.Duration
	// none allows 0.
	none bool
}

func (s *span) String() string {
	if s.d == 0 && !s.none {
		return ""
	}
	return spanText(s.d)
}

// spanText leaves out the zeros that time.Duration writes.
func spanText(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = strings.TrimSuffix(text, zero[1:])
		}
	}
	return text
}

func (s *span) Type() string { return "time" }

func (s *span) Set(text string) error {
	d, err := s.parse(text)
	if err != nil {
		return fmt.Errorf("must be a number of %s, or a time like 90s, 5m, 2h or 3d", unitName(s.unit))
	}
	if d < 0 || d == 0 && !s.none {
		return errors.New("must be positive")
	}
	s.d = d
	return nil
}

const day = 24 * time.Hour

func (s *span) parse(text string) (time.Duration, error) {
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(n) * s.unit, nil
	}
	if days, is := strings.CutSuffix(text, "d"); is {
		n, err := strconv.ParseInt(days, 10, 16)
		return time.Duration(n) * day, err
	}
	return time.ParseDuration(text)
}

func unitName(unit time.Duration) string {
	if unit == time.Minute {
		return "minutes"
	}
	return "seconds"
}

// waitFlag is the flag --wait, which means the same wherever it is.
func waitFlag(cmd *cobra.Command, into *span, what string) {
	into.unit = time.Second
	cmd.Flags().Var(into, "wait", "wait this long for "+what+" (seconds, or a time like 10m)")
}

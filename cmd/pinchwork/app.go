package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

// app is what every command works with: the streams, the environment and the
// flags that all of them have.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	environ        []string

	server, key, profile string
	output               outputFormat
	jq                   jqFilter
	idempotencyKey       string

	// heard has the API's last answer, for programs.
	heard *verbatim

	// used is the session of the last client that was made.
	used   session
	warned bool // that others can read the stored keys

	// stopped is closed when the user interrupts.
	stopped <-chan struct{}
}

// context is the command's context with the caller's idempotency key.
func (a *app) context(cmd *cobra.Command) context.Context {
	if a.idempotencyKey == "" {
		return cmd.Context()
	}
	return market.WithIdempotencyKey(cmd.Context(), a.idempotencyKey)
}

// show prints a result: as the API's JSON for programs, or by human.
func (a *app) show(v any, human func(io.Writer, render.Style) error) error {
	if a.asJSON() {
		return a.json(a.heard.whole(v), "  ")
	}
	return human(a.stdout, a.style())
}

// asJSON reports whether the output is for programs.
func (a *app) asJSON() bool { return a.output == outputJSON || a.jq.code != nil }

// json prints v in the form of the HTTP API, or what the filter makes of it.
func (a *app) json(v any, indent string) error {
	if a.jq.code == nil {
		return render.WriteJSON(a.stdout, v, indent)
	}
	ctx, cancel := a.untilStopped()
	defer cancel()
	return a.jq.write(ctx, a.stdout, v, terminal(a.stdout))
}

// untilStopped is a context that ends when the user interrupts.
func (a *app) untilStopped() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		select {
		case <-a.stopped:
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func terminal(w io.Writer) bool {
	f, is := w.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}

// note tells the user something that is not part of the result.
func (a *app) note(format string, args ...any) {
	_, _ = fmt.Fprintln(a.stderr, render.Line(fmt.Sprintf(format, args...)))
}

// style is what standard output can show. Without a terminal there is no color,
// and no width unless COLUMNS sets one.
func (a *app) style() render.Style {
	width := columns(a.getenv("COLUMNS"))
	f, isFile := a.stdout.(*os.File)
	tty := isFile && term.IsTerminal(int(f.Fd()))
	if tty && width == 0 {
		width, _, _ = term.GetSize(int(f.Fd()))
	}
	color := tty && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
	return render.Style{Width: width, Color: color}
}

func columns(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// outputFormat is the value of --output.
type outputFormat string

const (
	outputTable outputFormat = "table"
	outputJSON  outputFormat = "json"
	outputCSV   outputFormat = "csv"
)

func (o *outputFormat) String() string { return string(*o) }
func (o *outputFormat) Type() string   { return "format" }

func (o *outputFormat) Set(s string) error {
	switch outputFormat(s) {
	case outputTable, outputJSON, outputCSV:
		*o = outputFormat(s)
		return nil
	}
	return fmt.Errorf("must be table or json, or csv for admin actions")
}

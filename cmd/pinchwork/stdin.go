package main

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"
)

// reading is standard input for as long as the user has not interrupted: a read that
// waits for somebody to type cannot be ended otherwise. What still reads then ends with
// the program.
func (a *app) reading() io.Reader { return interruptible{a.stdin, a.stopped} }

type interruptible struct {
	from    io.Reader
	stopped <-chan struct{}
}

func (r interruptible) Read(p []byte) (int, error) {
	type chunk struct {
		data []byte
		err  error
	}
	came := make(chan chunk, 1)
	go func() {
		buf := make([]byte, len(p))
		n, err := r.from.Read(buf)
		came <- chunk{buf[:n], err}
	}()
	select {
	case c := <-came:
		return copy(p, c.data), c.err
	case <-r.stopped:
		return 0, context.Canceled
	}
}

// password reads a line from a terminal without showing it, and leaves the terminal as
// it was also when the user interrupts.
func (a *app) password(f *os.File) (string, error) {
	type line struct {
		text []byte
		err  error
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return "", err
	}
	came := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(int(f.Fd()))
		came <- line{text, err}
	}()
	select {
	case l := <-came:
		return string(l.text), l.err
	case <-a.stopped:
		_ = term.Restore(int(f.Fd()), before)
		return "", context.Canceled
	}
}

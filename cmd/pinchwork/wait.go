package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// waitSlice is how long one request waits: short enough for the status line to
// show a claim soon, and far below the timeouts of proxies.
const waitSlice = 15 * time.Second

// await returns the task once it is delivered or has ended, or as it is when the time is
// up, with a lateError then. It outlasts outages, and what the server asks to wait. The
// task stays posted whatever happens here, so interrupting loses nothing.
func (a *app) await(ctx context.Context, c *httpclient.Client, id market.TaskID, d time.Duration) (market.Task, error) {
	line := a.statusLine(fmt.Sprintf("waiting for %s", id))
	defer line.stop()
	end := time.Now().Add(d)
	var last market.Task
	for {
		began := time.Now()
		t, err := c.Task(ctx, id, max(min(time.Until(end), waitSlice), time.Second))
		switch {
		case ctx.Err() != nil:
			return last, a.interrupted(ctx.Err(), id)
		case err != nil && !worthWaiting(err):
			return last, err
		case err == nil && (t.Status == market.StatusDelivered || t.Status.Ended()):
			return t, nil
		case err == nil:
			last = t
			line.set(fmt.Sprintf("waiting for %s (%s)", id, t.Status))
		}
		if time.Until(end) < time.Second {
			return last, first[error](err, lateError{d, id, t.Status, a.same()})
		}
		// A server that lets nobody wait answers at once, and one that is away may fail so.
		if rest := max(time.Second-time.Since(began), retryAfter(err)); sleep(ctx, min(rest, time.Until(end))) != nil {
			return last, a.interrupted(ctx.Err(), id)
		}
	}
}

// worthWaiting reports whether a later try may succeed.
func worthWaiting(err error) bool {
	return errors.Is(err, market.ErrUnavailable) || errors.Is(err, market.ErrRateLimited)
}

func (a *app) interrupted(err error, id market.TaskID) error {
	if !a.people() {
		return err
	}
	a.note("%s goes on without you; wait again with: pinchwork %stasks show %s --wait 10m", id, a.same(), id)
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// lateError says that a wait has run out. Nothing has failed.
type lateError struct {
	waited time.Duration
	task   market.TaskID
	status market.Status
	same   string
}

func (l lateError) Error() string {
	return fmt.Sprintf("%s is not done after %s, it is %s; wait on with: pinchwork %stasks show %s --wait 10m",
		l.task, spanText(l.waited), l.status, l.same, l.task)
}

// statusLine is a line on a terminal that shows progress. It shows nothing if
// standard error is not a terminal.
type statusLine struct {
	app   *app
	start time.Time
	quit  chan struct{}
	gone  sync.WaitGroup

	mu   sync.Mutex
	text string
}

func (a *app) statusLine(text string) *statusLine {
	s := &statusLine{app: a, start: time.Now(), quit: make(chan struct{}), text: text}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) && a.getenv("TERM") != "dumb" {
		s.gone.Go(s.run)
	}
	return s
}

func (s *statusLine) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

func (s *statusLine) stop() {
	close(s.quit)
	s.gone.Wait()
}

const clearLine = "\r\x1b[K"

func (s *statusLine) run() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		s.mu.Lock()
		text := s.text
		s.mu.Unlock()
		spinner := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		_, _ = fmt.Fprintf(s.app.stderr, "%s%c %s %v", clearLine, spinner[i%len(spinner)], text, time.Since(s.start).Round(time.Second))
		select {
		case <-s.quit:
			_, _ = fmt.Fprint(s.app.stderr, clearLine)
			return
		case <-tick.C:
		}
	}
}

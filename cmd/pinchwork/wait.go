package main

import (
	"context"
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

// await returns the task once it is delivered or has ended, or as it is when
// the time is up. The task stays posted whatever happens here, so interrupting
// loses nothing.
func (a *app) await(ctx context.Context, c *httpclient.Client, id market.TaskID, d time.Duration) (market.Task, error) {
	line := a.statusLine(fmt.Sprintf("waiting for %s", id))
	defer line.stop()
	end := time.Now().Add(d)
	for {
		t, err := c.Task(ctx, id, min(time.Until(end), waitSlice))
		if err != nil {
			return t, err
		}
		if t.Status == market.StatusDelivered || t.Status.Ended() || time.Until(end) < time.Second {
			return t, nil
		}
		line.set(fmt.Sprintf("waiting for %s (%s)", id, t.Status))
	}
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

package worker_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// An outage of any length is one line, and its end is another.
func TestAnOutageIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		away := &market.Error{Kind: market.ErrUnavailable, Message: "away"}
		f.pickupErr = []error{away, away, away, away}
		f.eventErr = away
		f.deliverFn = func(attempt int) error {
			if attempt < 4 {
				return away
			}
			return nil
		}
		var kinds []worker.Kind
		var lines []string
		err := worker.Run(t.Context(), f, configOf(t, f).text, worker.Max(1), worker.Observe(func(e worker.Event) {
			if e.Kind != worker.Asked {
				kinds, lines = append(kinds, e.Kind), append(lines, e.String())
			}
		}))
		notes := 0
		kinds = slices.DeleteFunc(kinds, func(k worker.Kind) bool {
			if k == worker.Note {
				notes++
			}
			return k == worker.Note
		})
		want := []worker.Kind{worker.Away, worker.Back, worker.Started, worker.Away, worker.Back, worker.Delivered}
		if err != nil || !slices.Equal(kinds, want) || notes != 1 {
			t.Errorf("%v, %d notes, %v:\n%s", kinds, notes, err, strings.Join(lines, "\n"))
		}
	})
}

// What the marketplace asks to wait is waited, and said.
func TestADeliveryWaitsAsLongAsItIsAskedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		var at []time.Time
		f.deliverFn = func(attempt int) error {
			if at = append(at, time.Now()); attempt == 1 {
				return &market.Error{Kind: market.ErrRateLimited, Message: "too many", RetryAfter: 42 * time.Second}
			}
			return nil
		}
		said := ""
		err := worker.Run(t.Context(), f, configOf(t, f).text, worker.Max(1), worker.Observe(func(e worker.Event) {
			if e.Kind == worker.Away {
				said = e.Text
			}
		}))
		if err != nil || len(at) != 2 || at[1].Sub(at[0]) != 42*time.Second || !strings.Contains(said, "asks to wait: too many; asking again after 42s") {
			t.Errorf("%v at %v, said %q", err, at, said)
		}
	})
}

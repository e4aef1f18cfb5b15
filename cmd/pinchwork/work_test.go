package main

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

func TestWhatIsToCome(t *testing.T) {
	here := time.Local
	time.Local = time.UTC
	defer func() { time.Local = here }()
	delivery := func(pays int64, day int) market.Task {
		task := market.Task{WorkerReceives: &pays}
		if day > 0 {
			task.ReviewDeadline = market.NewTime(time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC))
		}
		return task
	}
	for want, list := range map[string]market.TaskList{
		"To come: 9 credits for a delivery in review until 2026-01-02 00:00:00 UTC": {
			Total: 1, Tasks: []market.Task{delivery(9, 2)},
		},
		"To come: 12 credits for 2 deliveries in review, the last until 2026-01-03 00:00:00 UTC": {
			Total: 2, Tasks: []market.Task{delivery(9, 3), delivery(3, 2)},
		},
		"To come: 12 credits for 2 deliveries in review": {
			Total: 2, Tasks: []market.Task{delivery(9, 3), delivery(3, 0)}, // this one waits for its poster
		},
		"To come: 9 credits for a delivery in review, and those for 2 more": {
			Total: 3, Tasks: []market.Task{delivery(9, 2)},
		},
	} {
		if got := toCome(list); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

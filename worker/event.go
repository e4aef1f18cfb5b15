package worker

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Kind says what an Event is about.
type Kind string

// The kinds of events.
const (
	// Asked: the marketplace was asked for a task.
	Asked Kind = "asked"
	// Started: the function begins a task.
	Started Kind = "started"
	// Delivered: the result has arrived.
	Delivered Kind = "delivered"
	// Failed: the task was not done, or its result was refused; Err says why.
	Failed Kind = "failed"
	// Lost: the claim ended while the function ran.
	Lost Kind = "lost"
	// Kept: the run ended before the task was done; the next one goes on with it.
	Kept Kind = "kept"
	// Approved: the poster or a timer has approved a delivery.
	Approved Kind = "approved"
	// Away: the marketplace does not answer, or asks to wait; told once until Back.
	Away Kind = "away"
	// Back: the marketplace answers again.
	Back Kind = "back"
	// Note: something else that whoever runs the worker may want to know.
	Note Kind = "note"
)

// Event is what happened in a run.
type Event struct {
	Kind Kind
	// Task is "" where no task is meant.
	Task market.TaskID
	// Text says it to people, on one line.
	Text string
	Err  error
	// Took is set on Delivered.
	Took time.Duration
}

// String is the event as a line of a log.
func (e Event) String() string {
	if e.Task == "" {
		return e.Text
	}
	return string(e.Task) + ": " + e.Text
}

func (w *run) tell(e Event) {
	w.telling.Lock()
	defer w.telling.Unlock()
	for _, observe := range w.observers {
		observe(e)
	}
}

func (w *run) notef(format string, args ...any) {
	w.tell(Event{Kind: Note, Text: fmt.Sprintf(format, args...)})
}

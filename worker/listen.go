package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// keepListening listens again after a panic.
func (w *run) keepListening(ctx context.Context) {
	for !w.survives(func() { w.listen(ctx) }) {
		if sleep(ctx, w.pause) != nil {
			return
		}
	}
}

// survives runs f, tells of a panic, and reports whether there was none.
func (w *run) survives(f func()) (survived bool) {
	defer func() {
		if r := recover(); r != nil {
			w.tell(Event{Kind: Note, Text: fmt.Sprint("a panic: ", r), Err: fmt.Errorf("panic: %v", r)})
		}
	}()
	f()
	return true
}

// listen follows the agent's events, which tell of rejections and of claims that have
// ended. Without them the work goes on, so a stream that fails is only tried again
// later.
func (w *run) listen(ctx context.Context) {
	after := ""
	for ctx.Err() == nil {
		for e, err := range w.api.Events(ctx, after) {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				if errors.Is(err, market.ErrUnauthorized) || errors.Is(err, market.ErrForbidden) {
					return // the next pickup reports it
				}
				if w.stream.begins() {
					w.notef("no events for now: %v; the work goes on without them", err)
				}
				break
			}
			w.stream.ends()
			if e.ID != "" {
				after = e.ID
			}
			w.heard(e.Event)
		}
		if sleep(ctx, w.pause) != nil {
			return
		}
		w.nudge() // what was missed
	}
}

func (w *run) heard(e market.Event) {
	switch e.Type {
	case store.EventTaskRejected:
		w.rejected(e.Task)
	case store.EventDeadlineExpired, store.EventRejectionGraceExpired, store.EventTaskResolved:
		w.lost(e.Task)
	case store.EventTaskApproved:
		if w.deliveries(e.Task) > 0 {
			w.disown(e.Task)
			w.tell(Event{Kind: Approved, Task: e.Task, Text: "approved"})
		}
	case store.EventTaskMessage:
		w.mailed(e.Task)
	case store.EventTaskMatched, store.EventGap:
		w.nudge()
	default:
		// Questions and events about tasks that the agent posted do not concern the work.
	}
}

// lost stops a task whose claim has ended.
func (w *run) lost(id market.TaskID) {
	w.mu.Lock()
	cancel, running := w.running[id]
	w.mu.Unlock()
	if running {
		cancel(ErrLost) // it is disowned when the function has returned
		return
	}
	w.disown(id)
}

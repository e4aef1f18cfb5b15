package worker

import (
	"context"
	"errors"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// keepListening listens again after a panic; until then polling finds the work.
func (w *worker) keepListening(ctx context.Context) {
	for !w.survives(func() { w.listen(ctx) }) {
		if sleep(ctx, w.Poll) != nil {
			return
		}
	}
}

// survives runs f, logs a panic, and reports whether there was none.
func (w *worker) survives(f func()) (survived bool) {
	defer func() {
		if r := recover(); r != nil {
			w.logf("a panic: %v", r)
		}
	}()
	f()
	return true
}

// listen follows the agent's events. Without them the work goes on by polling,
// so a stream that fails is only tried again later.
func (w *worker) listen(ctx context.Context) {
	after := ""
	for ctx.Err() == nil {
		for e, err := range w.API.Events(ctx, after) {
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				if errors.Is(err, market.ErrUnauthorized) || errors.Is(err, market.ErrForbidden) {
					return // the next pickup reports it
				}
				w.logf("no events, polling only: %v", err)
				break
			}
			if e.ID != "" {
				after = e.ID
			}
			w.heard(e.Event)
		}
		if sleep(ctx, w.Poll) != nil {
			return
		}
		w.nudge() // what was missed
	}
}

func (w *worker) heard(e market.Event) {
	switch e.Type {
	case store.EventTaskRejected:
		w.rejected(e.Task)
	case store.EventDeadlineExpired, store.EventRejectionGraceExpired:
		w.lost(e.Task)
	case store.EventTaskApproved:
		w.mu.Lock()
		delete(w.delivered, e.Task)
		delete(w.answered, e.Task)
		w.mu.Unlock()
		w.earned()
	case store.EventTaskMatched, store.EventGap:
		w.nudge()
	default:
		// Talk and events about tasks that the agent posted do not concern the
		// worker.
	}
}

// lost stops a task whose claim has ended.
func (w *worker) lost(id market.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.delivered, id)
	if cancel, ok := w.running[id]; ok {
		cancel(ErrLost)
	}
}

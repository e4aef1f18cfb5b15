package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

const (
	// mostDeliveries is how often a task is delivered under one claim: once, and once
	// more after a rejection.
	mostDeliveries = 2
	// lookEvery is how often a run looks for rejections that no event told of: it may
	// have no stream, and the poster's rejection leaves it minutes.
	lookEvery = time.Minute
)

// rejected records that, according to an event, a task was rejected. The event may be
// old, or earlier than the answer to the delivery, so the decision is made when the task
// is read.
func (w *run) rejected(id market.TaskID) {
	w.mu.Lock()
	_, ours := w.memo.Claims[id]
	w.mu.Unlock()
	if ours {
		w.owe(id)
		w.nudge()
	}
}

// owe adds a task to the list of those to be done again, and makes room for it.
func (w *run) owe(id market.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.redo, id) {
		w.redo = append(w.redo, id)
	}
	w.makeRoom()
}

// makeRoom ends the pickup that waits. The lock is held.
func (w *run) makeRoom() {
	w.fresh = true
	if w.interrupt != nil {
		w.interrupt()
	}
}

func (w *run) settle(id market.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.redo = slices.DeleteFunc(w.redo, func(owed market.TaskID) bool { return owed == id })
}

// owed are the tasks to be done again, without those that still run.
func (w *run) owed() []market.TaskID {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fresh = false
	return slices.DeleteFunc(slices.Clone(w.redo), func(id market.TaskID) bool { return w.running[id] != nil })
}

func (w *run) owes() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.redo) > 0
}

// look finds rejections that no event told of.
func (w *run) look(ctx context.Context) {
	if time.Since(w.looked) < lookEvery || !w.mayBeRejected() {
		return
	}
	w.looked = time.Now()
	claims, err := w.claims(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.away(err)
		}
		return
	}
	w.back()
	for _, t := range claims {
		if w.unanswered(t) {
			w.owe(t.TaskID)
		}
	}
}

// mayBeRejected is false as long as no delivery of the run's waits for its review.
func (w *run) mayBeRejected() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.memo.Claims {
		if c.Delivered > 0 {
			return true
		}
	}
	return false
}

// unanswered reports whether the run has to act on the last rejection of a task and
// has not begun to.
func (w *run) unanswered(t market.Task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.own(t)
	return c != nil && c.Delivered > 0 && c.Answered < t.RejectionCount && w.running[t.TaskID] == nil
}

// again takes the next rejected task that the agent still holds. A task that
// cannot be read stays on the list.
func (w *run) again(ctx context.Context) (Task, bool) {
	w.look(ctx)
	for _, id := range w.owed() {
		t, err := w.api.Task(ctx, id, 0)
		if err != nil && !gone(err) {
			w.away(err)
			continue
		}
		w.settle(id)
		if err == nil && w.holds(t) && w.unanswered(t) && w.worthwhile(t) {
			w.tell(Event{Kind: Note, Task: id, Text: "rejected, doing it again: " + t.RejectionReason})
			return w.answer(t), true
		}
	}
	return Task{}, false
}

// ErrRejected is why a task is given back that was rejected again.
var ErrRejected = errors.New("it was rejected again")

// worthwhile gives a task back that was delivered often enough.
func (w *run) worthwhile(t market.Task) bool {
	if w.deliveries(t.TaskID) < mostDeliveries {
		return true
	}
	w.giveBack(t.TaskID, ErrRejected)
	return false
}

// answer records that the last rejection of a claim is being acted on, so that
// this happens only once, and returns the task.
func (w *run) answer(t market.Task) Task {
	w.change(func(m *memo) {
		if c := m.Claims[t.TaskID]; c != nil {
			c.Answered = t.RejectionCount
		}
	})
	return w.fromTask(t)
}

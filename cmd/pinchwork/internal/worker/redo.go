package worker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// mostDeliveries is how often one run delivers the same task: once, and once
// more after a rejection.
const mostDeliveries = 2

// rejected records that, according to an event, a task was rejected. The event
// may be old, so the decision is made when the task is read.
func (w *worker) rejected(id market.TaskID) {
	w.mu.Lock()
	ours := w.delivered[id] > 0
	w.mu.Unlock()
	if ours {
		w.owe(id)
		w.nudge()
	}
}

// owe adds a task to the list of those to be done again.
func (w *worker) owe(id market.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.redo, id) {
		w.redo = append(w.redo, id)
	}
}

func (w *worker) settle(id market.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.redo = slices.DeleteFunc(w.redo, func(owed market.TaskID) bool { return owed == id })
}

// owed are the tasks to be done again, without those that still run.
func (w *worker) owed() []market.TaskID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.redo), func(id market.TaskID) bool { return w.running[id] != nil })
}

func (w *worker) owes() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.redo) > 0
}

// look finds rejections that no event told of, once per poll interval: the
// worker may have no stream, and the poster waits only as long as the grace.
func (w *worker) look(ctx context.Context) {
	if time.Since(w.looked) < w.Poll || !w.mayBeRejected() {
		return
	}
	w.looked = time.Now()
	claims, err := w.claims(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.logf("cannot look for rejections: %v", err)
		}
		return
	}
	for _, t := range claims {
		if t.RejectionReason != "" && w.unanswered(t) {
			w.owe(t.TaskID)
		}
	}
}

// mayBeRejected is false as long as there is no delivery that this run is
// responsible for.
func (w *worker) mayBeRejected() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Resume || len(w.delivered) > 0
}

// unanswered reports whether this run has to act on the last rejection of a
// task and has not begun to. A run that resumes earlier claims is also
// responsible for the deliveries of earlier runs.
func (w *worker) unanswered(t market.Task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	answered, known := w.answered[t.TaskID]
	return (w.Resume || w.delivered[t.TaskID] > 0) && (!known || answered < t.RejectionCount) && w.running[t.TaskID] == nil
}

// again takes the next rejected task that the agent still holds. A task that
// cannot be read stays on the list.
func (w *worker) again(ctx context.Context) (Job, bool) {
	w.look(ctx)
	for _, id := range w.owed() {
		t, err := w.API.Task(ctx, id, 0)
		if err != nil && !errors.Is(err, market.ErrNotFound) && !errors.Is(err, market.ErrForbidden) {
			w.logf("%s: rejected, but it cannot be read yet: %v", id, err)
			continue
		}
		w.settle(id)
		if err == nil && w.holds(t) && w.unanswered(t) && w.worthwhile(t) {
			w.logf("%s: rejected, doing it again: %s", id, t.RejectionReason)
			return w.answer(t), true
		}
	}
	return Job{}, false
}

func (w *worker) holds(t market.Task) bool {
	return t.Status == market.StatusClaimed && t.WorkerID != nil && *t.WorkerID == w.API.ID()
}

// worthwhile gives a task back that was delivered often enough.
func (w *worker) worthwhile(t market.Task) bool {
	w.mu.Lock()
	deliveries := w.delivered[t.TaskID]
	w.mu.Unlock()
	if deliveries < mostDeliveries {
		return true
	}
	w.answer(t)
	w.abandon(t.TaskID, "it was rejected again")
	return false
}

// answer records that the last rejection of a claim is being acted on, so that
// this happens only once, and returns the job.
func (w *worker) answer(t market.Task) Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered[t.TaskID] = t.RejectionCount
	return fromTask(t)
}

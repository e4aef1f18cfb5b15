package worker

import (
	"context"

	"github.com/pinchwork/pinchwork/market"
)

const (
	claimsPage = 100
	mostClaims = 10_000 // beyond what any marketplace allows one agent
)

// resume starts the tasks that the agent holds from an earlier run.
func (w *worker) resume(ctx context.Context) error {
	claims, err := w.claims(ctx)
	if err != nil {
		return err
	}
	for _, t := range claims {
		if !w.slot(ctx) {
			return nil
		}
		w.logf("%s: going on with an earlier claim", t.TaskID)
		w.start(fromTask(t))
	}
	return nil
}

// claims lists all of them before the first is started: the pages shift when
// one is delivered.
func (w *worker) claims(ctx context.Context) ([]market.TaskView, error) {
	var all []market.TaskView
	for len(all) < mostClaims {
		page, err := w.API.Mine(ctx, market.MineQuery{
			Role: "worker", Status: market.StatusClaimed,
			Page: market.Page{Limit: claimsPage, Offset: len(all)},
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Tasks...)
		if len(page.Tasks) < claimsPage {
			break
		}
	}
	return all, nil
}

// mostDeliveries is how often one run delivers the same task: once, and once
// more after a rejection.
const mostDeliveries = 2

// rejected decides what becomes of a task that was sent back.
func (w *worker) rejected(id market.TaskID) {
	w.mu.Lock()
	deliveries := w.delivered[id]
	if 0 < deliveries && deliveries < mostDeliveries {
		w.redo = append(w.redo, id)
	}
	w.mu.Unlock()
	switch {
	case deliveries >= mostDeliveries:
		w.abandon(id, "it was rejected again")
	case deliveries > 0:
		w.nudge()
	}
}

// again takes the next rejected task that the agent still holds.
func (w *worker) again(ctx context.Context) (Job, bool) {
	for {
		w.mu.Lock()
		if len(w.redo) == 0 {
			w.mu.Unlock()
			return Job{}, false
		}
		id := w.redo[0]
		w.redo = w.redo[1:]
		w.mu.Unlock()
		t, err := w.API.Task(ctx, id, 0)
		if err == nil && t.Status == market.StatusClaimed && t.WorkerID != nil && *t.WorkerID == w.API.ID() {
			w.logf("%s: rejected, doing it again: %s", id, t.RejectionReason)
			return fromTask(t), true
		}
	}
}

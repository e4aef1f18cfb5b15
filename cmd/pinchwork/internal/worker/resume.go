package worker

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

const (
	claimsPage = 100
	mostClaims = 10_000 // beyond what any marketplace allows one agent
)

// resume starts the tasks that the agent holds from an earlier run.
func (w *worker) resume(ctx context.Context) error {
	w.looked = time.Now()
	claims, err := w.claims(ctx)
	if err != nil {
		return err
	}
	for _, t := range claims {
		if !w.slot(ctx) {
			return nil
		}
		w.logf("%s: going on with an earlier claim", t.TaskID)
		w.start(w.answer(t))
	}
	return nil
}

// claims lists all of them before the first is started: the pages shift when
// one is delivered.
func (w *worker) claims(ctx context.Context) ([]market.Task, error) {
	var all []market.Task
	for len(all) < mostClaims {
		page, err := w.API.Mine(ctx, market.MineQuery{
			Role: "worker", Status: market.StatusClaimed,
			Page: market.Page{Limit: claimsPage, Offset: len(all)},
		})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Tasks...)
		if page.NextOffset == 0 && len(page.Tasks) < claimsPage {
			break
		}
	}
	return all, nil
}

package worker

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

const claimsPage = 100

// resume starts the tasks that earlier runs have claimed under the same record, and
// forgets the claims that have ended since.
func (w *run) resume(ctx context.Context) error {
	w.mu.Lock()
	known := len(w.memo.Claims)
	w.mu.Unlock()
	if known == 0 {
		return nil
	}
	w.looked = time.Now()
	claims, err := w.claims(ctx)
	for ; err != nil; claims, err = w.claims(ctx) {
		if ctx.Err() != nil || fatal(err) {
			return err
		}
		w.away(err)
		if sleep(ctx, max(w.pause, demanded(err))) != nil {
			return nil
		}
	}
	w.back()
	w.forgetEnded(claims)
	for _, t := range claims {
		if !w.holds(t) || !w.worthwhile(t) {
			continue
		}
		if !w.slot(ctx) {
			return nil
		}
		w.tell(Event{Kind: Note, Task: t.TaskID, Text: "going on with an earlier claim"})
		w.start(w.answer(t))
	}
	return nil
}

// forgetEnded keeps the claims that the agent holds, and those that were delivered
// and may be rejected yet.
func (w *run) forgetEnded(held []market.Task) {
	w.change(func(m *memo) {
		still := map[market.TaskID]bool{}
		for _, t := range held {
			still[t.TaskID] = w.own(t) != nil
		}
		for id, c := range m.Claims {
			if own, claimed := still[id]; claimed && !own || !claimed && c.Delivered == 0 {
				delete(m.Claims, id)
			}
		}
	})
}

// claims lists all tasks that the agent holds, before the first is started: the pages
// shift when one is delivered.
func (w *run) claims(ctx context.Context) ([]market.Task, error) {
	var all []market.Task
	for len(all) < mostClaims {
		page, err := w.api.Mine(ctx, market.MineQuery{
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

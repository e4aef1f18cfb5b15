package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/pinchwork/pinchwork/market"
)

// failed are the events that did not reach an agent's webhook.
type failed struct {
	market.DeadLetterList
	// Needs are what the tasks of which the agent is a party are about.
	Needs map[market.TaskID]market.TaskBrief
	Pager pager
}

func (p *pages) failed(ctx context.Context, r *http.Request, o *owner) (f failed, err error) {
	f.DeadLetterList, err = o.api.DeadLetters(ctx, market.Page{Limit: pageSize, Offset: offsetOf(r)})
	if err != nil {
		return f, err
	}
	f.Pager = p.pagerOf(r, len(f.Dead), f.Total, 0)
	var ids []market.TaskID
	for _, d := range f.Dead {
		ids = append(ids, d.TaskID)
	}
	f.Needs, err = p.market.As(o.ID).Briefs(ctx, ids...)
	return f, err
}

// redeliverOwn delivers one event again, or all that the page shows, in the order in which
// they failed. One of several that is due again already is no mistake.
func (p *pages) redeliverOwn(w http.ResponseWriter, r *http.Request, o *owner) {
	chosen, all := r.PostForm["event"], r.PostForm.Has("all")
	if all {
		chosen = r.PostForm["shown"]
	}
	if len(chosen) == 0 {
		p.refuseSettings(w, r, o, "redeliver", notWhole("event", "choose one"))
		return
	}
	ctx := market.WithIdempotencyKey(r.Context(), onceKey(r))
	for _, event := range slices.Backward(chosen[:min(len(chosen), pageSize)]) {
		err := o.api.Redeliver(ctx, event)
		if all && errors.Is(err, market.ErrNotFound) {
			continue
		}
		if err != nil {
			p.refuseSettings(w, r, o, "redeliver", err)
			return
		}
	}
	p.done(w, r, "/me/settings", "redeliver")
}

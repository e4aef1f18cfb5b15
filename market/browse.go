package market

import (
	"context"
	"errors"

	"github.com/pinchwork/pinchwork/market/internal/board"
)

// maxTotal is up to where totals over all tasks or agents are counted exactly.
const maxTotal = 10_000

// Browse lists the open tasks in the order in which Pickup would offer them,
// without system tasks (contract §6). Limit 1–100, default 20.
func (h *Handle) Browse(ctx context.Context, q BrowseQuery) (list BrowseList, err error) {
	finish := h.m.meter.operation(&ctx, "browse")
	defer func() { finish(err) }()
	if q.Filter, err = checkFilter(q.Filter); err != nil {
		return list, err
	}
	if q.Page, err = checkPage(q.Page, 20, 100); err != nil {
		return list, err
	}
	l, err := h.enter(ctx, LoadQuery{Caller: h.id})
	if err != nil {
		return list, err
	}
	if err := h.m.mirror.fresh(ctx); err != nil && !errors.Is(err, errWarming) {
		return list, err
	}
	query := h.query(l.Caller, q.Filter, h.m.now())
	query.Infra = false
	offers := h.m.mirror.board.Page(query, q.Offset, q.Limit)
	list.Total, list.TotalMore = h.m.mirror.board.Count(query, maxTotal)
	list.Tasks, err = h.m.items(ctx, offers)
	return list, err
}

// items renders a page of offers; the texts of a page are one read. What was
// taken meanwhile is left out.
func (m *Market) items(ctx context.Context, offers []board.Offer[*Task]) ([]BrowseItem, error) {
	items := make([]BrowseItem, 0, len(offers))
	if len(offers) == 0 {
		return items, nil
	}
	ids := make([]TaskID, len(offers))
	for i, o := range offers {
		ids[i] = TaskID(o.ID)
	}
	stored, err := m.store.Tasks(ctx, ids)
	if err != nil {
		return nil, known(ctx, err)
	}
	texts := make(map[TaskID]*StoredTask, len(stored))
	for i := range stored {
		texts[stored[i].Task.ID] = &stored[i]
	}
	for _, o := range offers {
		if st := texts[TaskID(o.ID)]; st != nil && st.Task.Status == StatusPosted {
			items = append(items, browseItem(st, o))
		}
	}
	return items, nil
}

func browseItem(st *StoredTask, o board.Offer[*Task]) BrowseItem {
	t := st.Task
	item := BrowseItem{
		TaskID: t.ID, Need: st.Text.Need, Context: stringPtr(st.Text.Context), MaxCredits: t.MaxCredits,
		Tags: tagList(t.Tags), CreatedAt: NewTime(t.CreatedAt), PosterID: t.Poster, PosterReputation: o.Reputation,
		IsMatched: o.Matched, RejectionCount: int(t.Rejections), Deadline: timePtr(t.Deadline),
	}
	if o.Matched {
		item.MatchRank = Ptr(o.Rank)
	}
	return item
}

func boardTrust(pairs []TrustPair) []board.Trust {
	out := make([]board.Trust, len(pairs))
	for i, p := range pairs {
		out[i] = board.Trust{From: string(p.From), Score: p.Score, Interactions: p.Interactions}
	}
	return out
}

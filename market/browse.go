package market

import (
	"context"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// maxTotal is the number up to which totals over all tasks or agents are
// counted exactly.
const maxTotal = 10_000

// Browse lists the open tasks in the order in which Pickup would offer them,
// without system tasks. Limit 1–100, default 20. It is ErrUnavailable, with the
// code warming, while the board is loading.
func (h *Handle) Browse(ctx context.Context, q BrowseQuery) (list BrowseList, err error) {
	if q.Filter, err = checkFilter(q.Filter); err != nil {
		return list, h.m.refused(ctx, "browse", err)
	}
	if q.Page, err = checkPage(q.Page, 20, 100); err != nil {
		return list, h.m.refused(ctx, "browse", err)
	}
	op := h.looking("browse")
	op.commit = func(ctx context.Context, d *done) (again bool, err error) {
		query := h.query(d.loaded.Caller, q.Filter, d.now)
		query.Infra = false
		list, err = h.m.offers(ctx, query, q.Page)
		return false, h.m.refused(ctx, "browse", err)
	}
	_, err = h.m.operate(ctx, op)
	return list, err
}

// offers lists a page of what the board ranks, and counts all of it. A board
// that is loading says so: an empty list would read like an empty market.
func (m *Market) offers(ctx context.Context, query board.Query, p Page) (list BrowseList, err error) {
	var offers []board.Offer[*store.Task]
	err = m.consult(ctx, func() {
		list = BrowseList{}
		offers, list.Total, list.TotalMore = m.mirror.Board.Page(query, p.Offset, p.Limit, maxTotal)
		if list.Total == 0 {
			list.Nothing = nothingFor(m.mirror.Board.Lack(query, maxTotal))
		}
	})
	if err != nil {
		return BrowseList{}, err
	}
	list.Tasks, list.NextOffset, err = m.items(ctx, query, offers, p.Offset)
	return list, err
}

// items renders a page of offers, those after the first offset ones, until it is
// full; next is 0 unless it was. Tasks that were claimed meanwhile are left out.
func (m *Market) items(ctx context.Context, query board.Query, offers []board.Offer[*store.Task], offset int) (items []BrowseItem, next int, err error) {
	items = make([]BrowseItem, 0, len(offers))
	for size, done := 0, 0; done < len(offers); {
		piece := offers[done:min(done+offerPiece, len(offers))]
		texts, err := m.offered(ctx, piece)
		if err != nil {
			return nil, 0, err
		}
		for i, o := range piece {
			st := texts[TaskID(o.ID)]
			if st == nil || st.Task.Status != StatusPosted || !rules.Offered(query.Now, st.Task, AgentID(query.Agent)) {
				continue
			}
			if size += textSize(st.Text.Need, st.Text.Context); size > maxPageBytes && len(items) > 0 {
				return items, offset + done + i, nil
			}
			items = append(items, m.browseItem(AgentID(query.Agent), st, o))
		}
		done += len(piece)
	}
	return items, 0, nil
}

// offered reads the tasks of offers, in one round trip.
func (m *Market) offered(ctx context.Context, offers []board.Offer[*store.Task]) (map[TaskID]*store.StoredTask, error) {
	ids := make([]TaskID, len(offers))
	for i, o := range offers {
		ids[i] = TaskID(o.ID)
	}
	stored, err := m.store.Tasks(ctx, ids)
	if err != nil {
		return nil, known(ctx, err)
	}
	texts := make(map[TaskID]*store.StoredTask, len(stored))
	for i := range stored {
		texts[stored[i].Task.ID] = &stored[i]
	}
	return texts, nil
}

func (m *Market) browseItem(reader AgentID, st *store.StoredTask, o board.Offer[*store.Task]) BrowseItem {
	t := st.Task
	item := BrowseItem{
		TaskID: t.ID, Need: st.Text.Need, Context: st.Text.Context, MaxCredits: t.MaxCredits,
		Tags: tagList(t.Tags), CreatedAt: NewTime(t.CreatedAt), PosterID: t.Poster, PosterReputation: o.Reputation,
		IsMatched: o.Matched, Hired: rules.Hired(t, reader), RejectionCount: int(t.Rejections), Deadline: NewTime(t.Deadline),
	}
	item.ClaimTimeout, item.ReviewTimeout = m.timeouts(t)
	if r := m.posterRecord(t.Poster); r != nil {
		item.PosterRecord = *r
	}
	if o.Matched {
		item.MatchRank = new(o.Rank)
	}
	return item
}

// consult asks the mirror something, and asks again if the mirror was emptied
// meanwhile.
func (m *Market) consult(ctx context.Context, ask func()) error {
	return known(ctx, m.mirror.Consult(ctx, ask))
}

// posterRecord is a poster's record as far as this process knows it, or nil.
func (m *Market) posterRecord(id AgentID) *PosterRecord {
	a, ok := m.mirror.Agents.Get(string(id))
	if !ok {
		return nil
	}
	return &PosterRecord{Approved: a.Approved, Rejected: a.Rejected}
}

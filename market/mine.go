package market

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/mirror"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Mine lists the agent's tasks, newest first unless the query says otherwise (rule 4.20).
// Limit 1–100, default 20; unknown roles, states and orders are ErrInvalid.
func (h *Handle) Mine(ctx context.Context, q MineQuery) (list TaskList, err error) {
	finish := h.m.meter.operation(&ctx, "mine")
	defer func() { finish(err) }()
	if !slices.Contains([]PartyRole{PartyAny, PartyPoster, PartyWorker}, q.Role) {
		return list, rules.Invalid("role", "must be poster or worker")
	}
	if q.Status != "" && !slices.Contains(Statuses(), q.Status) {
		return list, rules.Invalid("status", "must be one of posted, claimed, delivered, approved, expired, cancelled")
	}
	if q.Order = cmp.Or(q.Order, MineNewest); !slices.Contains(MineOrders(), q.Order) {
		return list, rules.Invalid("order", "must be newest, oldest, deadline or credits")
	}
	if q.Page, err = checkPage(q.Page, 20, 100); err != nil {
		return list, err
	}
	if q.Filter, err = checkFilter(q.Filter); err != nil {
		return list, err
	}
	if q.Metadata, err = rules.CheckMetadata(q.Metadata); err != nil {
		return list, err
	}
	page, err := settled(ctx, h, func(now time.Time) (ownPage, []TaskID, error) {
		page, err := h.ownTasks(ctx, q, now)
		return page, page.Due, err
	})
	if err != nil {
		return list, err
	}
	records, err := h.m.posterRecords(ctx, page.Tasks)
	if err != nil {
		return list, err
	}
	list = TaskList{Tasks: make([]Task, len(page.Tasks)), Total: page.Total, TotalMore: page.more}
	for i, st := range page.Tasks {
		list.Tasks[i] = h.m.taskView(st.Task, st.Text, copyOf(records[st.Task.Poster]))
	}
	n := fitting(len(list.Tasks), func(i int) int { return list.Tasks[i].size() })
	early := n < len(list.Tasks) || page.early
	if list.Tasks = list.Tasks[:n]; early && page.places[n] < list.Total {
		list.NextOffset = page.places[n]
	}
	return list, nil
}

// posterRecords are the records of the tasks' posters. The directory has them,
// unless it is loading.
func (m *Market) posterRecords(ctx context.Context, tasks []store.StoredTask) (map[AgentID]*PosterRecord, error) {
	records := map[AgentID]*PosterRecord{}
	var missing []AgentID
	for _, st := range tasks {
		id := st.Task.Poster
		if _, done := records[id]; done || id == Platform {
			continue
		}
		if records[id] = m.posterRecord(id); records[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return records, nil
	}
	agents, err := m.store.Agents(ctx, missing)
	if err != nil {
		return nil, known(ctx, err)
	}
	for _, a := range agents {
		records[a.ID] = recordOf(a)
	}
	return records, nil
}

// size is roughly how many bytes the task's texts take in a JSON answer.
func (v *Task) size() int {
	n := textSize(v.Need, v.Context, v.Result, v.RejectionReason, v.RejectionFeedback, v.Feedback, v.PosterFeedback)
	for key, value := range v.Metadata {
		n += len(key) + textSize(value)
	}
	return n
}

// settled reads something about an agent. If tasks of the agent are due, it
// settles them and reads again, since they may change the answer.
func settled[T any](ctx context.Context, h *Handle, read func(now time.Time) (T, []TaskID, error)) (v T, err error) {
	if err := h.standing(ctx); err != nil {
		return v, err
	}
	now := h.m.now()
	for steps, beaten := 0, 0; ; {
		v, due, err := read(now)
		if err != nil {
			return v, known(ctx, err)
		}
		n, err := h.m.settleAll(ctx, due, now)
		if err != nil {
			return v, err
		}
		if n == 0 {
			beaten++
		}
		if steps += n; len(due) == 0 || steps >= maxSettle || beaten == maxBeaten {
			return v, nil
		}
	}
}

// standing refuses unknown and suspended agents where the read itself does not
// load the profile. The HTTP API has already asked the store in Admit; for an
// embedder the directory is current enough for reading.
func (h *Handle) standing(ctx context.Context) error {
	if err := known(ctx, h.m.mirror.Fresh(ctx)); err != nil {
		if errors.Is(err, mirror.ErrWarming) {
			return nil
		}
		return err
	}
	if a, ok := h.m.mirror.Agents.Get(string(h.id)); ok && !a.Suspended {
		return nil
	}
	// The agent may have registered, or its suspension ended, on another replica.
	found, err := h.m.store.Agents(ctx, []AgentID{h.id})
	switch {
	case err != nil:
		return known(ctx, err)
	case len(found) == 0:
		return admitted(nil)
	}
	return admitted(found[0])
}

// Credits returns the balance and a page of the ledger, newest first
// (rule 3.7). Limit 1–100, default 50.
func (h *Handle) Credits(ctx context.Context, p Page) (c Credits, err error) {
	finish := h.m.meter.operation(&ctx, "credits")
	defer func() { finish(err) }()
	if p, err = checkPage(p, 50, 100); err != nil {
		return c, err
	}
	page, err := settled(ctx, h, func(now time.Time) (store.LedgerPage, []TaskID, error) {
		page, err := h.m.store.Ledger(ctx, store.PageQuery{Agent: h.id, Limit: p.Limit, Offset: p.Offset, Now: now})
		return page, page.Due, err
	})
	if err != nil {
		return c, err
	}
	if page.Account == nil {
		return c, admitted(nil)
	}
	c = Credits{
		Balance: page.Account.Balance, Escrowed: page.Account.Escrowed, Total: page.Total,
		Ledger: make([]LedgerEntry, len(page.Entries)),
	}
	for i := range page.Entries {
		c.Ledger[i] = ledgerView(&page.Entries[i])
	}
	return c, nil
}

// Stats returns the earnings dashboard, exact to the second (rule 3.8).
func (h *Handle) Stats(ctx context.Context) (s Stats, err error) {
	finish := h.m.meter.operation(&ctx, "stats")
	defer func() { finish(err) }()
	row, err := settled(ctx, h, func(now time.Time) (store.StatsRow, []TaskID, error) {
		row, err := h.m.store.Stats(ctx, store.StatsQuery{
			Agent: h.id, Now: now, Since: []time.Time{now.Add(-7 * rules.Day), now.Add(-30 * rules.Day)},
		})
		return row, row.Due, err
	})
	if err != nil {
		return s, err
	}
	if err := admitted(row.Agent); err != nil {
		return s, err
	}
	return statsView(row), nil
}

func statsView(row store.StatsRow) Stats {
	a := row.Agent
	s := Stats{
		TotalEarned: a.Earned, TotalSpent: a.Spent, TotalFeesPaid: a.Fees,
		TasksByTag:     []TagEarnings{},
		Recent7dEarned: a.Earned - row.EarnedAt[0], Recent30d: a.Earned - row.EarnedAt[1],
	}
	if n := a.Completed + a.Rejected; n > 0 {
		s.ApprovalRate = new(store.Mean(a.Completed, n))
	}
	if a.Completed > 0 {
		s.AvgTaskValue = new(store.Mean(a.Charged, a.Completed))
	}
	for _, tag := range row.Tags {
		if tag.Count > 0 {
			s.TasksByTag = append(s.TasksByTag, TagEarnings{Tag: tag.Tag, Count: tag.Count, Earned: tag.Earned})
		}
	}
	slices.SortFunc(s.TasksByTag, func(a, b TagEarnings) int {
		if a.Earned != b.Earned {
			return int(b.Earned - a.Earned)
		}
		return strings.Compare(a.Tag, b.Tag)
	})
	return s
}

// Trust returns the agent's trust in others, highest first (rule 9.1).
// Limit 1–100, default 100.
func (h *Handle) Trust(ctx context.Context, p Page) (list TrustList, err error) {
	finish := h.m.meter.operation(&ctx, "trust")
	defer func() { finish(err) }()
	if p, err = checkPage(p, 100, 100); err != nil {
		return list, err
	}
	page, err := settled(ctx, h, func(now time.Time) (store.TrustPage, []TaskID, error) {
		page, err := h.m.store.TrustOf(ctx, store.PageQuery{Agent: h.id, Limit: p.Limit, Offset: p.Offset, Now: now})
		return page, page.Due, err
	})
	if err != nil {
		return list, err
	}
	list = TrustList{TrustScores: make([]TrustScore, len(page.Pairs)), Total: page.Total}
	for i, pair := range page.Pairs {
		list.TrustScores[i] = TrustScore{
			TrustedID: pair.To, Score: pair.Score, Interactions: pair.Interactions, UpdatedAt: NewTime(pair.UpdatedAt),
		}
	}
	return list, nil
}

// ownAgent is a copy that shares nothing with the store's.
func ownAgent(a *store.Agent) *store.Agent {
	if a == nil {
		return nil
	}
	own := *a
	own.Tags, own.ExtractedTags = slices.Clone(a.Tags), slices.Clone(a.ExtractedTags)
	own.WorkedFor, own.SystemPay.Paid = slices.Clone(a.WorkedFor), slices.Clone(a.SystemPay.Paid)
	return &own
}

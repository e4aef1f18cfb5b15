package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// Agents returns agents by id; see store.Reader.
func (s *Store) Agents(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
	if len(ids) > store.MaxIDs {
		return nil, store.ErrTooMany
	}
	found := make(map[store.AgentID]*store.Agent, len(ids))
	err := s.read(ctx, "reading agents", func(b *batch) {
		b.Queue(s.sql["agents"], untyped(ids)).Query(func(rows pgx.Rows) error {
			return eachAgent(rows, func(a *store.Agent) { found[a.ID] = a })
		})
	})
	if err != nil {
		return nil, err
	}
	out := make([]*store.Agent, 0, len(ids))
	for _, id := range ids {
		if a := found[id]; a != nil {
			out = append(out, a)
		}
	}
	return out, nil
}

// ScanAgents pages through agents in the order of ids; see store.FeedReader.
func (s *Store) ScanAgents(ctx context.Context, after store.AgentID, limit int) (agents []*store.Agent, err error) {
	err = s.read(ctx, "scanning agents", func(b *batch) {
		agents = nil
		b.Queue(s.sql["scan_agents"], string(after), limit).Query(func(rows pgx.Rows) error {
			return eachAgent(rows, func(a *store.Agent) { agents = append(agents, a) })
		})
	})
	return agents, err
}

// TrustOf pages through the pairs from one agent; see store.Reader.
func (s *Store) TrustOf(ctx context.Context, q store.PageQuery) (page store.TrustPage, err error) {
	err = s.read(ctx, "reading trust", func(b *batch) {
		page = store.TrustPage{}
		collect(b, &page.Pairs, scanPair, "trust_of", string(q.Agent), q.Limit, max(q.Offset, 0))
		b.row("trust_count", []any{string(q.Agent)}, &page.Total)
		collect(b, &page.Due, scanID[store.TaskID], "due_of", string(q.Agent), q.Now)
	})
	return page, err
}

package sqlite

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

const fromAgents = "select " + agentColumns + " from pinchwork_agent a join pinchwork_account c on c.id = a.id"

// agentByID returns an agent, or nil.
func agentByID(c *conn, id store.AgentID) (a *store.Agent, err error) {
	if id == "" {
		return nil, nil
	}
	return agentWhere(c, "a.id = ?", string(id))
}

// agentWhere returns the agent for which a condition on a unique column holds, or nil.
func agentWhere(c *conn, condition string, args ...any) (a *store.Agent, err error) {
	_, err = c.one(fromAgents+" where "+condition, func(r row) (err error) {
		a, err = decodeAgent(r)
		return err
	}, args...)
	return a, err
}

// Agents returns agents by id; see store.Reader.
func (s *Store) Agents(ctx context.Context, ids []store.AgentID) (agents []*store.Agent, err error) {
	if len(ids) > store.MaxIDs {
		return nil, store.ErrTooMany
	}
	err = s.read(ctx, "reading agents", func(c *conn) error {
		agents = make([]*store.Agent, 0, len(ids))
		for _, id := range ids {
			a, err := agentByID(c, id)
			if err != nil {
				return err
			}
			if a != nil {
				agents = append(agents, a)
			}
		}
		return nil
	})
	return agents, err
}

// ScanAgents pages through agents in the order of ids; see store.FeedReader.
func (s *Store) ScanAgents(ctx context.Context, after store.AgentID, limit int) (agents []*store.Agent, err error) {
	err = s.read(ctx, "scanning agents", func(c *conn) error {
		agents = nil
		return collect(c, &agents, decodeAgent, fromAgents+" where a.id > ? order by a.id limit ?", string(after), max(limit, 0))
	})
	return agents, err
}

// TrustOf pages through the pairs from one agent; see store.Reader.
func (s *Store) TrustOf(ctx context.Context, q store.PageQuery) (page store.TrustPage, err error) {
	err = s.read(ctx, "reading trust", func(c *conn) error {
		page = store.TrustPage{}
		n, err := c.number("select count(*) from pinchwork_trust where from_id = ?", string(q.Agent))
		if err != nil {
			return err
		}
		page.Total = int(n)
		err = collect(c, &page.Pairs, readPair, "select "+pairColumns+` from pinchwork_trust where from_id = ?
			order by score desc, to_id limit ? offset ?`, string(q.Agent), max(q.Limit, 0), max(q.Offset, 0))
		if err == nil {
			page.Due, err = dueOf(c, q.Agent, q.Now)
		}
		return err
	})
	return page, err
}

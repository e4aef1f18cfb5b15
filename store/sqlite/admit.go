package sqlite

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Admit finds the agent of an API key, or by its id, and charges its rate limit; see store.Reader. A
// charge waits for no disk: a machine that loses its power leaves buckets a little
// fuller.
func (s *Store) Admit(ctx context.Context, a store.Admission) (store.Admitted, error) {
	var agent *store.Agent
	asked := a.Key != nil || a.Agent != ""
	if asked {
		err := s.read(ctx, "admitting", func(c *conn) (err error) {
			agent, err = caller(c, &a)
			return err
		})
		if err != nil {
			return store.Admitted{}, err
		}
	}
	if a.Charge == nil || asked && agent == nil {
		return store.Admitted{Agent: agent, Allowed: true}, nil
	}
	var owner store.AgentID
	if agent != nil {
		owner = agent.ID
	}
	var out store.Admitted
	err := s.write(ctx, "admitting", &ticket{brief: true, do: func(w *writing) (err error) {
		out, err = charge(w, owner, a.Charge, a.Now)
		return err
	}})
	if err != nil {
		return store.Admitted{}, err
	}
	out.Agent = agent
	return out, nil
}

// caller looks up the agent that an admission asks for.
func caller(c *conn, a *store.Admission) (*store.Agent, error) {
	if a.Key == nil {
		return agentByID(c, a.Agent)
	}
	found, err := agentWhere(c, "a.key = ?", a.Key[:])
	if found != nil || err != nil {
		return found, err
	}
	return agentWhere(c, "a.old_key = ? and a.old_key_until > ?", a.Key[:], a.Now)
}

// charge takes one unit by the generic cell rate algorithm: the state is the instant
// at which the bucket is full again.
func charge(w *writing, owner store.AgentID, c *store.Charge, now time.Time) (store.Admitted, error) {
	full := now
	_, err := w.one("select full_at from pinchwork_bucket where name = ? and agent = ?", func(r row) error {
		if at := instant(r, 0); at.After(now) {
			full = at
		}
		return nil
	}, c.Bucket, string(owner))
	if err != nil {
		return store.Admitted{}, err
	}
	refill := c.Every * time.Duration(max(c.Burst, 1))
	next := full.Add(c.Every)
	if over := next.Sub(now) - refill; over > 0 {
		return store.Admitted{RetryAfter: over, ResetAfter: full.Sub(now)}, nil
	}
	err = w.run("replace into pinchwork_bucket (name, agent, full_at) values (?, ?, ?)", c.Bucket, string(owner), next)
	left := refill - next.Sub(now)
	return store.Admitted{Allowed: true, Remaining: int(left / max(c.Every, 1)), ResetAfter: next.Sub(now)}, err
}

package market

import (
	"context"
	"log/slog"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Ensured is the answer to Ensure.
type Ensured struct {
	AgentID AgentID
	// Created says that this call has made the agent.
	Created bool
	// APIKey is the new agent's key, "" when the agent was there: keys are not kept.
	APIKey APIKey
}

// LogValue leaves out the key, which a handler that logs JSON would show.
func (e Ensured) LogValue() slog.Value {
	return slog.GroupValue(slog.String("agent_id", string(e.AgentID)), slog.Bool("created", e.Created))
}

// Ensure returns the agent that the host program knows by an id of its own, such as
// that of a user, and makes it as Register does when there is none yet (rule 2.12).
// Of many calls at once, on any number of processes, one makes the agent and all
// return it; an agent that is there stays as it is, whatever the input says. An
// external id is 1–255 characters, compared exactly, and never given to another
// agent. It is shown to the operator alone.
//
// Registration may be closed to others; a host that calls Ensure is not one of them.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) Ensure(ctx context.Context, externalID string, in RegisterInput) (Ensured, error) {
	if err := rules.CheckRequired("external_id", externalID, limits.HostID); err != nil {
		return Ensured{}, m.refused(ctx, "ensure", err)
	}
	profile, err := m.checkRegister(in)
	if err != nil {
		return Ensured{}, m.refused(ctx, "ensure", err)
	}
	profile.ExternalID = externalID
	var n *newcomer
	d, err := m.operate(ctx, operation{
		name: "ensure", anonymous: true, load: store.LoadQuery{External: externalID},
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			if l.Agent == nil {
				n, err = m.newcomer(ctx, profile)
			}
			return err
		},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			if l.Agent != nil {
				return nil, nil
			}
			return m.rules.Register(now, n.profile, n.key.Digest(), n.extract), nil
		},
	})
	switch {
	case err != nil:
		return Ensured{}, err
	case d.outcome == nil:
		return Ensured{AgentID: d.loaded.Agent.ID}, nil
	}
	return Ensured{AgentID: n.profile.ID, Created: true, APIKey: n.key}, nil
}

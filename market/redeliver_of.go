package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// ActionRedeliver is that a dead webhook was to be delivered again.
const ActionRedeliver = "redeliver"

// RedeliverInput says which dead letter of an agent's is to be delivered again.
type RedeliverInput struct {
	AgentID AgentID `json:"agent_id"`
	// EventID is the dead letter's.
	EventID string `json:"event_id"`
	Reason  string `json:"reason,omitempty"` // ≤ 5,000, for the log
}

// RedeliverOf is Redeliver by an operator. The queue of webhooks is no part of the commit
// that writes the log, so the entry comes first: a crash between the two leaves an entry
// for a letter that is still dead, and never a redelivery without its entry.
//
// Errors: ErrInvalid, ErrForbidden, ErrNotFound, ErrConflict without a webhook,
// ErrSuspended, ErrUnavailable.
func (m *Market) RedeliverOf(ctx context.Context, in RedeliverInput) error {
	if err := rules.CheckText("reason", in.Reason, limits.Reason); err != nil {
		return m.refused(ctx, "redeliver", err)
	}
	_, err := m.operate(ctx, operation{
		name: "redeliver of", anonymous: true, load: store.LoadQuery{Agent: in.AgentID},
		deed:   does(OperatorAction{Action: ActionRedeliver, AgentID: in.AgentID, Subject: rules.Cut(in.EventID, limits.Key), Reason: in.Reason}),
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) { return m.rules.RedeliverOf(now, l) },
	})
	if err != nil {
		return err
	}
	return m.As(in.AgentID).Redeliver(ctx, in.EventID)
}

package market

import (
	"context"
	"slices"
	"strings"
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
	// EventID is the dead letter's, 1–255.
	EventID string `json:"event_id"`
	Reason  string `json:"reason"` // 1–5,000, for the log
}

// RedeliveredOf is the answer to RedeliverOf.
type RedeliveredOf struct {
	AgentID AgentID `json:"agent_id"`
	EventID string  `json:"event_id"`
	Reason  string  `json:"reason"`
}

// RedeliverOf is Redeliver by an operator (rule 15.13). The queue of webhooks is no part
// of the commit that writes the log, so the entry comes first: a crash between the two
// leaves an entry for a letter that is still dead, and never a redelivery without its
// entry. A repeat under the same idempotency key completes it.
//
// Errors: ErrInvalid, ErrForbidden, ErrNotFound, ErrConflict without a webhook,
// ErrSuspended, ErrUnavailable.
func (m *Market) RedeliverOf(ctx context.Context, in RedeliverInput) (RedeliveredOf, error) {
	err := rules.CheckRequired("event_id", in.EventID, limits.Key)
	if err == nil {
		err = rules.CheckRequired("reason", in.Reason, limits.Reason)
	}
	if err != nil {
		return RedeliveredOf{}, m.refused(ctx, "redeliver of", err)
	}
	answer := RedeliveredOf(in)
	_, err = m.operate(ctx, operation{
		name: "redeliver of " + in.EventID, input: in, anonymous: true, load: store.LoadQuery{Agent: in.AgentID},
		deed:    does(OperatorAction{Action: ActionRedeliver, AgentID: in.AgentID, Subject: in.EventID, Reason: in.Reason}),
		learn:   func(ctx context.Context, l *store.Loaded) error { return m.findDead(ctx, l, in.EventID) },
		decide:  func(now time.Time, l *store.Loaded) (*rules.Outcome, error) { return m.rules.RedeliverOf(now, l) },
		outcome: func(*store.Loaded, *rules.Outcome) any { return answer },
	})
	if err != nil {
		return RedeliveredOf{}, err
	}
	return answer, m.As(in.AgentID).Redeliver(ctx, in.EventID)
}

// deadLooked is how many dead letters of the agent are looked through for the one that
// is to be delivered: of an older one it shows only when it is.
const deadLooked = 1_000

// findDead refuses an event for which there is no dead letter, so that the log says
// nothing of it.
func (m *Market) findDead(ctx context.Context, l *store.Loaded, event string) error {
	if l.Agent == nil || l.Agent.Suspended || l.Agent.WebhookURL == "" {
		return nil // which is refused in any case
	}
	page, err := m.store.DeadWebhooks(ctx, store.PageQuery{Agent: l.Agent.ID, Limit: deadLooked, Now: m.now()})
	if err != nil {
		return known(ctx, err)
	}
	return among(&page, l.Agent.ID, event)
}

// among refuses an event that is none of the agent's newest dead letters, unless there are
// more of them.
func among(page *store.DeadPage, agent AgentID, event string) error {
	number := strings.TrimPrefix(event, string(agent)+"-")
	there := slices.ContainsFunc(page.Dead, func(d store.DeadWebhook) bool {
		return strings.TrimPrefix(d.Event.DeliveryID(), string(agent)+"-") == number
	})
	if !there && page.Total <= deadLooked {
		return rules.Refuse(CodeNotFound, "Dead letter not found")
	}
	return nil
}

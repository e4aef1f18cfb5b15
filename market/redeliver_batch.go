package market

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// DeadID names a dead letter of an agent's.
type DeadID struct {
	AgentID AgentID `json:"agent_id"`
	// EventID is the dead letter's, 1–255.
	EventID string `json:"event_id"`
}

// RedeliverBatchInput says which dead letters are to be delivered again.
type RedeliverBatchInput struct {
	Dead   []DeadID `json:"dead_letters"` // 1–100; one that is named twice counts once
	Reason string   `json:"reason"`       // 1–5,000, for the log
}

// RedeliveredItem is what became of one of them: Error and Code are why it is not due
// again, else "".
type RedeliveredItem struct {
	DeadID
	Error string `json:"error,omitempty"`
	Code  Code   `json:"code,omitempty"`
}

// RedeliveredBatch is the answer to RedeliverBatch, in the order asked for. Redelivered is
// how many are due again.
type RedeliveredBatch struct {
	Dead        []RedeliveredItem `json:"dead_letters"`
	Redelivered int               `json:"redelivered"`
	Total       int               `json:"total"`
}

// RedeliverBatch is RedeliverOf for up to 100 dead letters of any agents (rule 15.13). One
// that is refused stops no other. Each of the others has an entry of its own in the log,
// all of them written at once, and before anything is queued: see RedeliverOf. The
// idempotency key is the whole batch's, and a repeat completes it.
//
// Errors: ErrInvalid, ErrForbidden, ErrUnavailable.
func (m *Market) RedeliverBatch(ctx context.Context, in RedeliverBatchInput) (RedeliveredBatch, error) {
	if err := checkRedeliverBatch(in); err != nil {
		return RedeliveredBatch{}, m.refused(ctx, "redeliver batch", err)
	}
	b := &redelivery{Market: m, in: in}
	d, err := m.operate(ctx, operation{
		name: "redeliver batch", input: in, anonymous: true,
		deed:    &deed{each: b.entries},
		learn:   func(ctx context.Context, _ *store.Loaded) error { return b.find(ctx) },
		decide:  b.decide,
		outcome: func(*store.Loaded, *rules.Outcome) any { return b.items },
	})
	if err == nil && d.replay != nil {
		b.items, err = recall[[]RedeliveredItem](d.replay)
	}
	if err != nil {
		return RedeliveredBatch{}, err
	}
	return b.queue(ctx)
}

func checkRedeliverBatch(in RedeliverBatchInput) error {
	if len(in.Dead) == 0 || len(in.Dead) > limits.RedeliverBatch {
		return rules.Invalid("dead_letters", "must be a list of 1 to %d dead letters", limits.RedeliverBatch)
	}
	for i, id := range in.Dead {
		err := rules.CheckRequired("agent_id", string(id.AgentID), limits.Key)
		if err == nil {
			err = rules.CheckRequired("event_id", id.EventID, limits.Key)
		}
		if err != nil {
			return rules.InElement("dead_letters", i, err)
		}
	}
	return rules.CheckRequired("reason", in.Reason, limits.Reason)
}

// redelivery is one call of RedeliverBatch.
type redelivery struct {
	*Market
	in    RedeliverBatchInput
	items []RedeliveredItem
}

// find tells which of the letters can be delivered again: of each agent it reads the dead
// letters once.
func (b *redelivery) find(ctx context.Context) error {
	b.items = nil
	var ids []AgentID
	for _, id := range b.in.Dead {
		if !slices.ContainsFunc(b.items, func(other RedeliveredItem) bool { return other.DeadID == id }) {
			b.items = append(b.items, RedeliveredItem{DeadID: id})
			ids = append(ids, id.AgentID)
		}
	}
	slices.Sort(ids)
	agents, err := b.store.Agents(ctx, slices.Compact(ids))
	if err != nil {
		return known(ctx, err)
	}
	for i := range b.items {
		b.items[i].refuse(rules.NoAgent())
	}
	for _, a := range agents {
		err := rules.MayRedeliver(a)
		var page store.DeadPage
		if err == nil {
			if page, err = b.store.DeadWebhooks(ctx, store.PageQuery{Agent: a.ID, Limit: deadLooked, Now: b.now()}); err != nil {
				return known(ctx, err)
			}
		}
		for i := range b.items {
			switch item := &b.items[i]; {
			case item.AgentID != a.ID:
			case err != nil:
				item.refuse(err)
			default:
				item.refuse(among(&page, a.ID, item.EventID))
			}
		}
	}
	return nil
}

// refuse says why the letter is not due again; nil takes it back.
func (r *RedeliveredItem) refuse(err error) {
	r.Error, r.Code = "", ""
	if refusal, is := errors.AsType[*Error](err); is {
		r.Error, r.Code = refusal.Message, refusal.Code
	}
}

// decide has nothing to commit when all are refused.
func (b *redelivery) decide(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
	if len(b.entries()) == 0 {
		return nil, nil
	}
	return b.rules.Record(now), nil
}

func (b *redelivery) entries() (list []OperatorAction) {
	for _, item := range b.items {
		if item.Error == "" {
			list = append(list, OperatorAction{Action: ActionRedeliver, AgentID: item.AgentID, Subject: item.EventID, Reason: b.in.Reason})
		}
	}
	return list
}

// queue makes due again what the log says. What was gone from the dead letters in the
// meantime is refused.
func (b *redelivery) queue(ctx context.Context) (RedeliveredBatch, error) {
	done := RedeliveredBatch{Dead: b.items, Total: len(b.items)}
	for i := range b.items {
		item := &b.items[i]
		if item.Error != "" {
			continue
		}
		err := b.As(item.AgentID).Redeliver(ctx, item.EventID)
		if errors.Is(err, ErrUnavailable) || err != nil && !errors.As(err, new(*Error)) {
			return RedeliveredBatch{}, err
		}
		if item.refuse(err); err == nil {
			done.Redelivered++
		}
	}
	return done, nil
}

package market

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Redelivery is a dead letter that an operator had delivered again, the last time of
// several, and what became of it.
type Redelivery struct {
	AgentID AgentID `json:"agent_id"`
	EventID string  `json:"event_id"`
	// Operator asked for it, At that time.
	Operator string `json:"operator"`
	At       Time   `json:"at"`
	// DeliveredAt is when it arrived, FailedAt when it has failed for good again; both are
	// zero while neither is known.
	DeliveredAt Time `json:"delivered_at,omitzero"`
	FailedAt    Time `json:"failed_at,omitzero"`
}

const (
	// redeliveriesShown are in a list, of those asked for within redeliveryLife: dead letters
	// are kept as long.
	redeliveriesShown = 20
	redeliveryLife    = 30 * rules.Day
	// redeliverable is how old an event is at least before anybody has seen it fail and asked
	// for it again: what is delivered sooner is not looked up.
	redeliverable = time.Second
)

// deliveryID is the id of an agent's event as webhooks have it, whether or not it was
// written in full.
func deliveryID(agent AgentID, event string) string {
	return string(agent) + "-" + strings.TrimPrefix(event, string(agent)+"-")
}

// redeliveriesOf are the entries of the log about one event.
func redeliveriesOf(agent AgentID, event string) chain {
	return chain("redeliveries of " + deliveryID(agent, event))
}

// arrivalOf is the record of when a dead letter that an operator had delivered again
// arrived.
func arrivalOf(delivery string) store.IdempotencyID {
	return store.IdempotencyID{Caller: Platform, Operation: "arrival", Key: delivery}
}

// noteArrival keeps when a delivery arrived that operators had asked for again. It
// comes before the queue forgets the delivery: what a crash then delivers twice has
// arrived all the same. A failure costs the note alone.
func (m *Market) noteArrival(ctx context.Context, job *store.WebhookJob, at time.Time) {
	if at.Sub(job.Event.At) < redeliverable {
		return
	}
	id := job.Event.DeliveryID()
	asked, err := m.elements(ctx, redeliveriesOf(job.Event.Agent, id), []int64{1})
	if err == nil && len(asked) > 0 {
		o := m.rules.Remember(at, arrivalOf(id), NewTime(at), at.Add(redeliveryLife))
		_, err = m.store.Commit(ctx, &o.Change)
	}
	if conflict := (*store.Conflict)(nil); err != nil && !errors.As(err, &conflict) {
		m.log.WarnContext(ctx, "that a webhook arrived at last is not noted", "error", reason(err))
	}
}

// redeliveries are the newest that operators asked for, about one agent or all.
func (m *Market) redeliveries(ctx context.Context, of AgentID, now time.Time) ([]Redelivery, error) {
	asked, err := m.Actions(ctx, ActionQuery{Action: ActionRedeliver, Page: Page{Limit: 100}})
	if err != nil {
		return nil, err
	}
	list := []Redelivery{}
	var ids []store.IdempotencyID
	for i := range asked.Actions {
		a := &asked.Actions[i]
		if len(list) == redeliveriesShown || now.Sub(a.At.Time) > redeliveryLife {
			break
		}
		id := deliveryID(a.AgentID, a.Subject)
		again := slices.ContainsFunc(list, func(r Redelivery) bool { return r.EventID == id })
		if !again && (of == "" || a.AgentID == of) {
			list = append(list, Redelivery{AgentID: a.AgentID, EventID: id, Operator: a.Operator, At: a.At})
			ids = append(ids, arrivalOf(id))
		}
	}
	if len(list) == 0 {
		return list, nil
	}
	l, err := m.store.Load(ctx, store.LoadQuery{Now: now, Records: ids})
	if err != nil {
		return nil, known(ctx, err)
	}
	arrived := map[string]Time{}
	for _, r := range l.Records {
		if arrived[r.Key], err = recall[Time](r.Outcome); err != nil {
			return nil, err
		}
	}
	dead, err := m.store.DeadWebhooks(ctx, store.PageQuery{Agent: of, Limit: 100, Now: now})
	if err != nil {
		return nil, known(ctx, err)
	}
	for i := range list {
		r := &list[i]
		r.DeliveredAt = arrived[r.EventID]
		for j := range dead.Dead {
			if d := &dead.Dead[j]; d.Event.DeliveryID() == r.EventID && !d.FailedAt.Before(r.At.Time) {
				r.FailedAt = NewTime(d.FailedAt)
			}
		}
	}
	return list, nil
}

package market

import (
	"context"
	"strings"
	"time"
)

// LeaseWebhooks takes webhook deliveries that are due, for the time given; the
// process that delivers them calls FinishWebhook. Package notify does.
func (m *Market) LeaseWebhooks(ctx context.Context, lease time.Duration, limit int) ([]WebhookJob, error) {
	now := m.now()
	jobs, err := m.store.LeaseWebhooks(ctx, now, now.Add(lease), limit)
	return jobs, known(ctx, err)
}

// FinishWebhook writes the outcome of a leased delivery; false when the lease
// had run out and somebody else has the delivery.
func (m *Market) FinishWebhook(ctx context.Context, job WebhookJob, out WebhookOutcome) (bool, error) {
	ok, err := m.store.FinishWebhook(ctx, job, out)
	return ok, known(ctx, err)
}

// DeadLetters lists webhook deliveries that failed for good, newest first
// (contract §10). Limit 1–100, default 20.
func (h *Handle) DeadLetters(ctx context.Context, p Page) (DeadLetterList, error) {
	p, err := checkPage(p, 20, 100)
	if err != nil {
		return DeadLetterList{}, err
	}
	if err := h.standing(ctx); err != nil {
		return DeadLetterList{}, err
	}
	page, err := h.m.store.DeadWebhooks(ctx, PageQuery{Agent: h.id, Limit: p.Limit, Offset: p.Offset, Now: h.m.now()})
	if err != nil {
		return DeadLetterList{}, known(ctx, err)
	}
	return deadLetters(page), nil
}

func deadLetters(page DeadPage) DeadLetterList {
	list := DeadLetterList{Dead: make([]DeadLetter, len(page.Dead)), Total: page.Total}
	for i, d := range page.Dead {
		list.Dead[i] = DeadLetter{
			EventID: d.Event.DeliveryID(), Event: d.Event.Type, TaskID: d.Event.Task,
			Attempts: d.Attempts, Error: d.Error, FailedAt: NewTime(d.FailedAt),
		}
	}
	return list
}

// Redeliver puts a dead letter back into the queue with all its attempts
// (contract §10). The id is the one that the dead letter and the header
// X-Pinchwork-Event-Id bear.
func (h *Handle) Redeliver(ctx context.Context, id string) error {
	seq, err := parseEventID(strings.TrimPrefix(id, string(h.id)+"-"))
	if err != nil || seq == 0 {
		return refuse(CodeNotFound, "Dead letter not found")
	}
	if err := h.standing(ctx); err != nil {
		return err
	}
	found, err := h.m.store.RedeliverWebhook(ctx, h.id, seq, h.m.now())
	switch {
	case err != nil:
		return known(ctx, err)
	case !found:
		return refuse(CodeNotFound, "Dead letter not found")
	}
	h.m.notifier.Wake(h.id)
	return nil
}

// Head is where an agent's log stands, for relays that look whether a wake-up
// was lost.
type Head struct {
	Seq       int64
	Suspended bool
}

// EventHeads returns the heads of at most 1,000 agents in one read; unknown
// ones are left out.
func (m *Market) EventHeads(ctx context.Context, ids []AgentID) (map[AgentID]Head, error) {
	agents, err := m.store.Agents(ctx, ids)
	if err != nil {
		return nil, known(ctx, err)
	}
	heads := make(map[AgentID]Head, len(agents))
	for _, a := range agents {
		heads[a.ID] = Head{Seq: a.EventSeq, Suspended: a.Suspended}
	}
	return heads, nil
}

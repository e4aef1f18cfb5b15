package market

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// LeaseWebhooks takes webhook deliveries that are due, for the time given; the
// process that delivers them calls FinishWebhook. Package notify does.
func (m *Market) LeaseWebhooks(ctx context.Context, lease time.Duration, limit int) (_ []store.WebhookJob, err error) {
	finish := m.meter.operation(&ctx, "lease")
	defer func() { finish(err) }()
	now := m.now()
	jobs, err := m.store.LeaseWebhooks(ctx, now, now.Add(lease), limit)
	jobs = slices.Clone(jobs)
	for i := range jobs {
		jobs[i].Event = ownEvent(jobs[i].Event)
	}
	return jobs, known(ctx, err)
}

// FinishWebhook writes the outcome of a leased delivery; false when the lease
// had run out and somebody else has the delivery. An endpoint that answered
// that it is gone is not called again, and the delivery becomes a dead letter
// immediately.
func (m *Market) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (_ bool, err error) {
	finish := m.meter.operation(&ctx, "finish")
	defer func() { finish(err) }()
	if out.Gone && !out.Delivered {
		off, err := m.switchOff(ctx, job)
		if err != nil {
			return false, err
		}
		if off {
			out.RetryAt = time.Time{}
		}
	}
	if out.Delivered {
		m.noteArrival(ctx, &job, out.At)
	}
	ok, err := m.store.FinishWebhook(ctx, job, out)
	return ok, known(ctx, err)
}

// switchOff removes the webhook of an agent whose endpoint wants no more calls,
// and tells the agent. It returns false when the agent has set another URL
// since, about which the endpoint's answer says nothing.
func (m *Market) switchOff(ctx context.Context, job store.WebhookJob) (off bool, err error) {
	_, err = m.operate(ctx, operation{
		name: "webhook gone", anonymous: true, load: store.LoadQuery{Agent: job.Event.Agent},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			if off = l.Agent != nil && l.Agent.WebhookURL == job.URL; !off {
				return nil, nil
			}
			return m.rules.WebhookGone(now, l.Agent), nil
		},
	})
	return off, err
}

// DeadLetters lists webhook deliveries that failed for good, newest first
// (rule 12.4). Limit 1–100, default 20.
func (h *Handle) DeadLetters(ctx context.Context, p Page) (_ DeadLetterList, err error) {
	finish := h.m.meter.operation(&ctx, "dead")
	defer func() { finish(err) }()
	p, err = checkPage(p, 20, 100)
	if err != nil {
		return DeadLetterList{}, err
	}
	if err := h.standing(ctx); err != nil {
		return DeadLetterList{}, err
	}
	page, err := h.m.store.DeadWebhooks(ctx, store.PageQuery{Agent: h.id, Limit: p.Limit, Offset: p.Offset, Now: h.m.now()})
	if err != nil {
		return DeadLetterList{}, known(ctx, err)
	}
	return deadLetters(page), nil
}

func deadLetters(page store.DeadPage) DeadLetterList {
	list := DeadLetterList{Dead: make([]DeadLetter, len(page.Dead)), Total: page.Total}
	for i, d := range page.Dead {
		list.Dead[i] = DeadLetter{
			EventID: d.Event.DeliveryID(), Event: d.Event.Type, TaskID: d.Event.Task,
			Attempts: d.Attempts, Error: d.Error, FailedAt: NewTime(d.FailedAt),
		}
	}
	return list
}

// SignsWebhooks reports whether the agent has a webhook secret, which is itself shown to
// nobody. It settles nothing.
//
// Errors: ErrUnavailable.
func (h *Handle) SignsWebhooks(ctx context.Context) (signs bool, err error) {
	finish := h.m.meter.operation(&ctx, "signs webhooks")
	defer func() { finish(err) }()
	agents, err := h.m.store.Agents(ctx, []AgentID{h.id})
	if err != nil {
		return false, known(ctx, err)
	}
	return len(agents) == 1 && agents[0].WebhookSecret != "", nil
}

// Redeliver puts a dead letter back into the queue, with all attempts to be
// made again (rule 12.4). The id is the dead letter's EventID, which the header
// X-Pinchwork-Event-Id also carries.
func (h *Handle) Redeliver(ctx context.Context, id string) (err error) {
	finish := h.m.meter.operation(&ctx, "redeliver")
	defer func() { finish(err) }()
	seq, err := parseEventID(strings.TrimPrefix(id, string(h.id)+"-"))
	if err != nil || seq == 0 {
		return rules.Refuse(CodeNotFound, "Dead letter not found")
	}
	if err := h.standing(ctx); err != nil {
		return err
	}
	return h.redeliver(ctx, id, seq)
}

// redeliver moves the delivery and then writes the record of an idempotency
// key: the webhook queue is not part of a Change, so the two cannot be one
// commit. A repeat on another process that comes between the two looks for the
// record a few times before it believes that there is no dead letter.
func (h *Handle) redeliver(ctx context.Context, id string, seq int64) error {
	m := h.m
	op := operation{name: "redeliver " + id, load: store.LoadQuery{Caller: h.id}, outcome: func(*store.Loaded, *rules.Outcome) any { return nil }}
	key, request, err := prepare(ctx, &op)
	if err != nil {
		return err
	}
	leave, err := m.underWay.enter(ctx, key)
	if err != nil {
		return err
	}
	defer leave()
	op.load.Now, op.load.Idempotency = m.now(), key
	if done, err := m.redelivered(ctx, op.load, request, 1); done || err != nil {
		return err
	}
	if err := h.hasWebhook(ctx, op.load.Now); err != nil {
		return err
	}
	found, err := m.store.RedeliverWebhook(ctx, h.id, seq, op.load.Now)
	switch {
	case err != nil:
		return known(ctx, err)
	case !found:
		if done, err := m.redelivered(ctx, op.load, request, recordLooks); done || err != nil {
			return err
		}
		return rules.Refuse(CodeNotFound, "Dead letter not found")
	}
	m.notifier.Wake(h.id)
	m.recordRedelivery(ctx, op.load, request)
	return nil
}

// recordLooks is how often a repeat looks for a record that may be about to be
// written, recordPause how long it waits in between, in real time.
const (
	recordLooks = 5
	recordPause = 50 * time.Millisecond
)

// redelivered reports whether the key's first request has done it.
func (m *Market) redelivered(ctx context.Context, q store.LoadQuery, request [32]byte, looks int) (bool, error) {
	for ; q.Idempotency != nil && looks > 0; looks-- {
		record, err := m.firstOutcome(ctx, q, nil)
		if err != nil {
			return false, err
		}
		if record != nil {
			_, err := replay(q.Idempotency, record, request)
			return true, err
		}
		if looks > 1 {
			pause(ctx, recordPause)
		}
	}
	return false, nil
}

// recordRedelivery cannot undo what it records, so a failure is only logged.
func (m *Market) recordRedelivery(ctx context.Context, q store.LoadQuery, request [32]byte) {
	if q.Idempotency == nil {
		return
	}
	record, err := newRecord(*q.Idempotency, request, nil, q.Now)
	if err == nil {
		_, err = m.store.Commit(ctx, &store.Change{At: q.Now, Idempotency: record})
	}
	if err != nil {
		m.log.WarnContext(ctx, "a redelivery is not recorded under its idempotency key", "error", reason(err))
	}
}

// hasWebhook refuses to queue a dead letter of an agent without a webhook, since
// the queue would drop it.
func (h *Handle) hasWebhook(ctx context.Context, now time.Time) error {
	agents, err := h.m.store.Agents(ctx, []AgentID{h.id})
	switch {
	case err != nil:
		return known(ctx, err)
	case len(agents) == 0:
		return admitted(nil)
	case agents[0].WebhookURL == "":
		page, err := h.m.store.DeadWebhooks(ctx, store.PageQuery{Agent: h.id, Limit: 1, Now: now})
		if err != nil {
			return known(ctx, err)
		}
		if page.Total == 0 {
			return rules.Refuse(CodeNotFound, "Dead letter not found")
		}
		return rules.Refuse(CodeNoWebhook, "You have no webhook: set webhook_url first")
	}
	return nil
}

// Head is where an agent's log stands. Relays use it to find lost wake-ups.
type Head struct {
	Seq       int64
	Suspended bool
}

// EventHeads returns the heads of at most 1,000 agents in one read; unknown
// agents are left out.
func (m *Market) EventHeads(ctx context.Context, ids []AgentID) (_ map[AgentID]Head, err error) {
	finish := m.meter.operation(&ctx, "heads")
	defer func() { finish(err) }()
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

package memory

import (
	"context"
	"time"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/store"
)

// maxDropped bounds the deliveries that one call of LeaseWebhooks drops.
const maxDropped = 1000

// webhookQueue has the events that wait for webhooks, and those that failed.
type webhookQueue struct {
	queue   *btree.BTreeG[*delivery]
	pending map[eventID]*delivery
	letters map[eventID]*letter
	// byFailure has the dead letters of all agents.
	byFailure *btree.BTreeG[*letter]
	// pushed and leases number deliveries and leases.
	pushed, leases int64
}

type eventID struct {
	agent store.AgentID
	seq   int64
}

func idOf(e *store.Event) eventID { return eventID{e.Agent, e.Seq} }

// delivery is an event on its way to a webhook, due at an instant in
// microseconds. n keeps deliveries that are due at the same instant in the
// order of commits.
type delivery struct {
	event    store.Event
	to       *party
	due, n   int64
	attempts int
	lease    int64
}

// letter is a dead letter.
type letter struct {
	store.DeadWebhook
	to *party
}

func newWebhookQueue() webhookQueue {
	return webhookQueue{
		queue: ordered(func(a, b *delivery) bool {
			if a.due != b.due {
				return a.due < b.due
			}
			return a.n < b.n
		}),
		pending:   make(map[eventID]*delivery),
		letters:   make(map[eventID]*letter),
		byFailure: ordered(diedEarlier),
	}
}

func diedEarlier(a, b *letter) bool {
	switch {
	case !a.FailedAt.Equal(b.FailedAt):
		return a.FailedAt.Before(b.FailedAt)
	case a.Event.Seq != b.Event.Seq:
		return a.Event.Seq < b.Event.Seq
	}
	return a.Event.Agent < b.Event.Agent
}

// queue adds a delivery to the queue.
func (s *Store) queue(d *delivery) {
	s.announce(d.due)
	s.webhooks.push(d)
}

func (q *webhookQueue) push(d *delivery) {
	q.pushed++
	d.n = q.pushed
	q.pending[idOf(&d.event)] = d
	q.queue.Set(d)
}

func (q *webhookQueue) remove(d *delivery) {
	q.queue.Delete(d)
	delete(q.pending, idOf(&d.event))
}

// postpone makes a delivery due at another instant.
func (q *webhookQueue) postpone(d *delivery, due time.Time) {
	q.queue.Delete(d)
	d.due = due.UnixMicro()
	q.queue.Set(d)
}

// bury keeps a failed delivery as a dead letter.
func (q *webhookQueue) bury(d *delivery, out *store.WebhookOutcome) {
	q.remove(d)
	dead := &letter{to: d.to, DeadWebhook: store.DeadWebhook{
		Event: d.event, Attempts: d.attempts, Error: out.Error, FailedAt: out.At,
	}}
	utc(&dead.FailedAt)
	if d.to.dead == nil {
		d.to.dead = ordered(diedEarlier)
	}
	d.to.dead.Set(dead)
	q.byFailure.Set(dead)
	q.letters[idOf(&d.event)] = dead
}

func (q *webhookQueue) unbury(dead *letter) {
	dead.to.dead.Delete(dead)
	q.byFailure.Delete(dead)
	delete(q.letters, idOf(&dead.Event))
}

// LeaseWebhooks takes due deliveries; see store.WebhookQueue. One call drops at
// most 1,000 deliveries of agents that can no longer be called.
func (s *Store) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var taken []*delivery
	for dropped := 0; len(taken) < limit && dropped < maxDropped; {
		d, ok := s.webhooks.queue.Min()
		if !ok || d.due > now.UnixMicro() {
			break
		}
		if !d.to.agent.Callable() {
			s.webhooks.remove(d)
			dropped++
			continue
		}
		s.webhooks.queue.Delete(d)
		taken = append(taken, d)
	}
	if len(taken) > 0 {
		s.announce(until.UnixMicro())
	}
	return s.webhooks.lease(taken, now, until), nil
}

// lease puts deliveries back into the queue for when the lease ends.
func (q *webhookQueue) lease(taken []*delivery, now, until time.Time) []store.WebhookJob {
	jobs := make([]store.WebhookJob, 0, len(taken))
	for _, d := range taken {
		q.leases++
		d.lease, d.due = q.leases, until.UnixMicro()
		q.queue.Set(d)
		jobs = append(jobs, store.WebhookJob{
			Event: d.event, URL: d.to.agent.WebhookURL, Secret: d.to.agent.WebhookSecret,
			OldSecret: d.to.agent.OldSecretAt(now), Attempts: d.attempts, Lease: d.lease,
		})
	}
	return jobs
}

// FinishWebhook writes the outcome of a leased delivery; see
// store.WebhookQueue. It also ends the lease.
func (s *Store) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.webhooks.pending[idOf(&job.Event)]
	if d == nil || d.lease == 0 || d.lease != job.Lease {
		return false, nil
	}
	d.lease = 0
	d.attempts++
	switch {
	case out.Delivered:
		s.webhooks.remove(d)
	case out.RetryAt.IsZero():
		s.webhooks.bury(d, &out)
	default:
		s.announce(out.RetryAt.UnixMicro())
		s.webhooks.postpone(d, out.RetryAt)
	}
	return true, nil
}

// DeadWebhooks pages through an agent's dead letters; see store.WebhookQueue.
func (s *Store) DeadWebhooks(ctx context.Context, q store.PageQuery) (store.DeadPage, error) {
	if err := ctx.Err(); err != nil {
		return store.DeadPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	letters := s.webhooks.byFailure
	if q.Agent != "" {
		p := s.parties[q.Agent]
		if p == nil || p.dead == nil {
			return store.DeadPage{}, nil
		}
		letters = p.dead
	}
	page := store.DeadPage{Total: letters.Len()}
	for i := page.Total - 1 - max(q.Offset, 0); i >= 0 && len(page.Dead) < q.Limit; i-- {
		dead, _ := letters.GetAt(i)
		page.Dead = append(page.Dead, dead.DeadWebhook)
	}
	if q.Agent == "" {
		page.Total = min(page.Total, store.MaxDeadTotal)
	}
	return page, nil
}

// RedeliverWebhook puts a dead letter back into the queue; see
// store.WebhookQueue.
func (s *Store) RedeliverWebhook(ctx context.Context, agent store.AgentID, seq int64, now time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	dead := s.webhooks.letters[eventID{agent, seq}]
	if dead == nil {
		return false, nil
	}
	s.webhooks.unbury(dead)
	s.queue(&delivery{event: dead.Event, to: dead.to, due: now.UnixMicro()})
	return true, nil
}

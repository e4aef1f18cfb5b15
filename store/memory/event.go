package memory

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// olderEvents orders agents by the instant of their oldest kept event.
func olderEvents(a, b *party) bool {
	x, y := a.oldestEvent().At, b.oldestEvent().At
	if !x.Equal(y) {
		return x.Before(y)
	}
	return a.id < b.id
}

// oldestEvent exists only while the agent keeps events.
func (p *party) oldestEvent() *store.Event { return p.events.at(p.events.first) }

// tell numbers an event, keeps it, and queues it for the agent's webhook.
func (s *Store) tell(c *store.Change, e store.Event) {
	p := s.existing(e.Agent)
	if p == nil {
		return
	}
	a := s.own(p)
	a.EventSeq++
	e.Seq = a.EventSeq
	p.events.push(e)
	if p.events.len() == 1 {
		s.events.Set(p)
	}
	if a.Hooked() {
		s.queue(&delivery{event: e, to: p, due: c.At.UnixMicro()})
	}
}

// Events returns a piece of an agent's log; see store.Reader.
func (s *Store) Events(ctx context.Context, agent store.AgentID, after int64, limit int) (store.EventPage, error) {
	if err := ctx.Err(); err != nil {
		return store.EventPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.existing(agent)
	if p == nil {
		return store.EventPage{Oldest: 1, Suspended: true}, nil
	}
	page := store.EventPage{Oldest: p.events.first + 1, Head: p.events.next, Suspended: p.agent.Suspended}
	// The event with number n is element n−1 of the log.
	from := max(after, p.events.first)
	to := min(from+int64(limit), p.events.next)
	if from >= to {
		return page, nil
	}
	page.Events = make([]store.Event, 0, to-from)
	for n := from; n < to; n++ {
		page.Events = append(page.Events, *p.events.at(n))
	}
	return page, nil
}

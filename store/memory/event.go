package memory

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// tell numbers an event, keeps it, and queues it for the agent's webhook.
func (s *Store) tell(c *store.Change, e store.Event) {
	p := s.existing(e.Agent)
	if p == nil {
		return
	}
	a := s.own(p)
	a.EventSeq++
	e.Seq = a.EventSeq
	p.events.push(s.events.next)
	s.events.push(e)
	if a.Hooked() {
		s.queue(&delivery{event: e, to: p, due: c.At.UnixMicro()})
	}
}

// pruneEvents deletes from the oldest event on, which is its agent's oldest as well:
// what is kept has no gap.
func (s *Store) pruneEvents(before time.Time, limit int) (n int) {
	for ; n < limit && s.events.len() > 0; n++ {
		oldest := s.events.at(s.events.first)
		if !oldest.At.Before(before) {
			break
		}
		s.parties[oldest.Agent].events.shift()
		s.events.shift()
	}
	return n
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
	from, to := p.events.after(after, limit)
	if from >= to {
		return page, nil
	}
	page.Events = make([]store.Event, 0, to-from)
	for n := from; n < to; n++ {
		page.Events = append(page.Events, *s.events.at(*p.events.at(n)))
	}
	return page, nil
}

// EventLog returns a piece of the log of all agents; see store.Keeper.
func (s *Store) EventLog(ctx context.Context, after int64, limit int) (store.LogPage, error) {
	if err := ctx.Err(); err != nil {
		return store.LogPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	page := store.LogPage{Pruned: s.events.first, Head: s.events.next}
	from, to := s.events.after(after, limit)
	if from >= to {
		return page, nil
	}
	page.Events = make([]store.LoggedEvent, 0, to-from)
	for n := from; n < to; n++ {
		page.Events = append(page.Events, store.LoggedEvent{Number: n + 1, Event: *s.events.at(n)})
	}
	return page, nil
}

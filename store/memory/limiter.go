package memory

import (
	"context"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// limiter has the rate buckets. It has a lock of its own, so that charging
// waits for no commit.
//
// A bucket that was not charged for its whole refill time is full, and a full
// bucket need not be stored. So the buckets are kept in two generations, and
// one that was not charged during a whole generation is dropped: nothing ever
// has to search for full buckets.
type limiter struct {
	mu         sync.Mutex
	young, old map[bucket]time.Time
	// began is when the young generation began, longest the longest refill time.
	began   time.Time
	longest time.Duration
}

// bucket names a bucket; agent is set when it belongs to the agent of a key.
type bucket struct {
	name  string
	agent store.AgentID
}

func newLimiter() limiter {
	return limiter{young: make(map[bucket]time.Time)}
}

// turn starts a new generation when the young one is as old as the longest
// refill takes.
func (l *limiter) turn(now time.Time) {
	if l.began.IsZero() {
		l.began = now
	}
	if now.Sub(l.began) > l.longest {
		l.young, l.old = make(map[bucket]time.Time), l.young
		l.began = now
	}
}

// charge takes one unit by the generic cell rate algorithm: the state is the
// instant at which the bucket is full again.
func (l *limiter) charge(b bucket, c *store.Charge, now time.Time) store.Admitted {
	l.mu.Lock()
	defer l.mu.Unlock()
	refill := c.Every * time.Duration(c.Burst)
	l.longest = max(l.longest, refill)
	l.turn(now)
	full, found := l.young[b]
	if !found {
		full = l.old[b]
	}
	if full.Before(now) {
		full = now
	}
	next := full.Add(c.Every)
	if over := next.Sub(now) - refill; over > 0 {
		return store.Admitted{RetryAfter: over, ResetAfter: full.Sub(now)}
	}
	l.young[b] = next
	left := refill - next.Sub(now)
	return store.Admitted{Allowed: true, Remaining: int(left / max(c.Every, 1)), ResetAfter: next.Sub(now)}
}

func (l *limiter) prune(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
}

// Admit finds the agent of a key and charges a bucket; see store.Reader.
func (s *Store) Admit(ctx context.Context, a store.Admission) (store.Admitted, error) {
	if err := ctx.Err(); err != nil {
		return store.Admitted{}, err
	}
	agent, asked := s.caller(&a)
	if a.Charge == nil || asked && agent == nil {
		return store.Admitted{Agent: agent, Allowed: true}, nil
	}
	b := bucket{name: a.Charge.Bucket}
	if agent != nil {
		b.agent = agent.ID
	}
	admitted := s.limits.charge(b, a.Charge, a.Now)
	admitted.Agent = agent
	return admitted, nil
}

// caller looks up the agent that an admission asks for, if it asks for one.
func (s *Store) caller(a *store.Admission) (agent *store.Agent, asked bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case a.Key != nil:
		return s.agentOf(*a.Key, a.Now), true
	case a.Agent != "":
		return s.agent(a.Agent), true
	}
	return nil, false
}

func (s *Store) agentOf(key store.KeyDigest, now time.Time) *store.Agent {
	p := s.keys[key]
	if p == nil || p.key != key && !p.agent.OldKeyUntil.After(now) {
		return nil
	}
	return p.agent
}

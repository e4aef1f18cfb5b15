// Package memory is the market.Store that lives in the process: the one for
// tests, for programs that embed a small marketplace, and for trying things
// out. Nothing outlives the process.
//
//	store := memory.New()
//	done, err := store.Commit(ctx, &market.Change{…})
//
// It is exact, not approximate: every guard is checked before anything is
// written, and one lock makes a commit visible as a whole. Critical sections
// do no I/O and cost O(log n). Several Markets may share one Store; they then
// behave like replicas.
package memory

import (
	"context"
	"fmt"
	"sync"

	"github.com/pinchwork/pinchwork/market"
	"github.com/tidwall/btree"
)

// The bounds that market.Store states for one call.
const (
	maxFirst = 8
	maxEach  = 100
)

// Store is a market.Store in memory. Use New; all methods may be called by many
// goroutines at once. Errors other than *market.Conflict are the context's own,
// market.ErrFeedTruncated, or a call that breaks a stated bound.
type Store struct {
	// mu guards everything but limits.
	mu sync.RWMutex
	// stamp numbers the commits, so that a commit copies each agent once.
	stamp uint64

	parties map[market.AgentID]*party
	agents  *btree.BTreeG[*party]
	keys    map[market.KeyDigest]*party

	tasks map[market.TaskID]*record
	seq   int64
	// all and open are keyed by Seq, due by NextDue, ended by Ending.At.
	all, open, due, ended index

	ledger  ledger
	talk    talk
	reports reports
	outbox  outbox
	feed    log[feedLine]
	once    idempotency
	leases  map[string]lease
	// events has the agents that keep events, by the instant of the oldest one.
	events *btree.BTreeG[*party]

	byStatus map[market.Status]int64
	escrowed int64

	limits limiter
}

var _ market.Store = (*Store)(nil)

// New returns an empty store. It starts nothing and needs no closing.
func New() *Store {
	return &Store{
		parties:  make(map[market.AgentID]*party),
		agents:   ordered(func(a, b *party) bool { return a.id < b.id }),
		keys:     make(map[market.KeyDigest]*party),
		tasks:    make(map[market.TaskID]*record),
		ledger:   ledger{byTask: make(map[market.TaskID]uint32)},
		talk:     newTalk(),
		reports:  newReports(),
		outbox:   newOutbox(),
		once:     newIdempotency(),
		leases:   make(map[string]lease),
		events:   ordered(olderEvents),
		byStatus: make(map[market.Status]int64),
		limits:   newLimiter(),
	}
}

// Commit writes all of the Change or nothing; see market.Committer.
func (s *Store) Commit(ctx context.Context, c *market.Change) (market.Committed, error) {
	if err := ctx.Err(); err != nil {
		return market.Committed{}, err
	}
	settle(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if conflict := s.check(c); conflict != nil {
		return market.Committed{}, conflict
	}
	return s.apply(c), nil
}

// CommitFirst commits the first Change whose guards hold; see market.Committer.
func (s *Store) CommitFirst(ctx context.Context, cs []*market.Change) (int, market.Committed, []error, error) {
	if err := ctx.Err(); err != nil {
		return -1, market.Committed{}, nil, err
	}
	if len(cs) > maxFirst {
		return -1, market.Committed{}, nil, fmt.Errorf("memory: CommitFirst of %d changes, at most %d", len(cs), maxFirst)
	}
	for _, c := range cs {
		settle(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for i, c := range cs {
		conflict := s.check(c)
		if conflict == nil {
			return i, s.apply(c), nil, nil
		}
		errs = append(errs, conflict)
	}
	return -1, market.Committed{}, errs, nil
}

// CommitEach commits each Change on its own; see market.Committer.
func (s *Store) CommitEach(ctx context.Context, cs []*market.Change) ([]market.Committed, []error) {
	done, errs := make([]market.Committed, len(cs)), make([]error, len(cs))
	for i, c := range cs {
		if len(cs) > maxEach {
			errs[i] = fmt.Errorf("memory: CommitEach of %d changes, at most %d", len(cs), maxEach)
			continue
		}
		done[i], errs[i] = s.Commit(ctx, c)
	}
	return done, errs
}

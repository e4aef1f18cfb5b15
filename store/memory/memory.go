// Package memory is the store.Store that lives in the process: the one for
// tests, for programs that embed a small marketplace, and for trying things
// out. Its data end with the process.
//
//	store := memory.New()
//	done, err := store.Commit(ctx, &store.Change{…})
//
// It keeps all promises of the seam: every guard is checked before anything is
// written, and one lock makes a commit visible as a whole. Critical sections do
// no I/O and cost O(log n). Several Markets may share one Store; they then
// behave like replicas.
package memory

import (
	"context"
	"sync"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/store"
)

// Store is a store.Store in memory. Use New; all methods may be called by many
// goroutines at once. Errors other than *store.Conflict are the context's own,
// store.ErrFeedTruncated, or the refusal of a call that exceeds a stated bound.
type Store struct {
	// mu guards everything but limits.
	mu sync.RWMutex
	// stamp numbers the commits, so that a commit copies each agent at most once.
	stamp uint64

	parties map[store.AgentID]*party
	agents  *btree.BTreeG[*party]
	// keys and externals find agents: keys also by the key before the last change.
	keys      map[store.KeyDigest]*party
	externals map[string]*party

	tasks map[store.TaskID]*record
	seq   int64
	// all and open are keyed by Seq, due by NextDue, ended by Ending.At.
	all, open, due, ended index

	ledger   ledger
	talk     talk
	reports  reports
	webhooks webhookQueue
	feed     log[feedLine]
	once     idempotency
	leases   map[string]lease
	// events is the log of all agents' events; the one with the number n is element n−1.
	events log[store.Event]

	byStatus map[store.Status]int64
	sealed   map[store.Status]int64
	escrowed int64
	// platform sums what the platform's account took part in, by kind.
	platform map[store.EntryKind]int64

	hearers hearers
	limits  limiter
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Announcer = (*Store)(nil)
)

// New returns an empty store. It starts nothing and needs no closing.
func New() *Store {
	return &Store{
		parties:   make(map[store.AgentID]*party),
		agents:    ordered(func(a, b *party) bool { return a.id < b.id }),
		keys:      make(map[store.KeyDigest]*party),
		externals: make(map[string]*party),
		tasks:     make(map[store.TaskID]*record),
		ledger:    ledger{byTask: make(map[store.TaskID]uint32)},
		talk:      newTalk(),
		reports:   newReports(),
		webhooks:  newWebhookQueue(),
		once:      newIdempotency(),
		leases:    make(map[string]lease),
		byStatus:  make(map[store.Status]int64),
		sealed:    make(map[store.Status]int64),
		platform:  make(map[store.EntryKind]int64),
		limits:    newLimiter(),
	}
}

// Commit writes all of the Change or nothing; see store.Committer.
func (s *Store) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	if err := ctx.Err(); err != nil {
		return store.Committed{}, err
	}
	bringIntoForm(c)
	s.mu.Lock()
	defer s.mu.Unlock()
	if conflict := s.check(c); conflict != nil {
		return store.Committed{}, conflict
	}
	return s.apply(c), nil
}

// CommitFirst commits the first Change whose guards hold; see store.Committer.
func (s *Store) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	if err := ctx.Err(); err != nil {
		return -1, store.Committed{}, nil, err
	}
	if len(cs) > store.MaxFirst {
		return -1, store.Committed{}, nil, store.ErrTooMany
	}
	for _, c := range cs {
		bringIntoForm(c)
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
	return -1, store.Committed{}, errs, nil
}

// CommitEach commits each Change on its own; see store.Committer.
func (s *Store) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	done, errs := make([]store.Committed, len(cs)), make([]error, len(cs))
	for i, c := range cs {
		if len(cs) > store.MaxEach {
			errs[i] = store.ErrTooMany
			continue
		}
		done[i], errs[i] = s.Commit(ctx, c)
	}
	return done, errs
}

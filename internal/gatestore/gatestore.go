// Package gatestore puts a gate before and behind each method of a store, where
// a test lets calls wait, fail or panic while others go on.
//
//	s := gatestore.New(memory.New())
//	gate := s.Hold(gatestore.Behind, "Commit", 1)
//	go first()
//	<-gate.Reached // the store has committed, and the caller does not know yet
//	second()
//	gate.Open()
package gatestore

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// Side is where a gate stands.
type Side int

// The sides of a call: before the store sees it, and behind it, when the store
// has done it and the caller has not learned of it.
const (
	Before Side = iota
	Behind
)

// Store is a store with gates. Its methods may be called by many goroutines.
type Store struct {
	*Gates
	under market.Store
}

var _ market.Store = (*Store)(nil)

// New puts gates around a store. They are open.
func New(under market.Store) *Store { return new(Gates).Around(under) }

// Around puts the gates around a store.
func (s *Gates) Around(under market.Store) *Store { return &Store{Gates: s, under: under} }

// WithRoles is the store in front with the optional roles of the one that is under it.
func WithRoles(front, under market.Store) market.Store {
	tells, announces := under.(store.Announcer)
	carries, relays := under.(store.Relay)
	switch {
	case announces && relays:
		return struct {
			market.Store
			store.Announcer
			store.Relay
		}{front, tells, carries}
	case announces:
		return struct {
			market.Store
			store.Announcer
		}{front, tells}
	case relays:
		return struct {
			market.Store
			store.Relay
		}{front, carries}
	}
	return front
}

// Gates are what happens before and behind the calls of a store. The zero Gates are
// open.
type Gates struct {
	mu    sync.Mutex
	hooks []*hook
	calls map[string]int
}

type hook struct {
	side   Side
	method string
	left   int // calls that it still meets; below 0 for all
	do     func(ctx context.Context) error
}

// meets reports whether a call is one of the hook's: of its method, or of any whose name
// begins with what stands before a final *.
func (h *hook) meets(side Side, method string) bool {
	if h.side != side || h.left == 0 {
		return false
	}
	prefix, many := strings.CutSuffix(h.method, "*")
	return method == h.method || many && strings.HasPrefix(method, prefix)
}

// On runs do at the next calls of a method, so many, or at all of them when
// times is below 0. An error of do is the call's: before the store, the store
// does not see the call; behind it, what it did is done. It may panic.
// "Commit*" is every method whose name begins so.
func (s *Gates) On(side Side, method string, times int, do func(ctx context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, &hook{side: side, method: method, left: times, do: do})
}

// Clear takes all hooks away.
func (s *Gates) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = nil
}

// Calls counts the calls of a method so far, or of all methods for "".
func (s *Gates) Calls(method string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if method != "" {
		return s.calls[method]
	}
	for _, k := range s.calls {
		n += k
	}
	return n
}

// Gate holds calls.
type Gate struct {
	// Reached is closed when the first call waits.
	Reached chan struct{}
	open    chan struct{}
	reach   sync.Once
	let     sync.Once
}

// Open lets all calls pass, now and later.
func (g *Gate) Open() { g.let.Do(func() { close(g.open) }) }

// Hold lets the next calls of a method wait until the gate opens or their
// context ends.
func (s *Gates) Hold(side Side, method string, times int) *Gate {
	g := &Gate{Reached: make(chan struct{}), open: make(chan struct{})}
	s.On(side, method, times, func(ctx context.Context) error {
		g.reach.Do(func() { close(g.Reached) })
		select {
		case <-g.open:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return g
}

func (s *Gates) take(side Side, method string) (do []func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if side == Before {
		if s.calls == nil {
			s.calls = map[string]int{}
		}
		s.calls[method]++
	}
	for _, h := range s.hooks {
		if h.meets(side, method) {
			h.left--
			do = append(do, h.do)
		}
	}
	return do
}

func (s *Gates) meet(ctx context.Context, side Side, method string) error {
	for _, do := range s.take(side, method) {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// pass leads a call through its two gates.
func pass[T any](ctx context.Context, s *Store, method string, call func() (T, error)) (T, error) {
	var none T
	if err := s.meet(ctx, Before, method); err != nil {
		return none, err
	}
	v, err := call()
	if gate := s.meet(ctx, Behind, method); gate != nil {
		return none, gate
	}
	return v, err
}

// Commit is Committer.Commit.
func (s *Store) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	return pass(ctx, s, "Commit", func() (store.Committed, error) { return s.under.Commit(ctx, c) })
}

// CommitFirst is Committer.CommitFirst.
func (s *Store) CommitFirst(ctx context.Context, cs []*store.Change) (index int, done store.Committed, errs []error, err error) {
	if err := s.meet(ctx, Before, "CommitFirst"); err != nil {
		return -1, done, nil, err
	}
	index, done, errs, err = s.under.CommitFirst(ctx, cs)
	if gate := s.meet(ctx, Behind, "CommitFirst"); gate != nil {
		return -1, store.Committed{}, nil, gate
	}
	return index, done, errs, err
}

// CommitEach is Committer.CommitEach.
func (s *Store) CommitEach(ctx context.Context, cs []*store.Change) (done []store.Committed, errs []error) {
	if err := s.meet(ctx, Before, "CommitEach"); err != nil {
		return make([]store.Committed, len(cs)), all(len(cs), err)
	}
	done, errs = s.under.CommitEach(ctx, cs)
	if err := s.meet(ctx, Behind, "CommitEach"); err != nil {
		return make([]store.Committed, len(cs)), all(len(cs), err)
	}
	return done, errs
}

func all(n int, err error) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// Load is Reader.Load.
func (s *Store) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	return pass(ctx, s, "Load", func() (*store.Loaded, error) { return s.under.Load(ctx, q) })
}

// Admit is Reader.Admit.
func (s *Store) Admit(ctx context.Context, a store.Admission) (market.Admitted, error) {
	return pass(ctx, s, "Admit", func() (market.Admitted, error) { return s.under.Admit(ctx, a) })
}

// Tasks is Reader.Tasks.
func (s *Store) Tasks(ctx context.Context, ids []market.TaskID) ([]store.StoredTask, error) {
	return pass(ctx, s, "Tasks", func() ([]store.StoredTask, error) { return s.under.Tasks(ctx, ids) })
}

// TasksOf is Reader.TasksOf.
func (s *Store) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	return pass(ctx, s, "TasksOf", func() (store.TasksPage, error) { return s.under.TasksOf(ctx, q) })
}

// Agents is Reader.Agents.
func (s *Store) Agents(ctx context.Context, ids []market.AgentID) ([]*store.Agent, error) {
	return pass(ctx, s, "Agents", func() ([]*store.Agent, error) { return s.under.Agents(ctx, ids) })
}

// Ledger is Reader.Ledger.
func (s *Store) Ledger(ctx context.Context, q store.PageQuery) (store.LedgerPage, error) {
	return pass(ctx, s, "Ledger", func() (store.LedgerPage, error) { return s.under.Ledger(ctx, q) })
}

// Stats is Reader.Stats.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (store.StatsRow, error) {
	return pass(ctx, s, "Stats", func() (store.StatsRow, error) { return s.under.Stats(ctx, q) })
}

// TrustOf is Reader.TrustOf.
func (s *Store) TrustOf(ctx context.Context, q store.PageQuery) (store.TrustPage, error) {
	return pass(ctx, s, "TrustOf", func() (store.TrustPage, error) { return s.under.TrustOf(ctx, q) })
}

// Events is Reader.Events.
func (s *Store) Events(ctx context.Context, agent market.AgentID, after int64, limit int) (store.EventPage, error) {
	return pass(ctx, s, "Events", func() (store.EventPage, error) { return s.under.Events(ctx, agent, after, limit) })
}

// Reports is Reader.Reports.
func (s *Store) Reports(ctx context.Context, status market.ReportStatus, limit, offset int) (store.ReportPage, error) {
	return pass(ctx, s, "Reports", func() (store.ReportPage, error) { return s.under.Reports(ctx, status, limit, offset) })
}

// Feed is FeedReader.Feed.
func (s *Store) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	return pass(ctx, s, "Feed", func() (store.FeedPage, error) { return s.under.Feed(ctx, after, limit) })
}

// ScanOpen is FeedReader.ScanOpen.
func (s *Store) ScanOpen(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return pass(ctx, s, "ScanOpen", func() ([]store.StoredTask, error) { return s.under.ScanOpen(ctx, after, limit) })
}

// ScanTasks is FeedReader.ScanTasks.
func (s *Store) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return pass(ctx, s, "ScanTasks", func() ([]store.StoredTask, error) { return s.under.ScanTasks(ctx, after, limit) })
}

// ScanEnded is FeedReader.ScanEnded.
func (s *Store) ScanEnded(ctx context.Context, limit, offset int) ([]store.StoredTask, error) {
	return pass(ctx, s, "ScanEnded", func() ([]store.StoredTask, error) { return s.under.ScanEnded(ctx, limit, offset) })
}

// ScanAgents is FeedReader.ScanAgents.
func (s *Store) ScanAgents(ctx context.Context, after market.AgentID, limit int) ([]*store.Agent, error) {
	return pass(ctx, s, "ScanAgents", func() ([]*store.Agent, error) { return s.under.ScanAgents(ctx, after, limit) })
}

// Due is TimerQueue.Due.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (store.Agenda, error) {
	return pass(ctx, s, "Due", func() (store.Agenda, error) { return s.under.Due(ctx, now, limit) })
}

// Lease is TimerQueue.Lease.
func (s *Store) Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	return pass(ctx, s, "Lease", func() (bool, error) { return s.under.Lease(ctx, name, holder, now, until) })
}

// LeaseWebhooks is WebhookQueue.LeaseWebhooks.
func (s *Store) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	return pass(ctx, s, "LeaseWebhooks", func() ([]store.WebhookJob, error) { return s.under.LeaseWebhooks(ctx, now, until, limit) })
}

// FinishWebhook is WebhookQueue.FinishWebhook.
func (s *Store) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	return pass(ctx, s, "FinishWebhook", func() (bool, error) { return s.under.FinishWebhook(ctx, job, out) })
}

// DeadWebhooks is WebhookQueue.DeadWebhooks.
func (s *Store) DeadWebhooks(ctx context.Context, q store.PageQuery) (store.DeadPage, error) {
	return pass(ctx, s, "DeadWebhooks", func() (store.DeadPage, error) { return s.under.DeadWebhooks(ctx, q) })
}

// RedeliverWebhook is WebhookQueue.RedeliverWebhook.
func (s *Store) RedeliverWebhook(ctx context.Context, agent market.AgentID, seq int64, now time.Time) (bool, error) {
	return pass(ctx, s, "RedeliverWebhook", func() (bool, error) { return s.under.RedeliverWebhook(ctx, agent, seq, now) })
}

// Entries is Keeper.Entries.
func (s *Store) Entries(ctx context.Context, task market.TaskID, after string, limit int) (entries []store.Entry, next string, err error) {
	if err := s.meet(ctx, Before, "Entries"); err != nil {
		return nil, "", err
	}
	entries, next, err = s.under.Entries(ctx, task, after, limit)
	if gate := s.meet(ctx, Behind, "Entries"); gate != nil {
		return nil, "", gate
	}
	return entries, next, err
}

// EventLog is Keeper.EventLog.
func (s *Store) EventLog(ctx context.Context, after int64, limit int) (store.LogPage, error) {
	return pass(ctx, s, "EventLog", func() (store.LogPage, error) { return s.under.EventLog(ctx, after, limit) })
}

// Prune is Keeper.Prune.
func (s *Store) Prune(ctx context.Context, q store.PruneQuery) (market.Pruned, error) {
	return pass(ctx, s, "Prune", func() (market.Pruned, error) { return s.under.Prune(ctx, q) })
}

// Totals is Keeper.Totals.
func (s *Store) Totals(ctx context.Context) (store.Totals, error) {
	return pass(ctx, s, "Totals", func() (store.Totals, error) { return s.under.Totals(ctx) })
}

// Ping is Keeper.Ping.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	return pass(ctx, s, "Ping", func() (time.Time, error) { return s.under.Ping(ctx) })
}

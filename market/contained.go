package market

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// The parts of a market that a host program can replace are contained: a panic
// in one of them is logged and becomes an error, or costs latency, and never
// takes a caller's goroutine with it. An operation that was committed before
// the panic is still answered as committed.

// containedStore turns panics of a store into errors.
type containedStore struct {
	under Store
	log   *slog.Logger
}

func contain(s Store, log *slog.Logger) Store {
	if contained, ok := s.(containedStore); ok {
		return contained
	}
	return containedStore{s, log}
}

// broken is the error of a call that panicked: a bug in the program, not a
// store that is unreachable.
func broken(log *slog.Logger, what string, r any) *Error {
	cause := fmt.Errorf("panic in %s: %v", what, r)
	log.Error("a replaceable part of the market panicked", "part", what, "panic", fmt.Sprint(r))
	err := rules.Refuse(CodeInternal, "Something went wrong inside the server, try again shortly")
	err.RetryAfter, err.Cause = time.Second, cause
	return err
}

// catch is deferred by each method.
func (s containedStore) catch(method string, err *error) {
	if r := recover(); r != nil {
		*err = broken(s.log, "Store."+method, r)
	}
}

func (s containedStore) Commit(ctx context.Context, c *store.Change) (done store.Committed, err error) {
	defer s.catch("Commit", &err)
	return s.under.Commit(ctx, c)
}

func (s containedStore) CommitFirst(ctx context.Context, cs []*store.Change) (index int, done store.Committed, errs []error, err error) {
	defer func() {
		if r := recover(); r != nil {
			index, err = -1, broken(s.log, "Store.CommitFirst", r)
		}
	}()
	return s.under.CommitFirst(ctx, cs)
}

func (s containedStore) CommitEach(ctx context.Context, cs []*store.Change) (done []store.Committed, errs []error) {
	defer func() {
		if r := recover(); r != nil {
			done, errs = make([]store.Committed, len(cs)), make([]error, len(cs))
			for i := range errs {
				errs[i] = broken(s.log, "Store.CommitEach", r)
			}
		}
	}()
	return s.under.CommitEach(ctx, cs)
}

func (s containedStore) Load(ctx context.Context, q store.LoadQuery) (l *store.Loaded, err error) {
	defer s.catch("Load", &err)
	return s.under.Load(ctx, q)
}

func (s containedStore) Admit(ctx context.Context, a store.Admission) (admitted Admitted, err error) {
	defer s.catch("Admit", &err)
	return s.under.Admit(ctx, a)
}

func (s containedStore) Tasks(ctx context.Context, ids []TaskID) (tasks []store.StoredTask, err error) {
	defer s.catch("Tasks", &err)
	return s.under.Tasks(ctx, ids)
}

func (s containedStore) TasksOf(ctx context.Context, q store.TasksQuery) (page store.TasksPage, err error) {
	defer s.catch("TasksOf", &err)
	return s.under.TasksOf(ctx, q)
}

func (s containedStore) Agents(ctx context.Context, ids []AgentID) (agents []*store.Agent, err error) {
	defer s.catch("Agents", &err)
	return s.under.Agents(ctx, ids)
}

func (s containedStore) Ledger(ctx context.Context, q store.PageQuery) (page store.LedgerPage, err error) {
	defer s.catch("Ledger", &err)
	return s.under.Ledger(ctx, q)
}

func (s containedStore) Stats(ctx context.Context, q store.StatsQuery) (row store.StatsRow, err error) {
	defer s.catch("Stats", &err)
	return s.under.Stats(ctx, q)
}

func (s containedStore) TrustOf(ctx context.Context, q store.PageQuery) (page store.TrustPage, err error) {
	defer s.catch("TrustOf", &err)
	return s.under.TrustOf(ctx, q)
}

func (s containedStore) Events(ctx context.Context, agent AgentID, after int64, limit int) (page store.EventPage, err error) {
	defer s.catch("Events", &err)
	return s.under.Events(ctx, agent, after, limit)
}

func (s containedStore) Reports(ctx context.Context, status ReportStatus, limit, offset int) (page store.ReportPage, err error) {
	defer s.catch("Reports", &err)
	return s.under.Reports(ctx, status, limit, offset)
}

func (s containedStore) Feed(ctx context.Context, after store.Position, limit int) (page store.FeedPage, err error) {
	defer s.catch("Feed", &err)
	return s.under.Feed(ctx, after, limit)
}

func (s containedStore) ScanOpen(ctx context.Context, after int64, limit int) (tasks []store.StoredTask, err error) {
	defer s.catch("ScanOpen", &err)
	return s.under.ScanOpen(ctx, after, limit)
}

func (s containedStore) ScanTasks(ctx context.Context, after int64, limit int) (tasks []store.StoredTask, err error) {
	defer s.catch("ScanTasks", &err)
	return s.under.ScanTasks(ctx, after, limit)
}

func (s containedStore) ScanEnded(ctx context.Context, limit, offset int) (tasks []store.StoredTask, err error) {
	defer s.catch("ScanEnded", &err)
	return s.under.ScanEnded(ctx, limit, offset)
}

func (s containedStore) ScanAgents(ctx context.Context, after AgentID, limit int) (agents []*store.Agent, err error) {
	defer s.catch("ScanAgents", &err)
	return s.under.ScanAgents(ctx, after, limit)
}

func (s containedStore) Due(ctx context.Context, now time.Time, limit int) (agenda store.Agenda, err error) {
	defer s.catch("Due", &err)
	return s.under.Due(ctx, now, limit)
}

func (s containedStore) Lease(ctx context.Context, name, holder string, now, until time.Time) (mine bool, err error) {
	defer s.catch("Lease", &err)
	return s.under.Lease(ctx, name, holder, now, until)
}

func (s containedStore) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) (jobs []store.WebhookJob, err error) {
	defer s.catch("LeaseWebhooks", &err)
	return s.under.LeaseWebhooks(ctx, now, until, limit)
}

func (s containedStore) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (ok bool, err error) {
	defer s.catch("FinishWebhook", &err)
	return s.under.FinishWebhook(ctx, job, out)
}

func (s containedStore) DeadWebhooks(ctx context.Context, q store.PageQuery) (page store.DeadPage, err error) {
	defer s.catch("DeadWebhooks", &err)
	return s.under.DeadWebhooks(ctx, q)
}

func (s containedStore) RedeliverWebhook(ctx context.Context, agent AgentID, seq int64, now time.Time) (found bool, err error) {
	defer s.catch("RedeliverWebhook", &err)
	return s.under.RedeliverWebhook(ctx, agent, seq, now)
}

func (s containedStore) Entries(ctx context.Context, task TaskID, after string, limit int) (entries []store.Entry, next string, err error) {
	defer s.catch("Entries", &err)
	return s.under.Entries(ctx, task, after, limit)
}

func (s containedStore) EventLog(ctx context.Context, after int64, limit int) (page store.LogPage, err error) {
	defer s.catch("EventLog", &err)
	return s.under.EventLog(ctx, after, limit)
}

func (s containedStore) Prune(ctx context.Context, q store.PruneQuery) (pruned Pruned, err error) {
	defer s.catch("Prune", &err)
	return s.under.Prune(ctx, q)
}

func (s containedStore) Totals(ctx context.Context) (totals store.Totals, err error) {
	defer s.catch("Totals", &err)
	return s.under.Totals(ctx)
}

func (s containedStore) Ping(ctx context.Context) (at time.Time, err error) {
	defer s.catch("Ping", &err)
	return s.under.Ping(ctx)
}

// containedNotifier turns a panic into a lost wake-up, which only costs
// latency.
type containedNotifier struct {
	under Notifier
	log   *slog.Logger
}

func (n containedNotifier) catch(method string) {
	if r := recover(); r != nil {
		_ = broken(n.log, "Notifier."+method, r)
	}
}

func (n containedNotifier) Wake(agents ...AgentID) {
	defer n.catch("Wake")
	n.under.Wake(agents...)
}

func (n containedNotifier) Listen(agent AgentID) (wake <-chan struct{}, stop func()) {
	defer n.catch("Listen")
	stop = func() {}
	wake, under := n.under.Listen(agent)
	if under != nil {
		stop = func() {
			defer n.catch("stop")
			under()
		}
	}
	return wake, stop
}

func (n containedNotifier) FeedMoved() {
	defer n.catch("FeedMoved")
	n.under.FeedMoved()
}

func (n containedNotifier) FeedHints() (hints <-chan struct{}) {
	defer n.catch("FeedHints")
	return n.under.FeedHints()
}

// containedClock bridges a clock that panics: it adds the real time that has
// passed to the last instant that the clock gave.
type containedClock struct {
	under Clock
	log   *slog.Logger
	mu    *sync.Mutex
	last  *reading
}

// reading is an instant that a clock gave, and the real time at which it did.
type reading struct{ said, real time.Time }

func (c containedClock) Now() (now time.Time) {
	defer func() {
		if r := recover(); r != nil {
			_ = broken(c.log, "Clock.Now", r)
			now = c.estimate()
		}
	}()
	now = c.under.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.last = reading{said: now, real: time.Now()}
	return now
}

func (c containedClock) estimate() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.said.IsZero() {
		return time.Now()
	}
	return c.last.said.Add(time.Since(c.last.real))
}

func (c containedClock) After(d time.Duration) (after <-chan time.Time) {
	defer func() {
		if r := recover(); r != nil {
			_ = broken(c.log, "Clock.After", r)
			after = time.After(d)
		}
	}()
	return c.under.After(d)
}

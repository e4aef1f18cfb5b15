package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// queues edits what goes into the methods of scans, queues and the keeper, and what
// comes out of them.
type queues struct {
	store.Store
	ownTasks func(q *store.TasksQuery)
	ledger   func(p *store.LedgerPage)
	feed     func(p *store.FeedPage)
	open     func(page []store.StoredTask)
	everyone func(page []*store.Agent)
	dueAt    func(now time.Time) time.Time
	holder   func(name string) string
	held     func(bool) bool
	leasing  func(now, until *time.Time, limit *int)
	finished func(bool) bool
	outcome  func(out *store.WebhookOutcome)
	redone   func(bool) bool
	ofTask   func(id store.TaskID) store.TaskID
	entries  func(page []store.Entry) []store.Entry
	prune    func(q *store.PruneQuery)
	pruned   func(p *store.Pruned)
	totals   func(t *store.Totals)
	unwell   error
}

// oddQueues are stores that each break one promise about scans, queues or keeping.
var oddQueues = map[string]func(s store.Store) store.Store{
	"own tasks have any role":   editing(queues{ownTasks: func(q *store.TasksQuery) { q.Role = store.PartyAny }}),
	"own tasks have any status": editing(queues{ownTasks: func(q *store.TasksQuery) { q.Status = "" }}),
	"entries bear the balance before": editing(queues{ledger: func(p *store.LedgerPage) {
		p.Entries = rewriteEach(p.Entries, func(e *store.Entry) { e.Balance -= e.Signed() })
	}}),
	"entries bear no earnings": editing(queues{ledger: func(p *store.LedgerPage) {
		p.Entries = rewriteEach(p.Entries, func(e *store.Entry) { e.Earned = 0 })
	}}),
	"feed items bear no version": editing(queues{feed: func(p *store.FeedPage) {
		p.Items = rewriteEach(p.Items, func(i *store.FeedItem) { i.Version = 0 })
	}}),
	"scans of open tasks bring no texts": editing(queues{open: func(page []store.StoredTask) {
		for i := range page {
			page[i].Text = store.TaskText{}
		}
	}}),
	"scans of open tasks know no infra agents": editing(queues{open: func(page []store.StoredTask) {
		for i := range page {
			page[i].Infra = nil
		}
	}}),
	"agents are scanned backwards":      editing(queues{everyone: func(page []*store.Agent) { slices.Reverse(page) }}),
	"tasks are due a microsecond early": editing(queues{dueAt: func(now time.Time) time.Time { return now.Add(time.Microsecond) }}),

	"a lease has many holders":           editing(queues{held: func(bool) bool { return true }}),
	"a lease cannot be renewed":          editing(queues{holder: numbered()}),
	"a delivery is leased for good":      editing(queues{leasing: func(_, until *time.Time, _ *int) { *until = until.Add(10_000 * time.Hour) }}),
	"a delivery is not held":             editing(queues{leasing: func(now, until *time.Time, _ *int) { *until = *now }}),
	"deliveries are leased early":        editing(queues{leasing: func(now, _ *time.Time, _ *int) { *now = now.Add(time.Microsecond) }}),
	"deliveries know no limit":           editing(queues{leasing: func(_, _ *time.Time, limit *int) { *limit = 1_000 }}),
	"an old lease seems to count":        editing(queues{finished: func(bool) bool { return true }}),
	"what is not dead seems redelivered": editing(queues{redone: func(bool) bool { return true }}),
	"a store knows what gone means":      editing(queues{outcome: func(out *store.WebhookOutcome) { out.Delivered = out.Delivered || out.Gone }}),

	"entries of a task are all entries": editing(queues{ofTask: func(store.TaskID) store.TaskID { return "" }}),
	"what is nobody's is not in the books": editing(queues{entries: func(page []store.Entry) []store.Entry {
		return slices.DeleteFunc(slices.Clone(page), func(e store.Entry) bool { return e.Agent == "" })
	}}),
	"expired records are never pruned":          editing(queues{prune: func(q *store.PruneQuery) { q.Now = time.Time{} }}),
	"pruning takes events of the instant":       editing(queues{prune: func(q *store.PruneQuery) { q.EventsBefore = later(q.EventsBefore) }}),
	"pruning takes tasks of the instant":        editing(queues{prune: func(q *store.PruneQuery) { q.EndedBefore = later(q.EndedBefore) }}),
	"pruning takes dead letters of the instant": editing(queues{prune: func(q *store.PruneQuery) { q.DeadBefore = later(q.DeadBefore) }}),
	"pruning takes feed items of the instant":   editing(queues{prune: func(q *store.PruneQuery) { q.FeedBefore = later(q.FeedBefore) }}),
	"pruning never has more":                    editing(queues{pruned: func(p *store.Pruned) { p.More = false }}),
	"pruned events are not counted":             editing(queues{pruned: func(p *store.Pruned) { p.Events = 0 }}),
	"pruned tasks are not counted":              editing(queues{pruned: func(p *store.Pruned) { p.Tasks = 0 }}),
	"pruned dead letters are not counted":       editing(queues{pruned: func(p *store.Pruned) { p.Dead = 0 }}),
	"pruned feed items are not counted":         editing(queues{pruned: func(p *store.Pruned) { p.Feed = 0 }}),
	"totals know no escrow":                     editing(queues{totals: func(t *store.Totals) { t.Escrowed = 0 }}),
	"totals know no hires":                      editing(queues{totals: func(t *store.Totals) { t.Sealed = nil }}),
	"totals know no agents":                     editing(queues{totals: func(t *store.Totals) { t.Agents = 0 }}),
	"totals know no numbers":                    editing(queues{totals: func(t *store.Totals) { t.Seq = 0 }}),
	"a store that serves is unwell":             editing(queues{unwell: errors.New("unwell")}),
}

// later moves an instant that is set by a microsecond.
func later(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(time.Microsecond)
}

// numbered takes each call for another holder's.
func numbered() func(string) string {
	var n atomic.Int64
	return func(name string) string { return fmt.Sprint(name, n.Add(1)) }
}

func editing(q queues) func(store.Store) store.Store {
	return func(s store.Store) store.Store {
		q.Store = s
		return q
	}
}

// passed goes through a hook where there is one.
func passed[T any](v T, hook func(T) T) T {
	if hook != nil {
		return hook(v)
	}
	return v
}

func (s queues) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	return s.Store.TasksOf(ctx, with(q, s.ownTasks))
}

func (s queues) Ledger(ctx context.Context, q store.PageQuery) (store.LedgerPage, error) {
	p, err := s.Store.Ledger(ctx, q)
	return with(p, s.ledger), err
}

func (s queues) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	p, err := s.Store.Feed(ctx, after, limit)
	return with(p, s.feed), err
}

func (s queues) ScanOpen(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	page, err := s.Store.ScanOpen(ctx, after, limit)
	if page = slices.Clone(page); s.open != nil {
		s.open(page)
	}
	return page, err
}

func (s queues) ScanAgents(ctx context.Context, after store.AgentID, limit int) ([]*store.Agent, error) {
	page, err := s.Store.ScanAgents(ctx, after, limit)
	if page = slices.Clone(page); s.everyone != nil {
		s.everyone(page)
	}
	return page, err
}

func (s queues) Due(ctx context.Context, now time.Time, limit int) (store.Agenda, error) {
	return s.Store.Due(ctx, passed(now, s.dueAt), limit)
}

func (s queues) Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	ok, err := s.Store.Lease(ctx, name, passed(holder, s.holder), now, until)
	return passed(ok, s.held), err
}

func (s queues) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	if s.leasing != nil {
		s.leasing(&now, &until, &limit)
	}
	return s.Store.LeaseWebhooks(ctx, now, until, limit)
}

func (s queues) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	ok, err := s.Store.FinishWebhook(ctx, job, with(out, s.outcome))
	return passed(ok, s.finished), err
}

func (s queues) RedeliverWebhook(ctx context.Context, agent store.AgentID, seq int64, now time.Time) (bool, error) {
	ok, err := s.Store.RedeliverWebhook(ctx, agent, seq, now)
	return passed(ok, s.redone), err
}

func (s queues) Entries(ctx context.Context, task store.TaskID, after string, limit int) ([]store.Entry, string, error) {
	page, next, err := s.Store.Entries(ctx, passed(task, s.ofTask), after, limit)
	return passed(page, s.entries), next, err
}

func (s queues) Prune(ctx context.Context, q store.PruneQuery) (store.Pruned, error) {
	p, err := s.Store.Prune(ctx, with(q, s.prune))
	return with(p, s.pruned), err
}

func (s queues) Totals(ctx context.Context) (store.Totals, error) {
	t, err := s.Store.Totals(ctx)
	return with(t, s.totals), err
}

func (s queues) Ping(ctx context.Context) (time.Time, error) {
	at, err := s.Store.Ping(ctx)
	return at, errors.Join(err, s.unwell)
}

package sim

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// gate is a store in front of another one. Every call of an actor stops before it
// takes effect, and most stop again afterwards, done but not yet answered. The
// scheduler opens the gate for one call at a time, so that at any moment at most
// one thing happens in the whole marketplace.
type gate struct {
	under store.Store
	world *world
}

// side is where a call stops.
type side string

const (
	before side = "before"
	behind side = "behind"
)

// call is a call that stands at the gate.
type call struct {
	actor *actor
	// part is the part of a replica's background that calls, "" for an operation.
	part   string
	seq    int
	method string
	side   side
	open   chan error
}

// actor is somebody whose calls stop at the gate: one operation of an agent, or
// what a replica does by itself.
type actor struct {
	op      *Op
	replica *replica
	calls   int
	// now is the replica's clock when the actor began.
	now time.Time
	// faulted is set once a call was made to fail, unknown once one took effect
	// whose answer was lost.
	faulted, unknown bool
	// infra says that there is an infra agent.
	infra bool
	// dead actors belong to a replica that has crashed: nothing of theirs takes
	// effect any more.
	dead   bool
	cancel context.CancelFunc
	// began is the moment in which the actor began.
	began int
	// commits are what it has committed, in order.
	commits []*commit
	reply   *reply
	done    bool
	// end is the moment of its answer.
	end int
	// task is the task that it is about, as it was known at the begin.
	task store.TaskID
	// hungUp is set when the caller did not wait for the answer.
	hungUp bool
}

type actorKey struct{}

// as returns a context whose calls are the actor's.
func as(ctx context.Context, a *actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

func actorOf(ctx context.Context) *actor {
	a, _ := ctx.Value(actorKey{}).(*actor)
	return a
}

var (
	// errFault is what an injected fault says.
	errFault = errors.New("sim: the store does not answer")
	// errLoss makes a call lose what it has to tell.
	errLoss = errors.New("sim: the store has lost something")
	// errDead ends the calls of a replica that has crashed.
	errDead = errors.New("sim: the process is gone")
)

// part names the part of the background whose goroutine this is, by the outermost
// method of the market that it runs: the parts share one context.
func part() (name string) {
	var callers [40]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for {
		f, more := frames.Next()
		if _, method, found := strings.Cut(f.Function, "/market.(*Market)."); found && !strings.HasPrefix(method, "keep") {
			name = method
		}
		if !more {
			return name
		}
	}
}

// stop holds a call until the scheduler opens the gate for it.
func (g *gate) stop(ctx context.Context, method string, at side) error {
	a := actorOf(ctx)
	if a == nil || a.op != nil && a.op.Patience > 0 {
		// A wait for a task only reads, and when several things wake it at the same
		// time, chance decides which it sees first.
		return nil
	}
	return <-g.world.arrive(a, method, at)
}

// looks are the methods that change nothing that anybody else could see before the
// caller's next call: these need not stop a second time.
var looks = []string{"Load", "Events", "TasksOf", "Ledger", "Stats", "TrustOf", "Due", "Ping", "Reports"}

// pass takes a call through its gates.
func pass[T any](ctx context.Context, g *gate, method string, do func() (T, error)) (T, error) {
	var none T
	if err := g.stop(ctx, method, before); err != nil {
		return none, err
	}
	v, err := do()
	if slices.Contains(looks, method) {
		return v, err
	}
	if lost := g.stop(ctx, method, behind); lost != nil {
		return none, lost
	}
	return v, err
}

func (g *gate) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	return pass(ctx, g, "Commit", func() (done store.Committed, err error) {
		g.world.taking(func() {
			if done, err = g.under.Commit(ctx, c); err == nil {
				g.world.committed(actorOf(ctx), c, done)
			} else {
				g.world.refused(actorOf(ctx), err)
			}
		})
		return done, err
	})
}

// first is the answer of CommitFirst.
type first struct {
	index int
	done  store.Committed
	errs  []error
}

func (g *gate) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	f, err := pass(ctx, g, "CommitFirst", func() (f first, err error) {
		g.world.taking(func() {
			if f.index, f.done, f.errs, err = g.under.CommitFirst(ctx, cs); err == nil && f.index >= 0 {
				g.world.committed(actorOf(ctx), cs[f.index], f.done)
			}
			g.world.refused(actorOf(ctx), f.errs...)
		})
		return f, err
	})
	if err != nil {
		return -1, store.Committed{}, nil, err
	}
	return f.index, f.done, f.errs, nil
}

func (g *gate) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	var errs []error
	done, err := pass(ctx, g, "CommitEach", func() (done []store.Committed, _ error) {
		g.world.taking(func() {
			done, errs = g.under.CommitEach(ctx, cs)
			for i := range cs {
				if errs[i] == nil {
					g.world.committed(actorOf(ctx), cs[i], done[i])
				}
			}
			g.world.refused(actorOf(ctx), errs...)
		})
		return done, nil
	})
	if err != nil {
		return make([]store.Committed, len(cs)), slices.Repeat([]error{err}, len(cs))
	}
	return done, errs
}

func (g *gate) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	return pass(ctx, g, "Load", func() (*store.Loaded, error) { return g.under.Load(ctx, q) })
}

func (g *gate) Admit(ctx context.Context, a store.Admission) (store.Admitted, error) {
	return pass(ctx, g, "Admit", func() (store.Admitted, error) { return g.under.Admit(ctx, a) })
}

func (g *gate) Tasks(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
	return pass(ctx, g, "Tasks", func() ([]store.StoredTask, error) { return g.under.Tasks(ctx, ids) })
}

func (g *gate) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	return pass(ctx, g, "TasksOf", func() (store.TasksPage, error) { return g.under.TasksOf(ctx, q) })
}

func (g *gate) Agents(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
	return pass(ctx, g, "Agents", func() ([]*store.Agent, error) { return g.under.Agents(ctx, ids) })
}

func (g *gate) Ledger(ctx context.Context, q store.PageQuery) (store.LedgerPage, error) {
	return pass(ctx, g, "Ledger", func() (store.LedgerPage, error) { return g.under.Ledger(ctx, q) })
}

func (g *gate) Stats(ctx context.Context, q store.StatsQuery) (store.StatsRow, error) {
	return pass(ctx, g, "Stats", func() (store.StatsRow, error) { return g.under.Stats(ctx, q) })
}

func (g *gate) TrustOf(ctx context.Context, q store.PageQuery) (store.TrustPage, error) {
	return pass(ctx, g, "TrustOf", func() (store.TrustPage, error) { return g.under.TrustOf(ctx, q) })
}

func (g *gate) Events(ctx context.Context, agent store.AgentID, after int64, limit int) (store.EventPage, error) {
	return pass(ctx, g, "Events", func() (store.EventPage, error) { return g.under.Events(ctx, agent, after, limit) })
}

func (g *gate) Reports(ctx context.Context, status store.ReportStatus, limit, offset int) (store.ReportPage, error) {
	return pass(ctx, g, "Reports", func() (store.ReportPage, error) { return g.under.Reports(ctx, status, limit, offset) })
}

// Feed may lose what it has to tell, as the feed of a store does that was restored in
// part.
func (g *gate) Feed(ctx context.Context, after store.Position, limit int) (p store.FeedPage, err error) {
	stopped := g.stop(ctx, "Feed", before)
	if stopped != nil && !errors.Is(stopped, errLoss) {
		return p, stopped
	}
	if p, err = g.under.Feed(ctx, after, limit); stopped != nil {
		p.Items = nil
	}
	if lost := g.stop(ctx, "Feed", behind); lost != nil {
		return store.FeedPage{}, lost
	}
	return p, err
}

func (g *gate) ScanOpen(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return pass(ctx, g, "ScanOpen", func() ([]store.StoredTask, error) { return g.under.ScanOpen(ctx, after, limit) })
}

func (g *gate) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return pass(ctx, g, "ScanTasks", func() ([]store.StoredTask, error) { return g.under.ScanTasks(ctx, after, limit) })
}

func (g *gate) ScanEnded(ctx context.Context, limit, offset int) ([]store.StoredTask, error) {
	return pass(ctx, g, "ScanEnded", func() ([]store.StoredTask, error) { return g.under.ScanEnded(ctx, limit, offset) })
}

func (g *gate) ScanAgents(ctx context.Context, after store.AgentID, limit int) ([]*store.Agent, error) {
	return pass(ctx, g, "ScanAgents", func() ([]*store.Agent, error) { return g.under.ScanAgents(ctx, after, limit) })
}

func (g *gate) Due(ctx context.Context, now time.Time, limit int) (store.Agenda, error) {
	return pass(ctx, g, "Due", func() (store.Agenda, error) { return g.under.Due(ctx, now, limit) })
}

func (g *gate) Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	return pass(ctx, g, "Lease", func() (bool, error) { return g.under.Lease(ctx, name, holder, now, until) })
}

func (g *gate) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	return pass(ctx, g, "LeaseWebhooks", func() ([]store.WebhookJob, error) { return g.under.LeaseWebhooks(ctx, now, until, limit) })
}

func (g *gate) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	return pass(ctx, g, "FinishWebhook", func() (bool, error) { return g.under.FinishWebhook(ctx, job, out) })
}

func (g *gate) DeadWebhooks(ctx context.Context, q store.PageQuery) (store.DeadPage, error) {
	return pass(ctx, g, "DeadWebhooks", func() (store.DeadPage, error) { return g.under.DeadWebhooks(ctx, q) })
}

func (g *gate) RedeliverWebhook(ctx context.Context, agent store.AgentID, seq int64, now time.Time) (bool, error) {
	return pass(ctx, g, "RedeliverWebhook", func() (bool, error) { return g.under.RedeliverWebhook(ctx, agent, seq, now) })
}

// page is the answer of Entries.
type page struct {
	entries []store.Entry
	next    string
}

func (g *gate) Entries(ctx context.Context, task store.TaskID, after string, limit int) ([]store.Entry, string, error) {
	p, err := pass(ctx, g, "Entries", func() (p page, err error) {
		p.entries, p.next, err = g.under.Entries(ctx, task, after, limit)
		return p, err
	})
	return p.entries, p.next, err
}

func (g *gate) EventLog(ctx context.Context, after int64, limit int) (store.LogPage, error) {
	return pass(ctx, g, "EventLog", func() (store.LogPage, error) { return g.under.EventLog(ctx, after, limit) })
}

func (g *gate) Prune(ctx context.Context, q store.PruneQuery) (store.Pruned, error) {
	return pass(ctx, g, "Prune", func() (p store.Pruned, err error) {
		g.world.taking(func() {
			if p, err = g.under.Prune(ctx, q); err == nil {
				g.world.pruned(q)
			}
		})
		return p, err
	})
}

func (g *gate) Totals(ctx context.Context) (store.Totals, error) {
	return pass(ctx, g, "Totals", func() (store.Totals, error) { return g.under.Totals(ctx) })
}

func (g *gate) Ping(ctx context.Context) (time.Time, error) {
	return pass(ctx, g, "Ping", func() (time.Time, error) { return g.under.Ping(ctx) })
}

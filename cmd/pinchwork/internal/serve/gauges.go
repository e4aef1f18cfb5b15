package serve

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// lookFor bounds what a scrape waits for the store, and keepLook is how long its
	// answer serves further scrapes.
	lookFor  = 2 * time.Second
	keepLook = 5 * time.Second
)

// gauges show at each scrape what the store counts: all of it is kept in counters and
// indexes, so that a scrape costs a few reads however much is stored.
type gauges struct {
	store  store.Store
	market *market.Market
	log    *slog.Logger

	looking atomic.Bool
	last    atomic.Pointer[numbers]
}

// numbers are what one look found.
type numbers struct {
	at     time.Time
	totals store.Totals
	oldest time.Duration
	// audit is the latest that anybody has made, if audited.
	audit   market.AuditNote
	audited bool
	// dead is how many dead webhooks wait for an operator, up to 100.
	dead int
	err  error
}

// observe registers the gauges with a provider of meters.
func observe(provider metric.MeterProvider, s store.Store, m *market.Market, version, kind string, log *slog.Logger) error {
	g := &gauges{store: s, market: m, log: log}
	in := provider.Meter("github.com/pinchwork/pinchwork/cmd/pinchwork")
	var errs [9]error
	gauge := func(i int, name, unit, help string) metric.Int64ObservableGauge {
		out, err := in.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(help))
		errs[i] = err
		return out
	}
	build := gauge(0, "pinchwork.build.info", "", "1, with the version of the program and of Go, and the kind of store")
	up := gauge(1, "pinchwork.store.up", "", "1 while the store answers, else 0")
	tasks := gauge(2, "pinchwork.tasks", "", "Tasks by status, as the store counts them")
	agents := gauge(3, "pinchwork.agents", "", "Agents ever registered")
	escrow := gauge(4, "pinchwork.credits.escrowed", "", "Credits in escrow")
	oldest, err := in.Float64ObservableGauge("pinchwork.webhook.overdue", metric.WithUnit("s"),
		metric.WithDescription("How long the longest waiting delivery to a webhook has been due, 0 when none is"))
	errs[5] = err
	problems := gauge(6, "pinchwork.audit.problems", "", "Accounts and totals that did not agree in the latest audit of the marketplace")
	audited, err := in.Float64ObservableGauge("pinchwork.audit.timestamp", metric.WithUnit("s"),
		metric.WithDescription("When that was, in seconds since 1970"))
	errs[7] = err
	dead := gauge(8, "pinchwork.webhook.dead", "", "Deliveries to webhooks that failed for good and that no operator has marked as seen, up to 100")
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	named := metric.WithAttributes(attribute.String("version", version), attribute.String("go", runtime.Version()), attribute.String("store", kind))
	_, err = in.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		o.ObserveInt64(build, 1, named)
		n := g.look(ctx)
		if n.err != nil {
			o.ObserveInt64(up, 0)
			return nil
		}
		o.ObserveInt64(up, 1)
		for status, count := range n.totals.All() {
			o.ObserveInt64(tasks, count, metric.WithAttributes(attribute.String("status", string(status))))
		}
		o.ObserveInt64(agents, n.totals.Agents)
		o.ObserveInt64(escrow, n.totals.Escrowed)
		o.ObserveFloat64(oldest, n.oldest.Seconds())
		o.ObserveInt64(dead, int64(n.dead))
		if n.audited {
			o.ObserveInt64(problems, int64(n.audit.Problems))
			o.ObserveFloat64(audited, float64(n.audit.At.UnixMilli())/1000)
		}
		return nil
	}, build, up, tasks, agents, escrow, oldest, problems, audited, dead)
	return err
}

// look asks the store, or repeats what it said a moment ago. Only one scrape asks at a
// time.
func (g *gauges) look(ctx context.Context) *numbers {
	last := g.last.Load()
	if last != nil && (time.Since(last.at) < keepLook || !g.looking.CompareAndSwap(false, true)) {
		return last
	}
	defer g.looking.Store(false)
	n := g.ask(ctx)
	g.last.Store(n)
	if was := last != nil && last.err != nil; was != (n.err != nil) {
		g.say(n.err)
	}
	return n
}

func (g *gauges) say(err error) {
	if err != nil {
		g.log.Debug("the store's numbers cannot be read for the metrics", "error", err)
		return
	}
	g.log.Debug("the store's numbers can be read for the metrics again")
}

func (g *gauges) ask(ctx context.Context) *numbers {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	totals, err := g.store.Totals(ctx)
	if err != nil {
		return &numbers{at: time.Now(), err: err}
	}
	now := g.market.Now()
	agenda, err := g.store.Due(ctx, now, 1)
	if err != nil {
		return &numbers{at: time.Now(), err: err}
	}
	n := &numbers{at: time.Now(), totals: totals}
	if n.audit, n.audited, n.err = g.market.LatestAudit(ctx); n.err == nil {
		var dead market.DeadOverview
		dead, n.err = g.market.DeadOverview(ctx)
		n.dead = dead.Waiting
	}
	if due := agenda.NextWebhook; !due.IsZero() && due.Before(now) {
		n.oldest = now.Sub(due)
	}
	return n
}

package notify

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/pinchwork/pinchwork/store"
)

// panics is a part that panics a few times.
type panics struct{ left atomic.Int64 }

func (p *panics) maybe() {
	if p.left.Add(-1) >= 0 {
		panic("of a part that was plugged in")
	}
}

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// shaky is a queue whose parts panic.
type shaky struct {
	*world
	now, lease, finish panics
}

func (q *shaky) Now() time.Time {
	q.now.maybe()
	return q.world.Now()
}

func (q *shaky) LeaseWebhooks(ctx context.Context, lease time.Duration, limit int) ([]store.WebhookJob, error) {
	q.lease.maybe()
	return q.world.LeaseWebhooks(ctx, lease, limit)
}

func (q *shaky) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	q.finish.maybe()
	return q.world.FinishWebhook(ctx, job, out)
}

type shakyTransport struct {
	panics
	http.RoundTripper
}

func (t *shakyTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	t.maybe()
	return t.RoundTripper.RoundTrip(req)
}

// shakyMeters count by panicking.
type (
	shakyMeters  struct{ noop.MeterProvider }
	shakyMeter   struct{ noop.Meter }
	shakyCounter struct{ noop.Int64Counter }
)

func (shakyMeters) Meter(string, ...metric.MeterOption) metric.Meter { return shakyMeter{} }

func (shakyMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return shakyCounter{}, nil
}

func (shakyCounter) Add(context.Context, int64, ...metric.AddOption) { panic("of an observer") }

// Whatever panics under the deliverer is logged, and deliveries go on.
func TestDeliveriesSurvivePanics(t *testing.T) {
	for name, shake := range map[string]func(*shaky, *shakyTransport){
		"the transport":     func(_ *shaky, t *shakyTransport) { t.left.Store(2) },
		"FinishWebhook":     func(q *shaky, _ *shakyTransport) { q.finish.left.Store(2) },
		"LeaseWebhooks":     func(q *shaky, _ *shakyTransport) { q.lease.left.Store(2) },
		"the clock":         func(q *shaky, _ *shakyTransport) { q.now.left.Store(1) },
		"the clock, often":  func(q *shaky, _ *shakyTransport) { q.now.left.Store(4) },
		"an observer alone": func(*shaky, *shakyTransport) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r, log := newWorld(t), newReceiver(t, nil), &logged{}
			q, transport := &shaky{world: w}, &shakyTransport{RoundTripper: newTransport(true, nil)}
			shake(q, transport)
			hooks := NewWebhooks(WebhookOptions{
				AllowPrivate: true, Logger: log.logger(), Transport: transport, Wake: w.wake, MeterProvider: shakyMeters{},
			})
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { _ = hooks.Deliver(ctx, q) })
			defer running.Wait()
			defer cancel()
			w.agent("ag-1", r.URL, "")
			w.tell("ag-1", 1)
			eventually(t, "it is delivered all the same", func() bool {
				w.pass(time.Second)
				out := w.finished()
				return len(out) > 0 && out[len(out)-1].Delivered
			})
			// It is written once the panic is over, which may be after another try.
			eventually(t, "the log tells of the panic", func() bool { return strings.Contains(log.String(), "panic") })
		})
	}
}

// shakyRelay panics a few times before it works.
type shakyRelay struct {
	*bus
	publish, subscribe panics
}

func (r *shakyRelay) Publish(ctx context.Context, messages []string) error {
	r.publish.maybe()
	return r.bus.Publish(ctx, messages)
}

func (r *shakyRelay) Subscribe(ctx context.Context, hear func(message string)) error {
	r.subscribe.maybe()
	return r.bus.Subscribe(ctx, hear)
}

// A relay that panics costs a hub some time, and nobody else anything.
func TestRelayedHubSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, log := &shakyRelay{bus: newBus(t)}, &logged{}
		for _, p := range []*panics{&relay.publish, &relay.subscribe} {
			p.left.Store(2)
		}
		here, there := NewRelayedHub(relay, WithLogger(log.logger())), NewRelayedHub(relay)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { here.serve(ctx) })
		all.Go(func() { there.serve(ctx) })
		wake, stop := there.Listen("ag-1")
		defer stop()
		here.Wake("ag-1")
		<-time.After(10 * time.Second)
		woken(wake)
		here.Wake("ag-1")
		<-time.After(10 * time.Second)
		if !woken(wake) {
			t.Error("hints are not sent any more")
		}
		if !strings.Contains(log.String(), "panic") {
			t.Errorf("the log says nothing of a panic: %s", log)
		}
		cancel()
		all.Wait()
	})
}

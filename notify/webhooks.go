package notify

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// WebhookOptions are the settings of Webhooks. The zero value has the defaults
// of rule 12.2.
type WebhookOptions struct {
	// MaxRetries is how often a failed delivery is tried again; 3 when nil, and 0
	// means a single attempt.
	MaxRetries *int
	// Timeout bounds one attempt, from resolving the host to the answer's
	// headers; 10 s when 0.
	Timeout time.Duration
	// AllowPrivate lets webhooks go to http, to any port and any address. It is
	// for tests and closed networks: with it, agents can make this process call
	// what only this process can reach.
	AllowPrivate bool
	// Concurrency bounds the attempts under way at once; 64 when 0.
	Concurrency int
	// Wake, when not nil, receives when there may be something to deliver:
	// Hub.Activity. Without it, or Follow, events leave within a second of
	// being written.
	Wake <-chan struct{}
	// Logger is silent when nil. It never gets a URL or a secret.
	Logger *slog.Logger
	// MeterProvider counts and times attempts when not nil.
	MeterProvider metric.MeterProvider
	// Transport replaces the guarded transport, and with it the guard. It is for
	// tests.
	Transport http.RoundTripper
}

// Queue is where deliveries come from. *market.Market is one. Errors mean that
// the store cannot be reached for now.
type Queue interface {
	// Now and After are the market's clock.
	Now() time.Time
	After(d time.Duration) <-chan time.Time
	// LeaseWebhooks takes at most limit due deliveries, for no longer than lease.
	LeaseWebhooks(ctx context.Context, lease time.Duration, limit int) ([]store.WebhookJob, error)
	// FinishWebhook records how an attempt ended; false when the lease was lost.
	FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error)
}

// Webhooks delivers events to the agents that have a webhook (rule 12.1):
// at least once, each by one process at a time. A delivery is a POST of
//
//	{"event": "task_delivered", "task_id": "tk-…", "data": {…}, "timestamp": "2025-01-15T10:30:00Z"}
//
// with the headers HeaderSignature, HeaderEventID and HeaderEvent. An answer
// of 2xx within Timeout delivers it. Anything else, redirects included, is a failure:
// it is tried again after about 1, 2 and 4 seconds, then kept as a dead letter
// that its owner can look at and redeliver.
//
// The queue is in the store. A process that dies delays its deliveries for the
// rest of their lease, which is Timeout and 5 s. An endpoint that hangs or
// fails gets one attempt at a time and cannot hold up others.
//
// The host is resolved and its addresses are checked for each attempt: only
// public ones are dialed, unless AllowPrivate.
type Webhooks struct {
	maxRetries  int
	timeout     time.Duration
	private     bool
	concurrency int
	wake        <-chan struct{}
	log         *slog.Logger
	client      *http.Client
	observe     observer
}

var _ market.Background = (*Webhooks)(nil)

// The defaults of WebhookOptions.
const (
	defaultRetries     = 3
	defaultTimeout     = 10 * time.Second
	defaultConcurrency = 64
)

// NewWebhooks returns Webhooks that deliver while Run runs. It starts nothing.
func NewWebhooks(opts WebhookOptions) *Webhooks {
	w := &Webhooks{
		maxRetries: defaultRetries, timeout: defaultTimeout, concurrency: defaultConcurrency,
		private: opts.AllowPrivate, wake: opts.Wake, log: opts.Logger, observe: newObserver(opts.MeterProvider),
	}
	if opts.MaxRetries != nil {
		w.maxRetries = max(0, *opts.MaxRetries)
	}
	if opts.Timeout > 0 {
		w.timeout = opts.Timeout
	}
	if opts.Concurrency > 0 {
		w.concurrency = opts.Concurrency
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	transport := opts.Transport
	if transport == nil {
		transport = newTransport(w.private, nil)
	}
	w.client = newClient(transport)
	return w
}

// Follow makes the hub wake the Webhooks, unless WebhookOptions.Wake was given.
// Call it before Run. A hub can wake only one Webhooks.
func (w *Webhooks) Follow(hub interface{ Activity() <-chan struct{} }) {
	if w.wake == nil {
		w.wake = hub.Activity()
	}
}

// Run delivers what is due in the market until ctx ends, and returns nil.
// Attempts under way then get 2 s to end; what is cut off is delivered again once
// its lease is over, without counting as an attempt. market.Market.Run calls it,
// and tells it of deliveries that are due without a wake-up.
func (w *Webhooks) Run(ctx context.Context, m *market.Market) error {
	return w.dispatch(ctx, m, m.WebhooksDue())
}

// Deliver is Run for any queue. Without wake-ups it looks at the queue once a
// second.
func (w *Webhooks) Deliver(ctx context.Context, queue Queue) error {
	return w.dispatch(ctx, queue, nil)
}

// dispatch delivers from the queue. found receives when deliveries are due; nil
// for a queue that does not tell.
func (w *Webhooks) dispatch(ctx context.Context, queue Queue, found <-chan struct{}) error {
	for ctx.Err() == nil {
		if survives(w.log, "the deliverer of webhooks", func() { newDispatcher(w, queue, found).run(ctx) }) {
			break
		}
		sleep(ctx, leaseEvery)
	}
	return nil
}

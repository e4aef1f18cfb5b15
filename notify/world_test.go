package notify

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"go.uber.org/goleak"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start is the instant at which every test's world begins.
var start = time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)

// world is a market on a fake clock whose webhook outcomes are recorded.
type world struct {
	t     *testing.T
	clock *clock.Mock
	store *memory.Store
	*market.Market
	wake chan struct{}

	mu       sync.Mutex
	outcomes []store.WebhookOutcome
	refuse   func() error // fails FinishWebhook when not nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	mock := clock.NewMock()
	mock.Set(start)
	store := memory.New()
	m, err := market.New(market.Config{Store: store, Clock: mock})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, clock: mock, store: store, Market: m, wake: make(chan struct{}, 1)}
}

// FinishWebhook records what the market is told.
func (w *world) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		if err := w.refuse(); err != nil {
			return false, err
		}
	}
	w.outcomes = append(w.outcomes, out)
	return w.Market.FinishWebhook(ctx, job, out)
}

func (w *world) finished() []store.WebhookOutcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]store.WebhookOutcome(nil), w.outcomes...)
}

// agent adds an agent with a webhook.
func (w *world) agent(id market.AgentID, url, secret string) {
	w.t.Helper()
	w.commit(&store.Change{Agents: []store.AgentWrite{{New: w.profile(id, url, secret), Key: market.APIKey(id).Digest()}}})
}

func (w *world) profile(id market.AgentID, url, secret string) *store.Profile {
	return &store.Profile{ID: id, Version: 1, Name: string(id), WebhookURL: url, WebhookSecret: secret, CreatedAt: start}
}

// tell writes n events for the agent and wakes the deliverer.
func (w *world) tell(id market.AgentID, n int) {
	w.t.Helper()
	c := &store.Change{}
	for range n {
		c.Events = append(c.Events, market.Event{
			Agent: id, Type: store.EventTaskDelivered, Task: "tk-1", At: w.Now(),
		})
	}
	w.commit(c)
	signal(w.wake)
}

func (w *world) commit(c *store.Change) {
	w.t.Helper()
	c.At = w.Now()
	if _, err := w.store.Commit(context.Background(), c); err != nil {
		w.t.Fatal(err)
	}
}

// pass lets time pass, and wakes the deliverer after it.
func (w *world) pass(d time.Duration) {
	w.clock.Set(w.clock.Now().Add(d))
	signal(w.wake)
}

// deliver runs Webhooks until the test ends, or stop is called.
func (w *world) deliver(opts WebhookOptions) (stop func()) {
	opts.Wake = w.wake
	return w.run(NewWebhooks(opts))
}

func (w *world) run(hooks *Webhooks) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := hooks.Deliver(ctx, w); err != nil {
			w.t.Errorf("Deliver = %v, want nil", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) dead(id market.AgentID) []store.DeadWebhook {
	w.t.Helper()
	page, err := w.store.DeadWebhooks(context.Background(), store.PageQuery{Agent: id, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Dead
}

// eventually polls for a condition, for ten seconds at most.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
		pollInterval()
	}
}

func pollInterval() { <-time.After(2 * time.Millisecond) }

// received is a request that a receiver got.
type received struct {
	header http.Header
	body   []byte
}

// receiver is an endpoint that keeps what it gets and answers as told.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer http.HandlerFunc
}

// newReceiver starts a receiver; a nil answer is 204.
func newReceiver(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	if answer == nil {
		answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	}
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.got = append(r.got, received{header: req.Header, body: body})
	r.mu.Unlock()
	r.answer(w, req)
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

func (r *receiver) count() int { return len(r.all()) }

// status answers with a code.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// hang answers when the test is over.
func hang(t *testing.T) http.HandlerFunc {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-over:
		case <-req.Context().Done():
		}
	}
}

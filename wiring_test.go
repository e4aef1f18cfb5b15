package pinchwork_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

func TestMain(m *testing.M) { os.Exit(everystore.Main(m)) }

// relay carries messages between the hubs of one process, and loses none.
type relay struct {
	mu   sync.Mutex
	hear map[int]func(message string)
}

func (r *relay) Publish(_ context.Context, messages []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, hear := range r.hear {
		for _, message := range messages {
			hear(message)
		}
	}
	return nil
}

func (r *relay) Subscribe(ctx context.Context, hear func(message string)) error {
	r.mu.Lock()
	if r.hear == nil {
		r.hear = map[int]func(string){}
	}
	id := len(r.hear)
	r.hear[id] = hear
	hear("")
	r.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// deaf is a notifier that knows nothing of webhooks.
type deaf struct{ market.Notifier }

// run runs a market until the test ends.
func run(t *testing.T, m *market.Market) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// endpoint is a webhook that tells of each request.
func endpoint(t *testing.T) (url string, called <-chan string) {
	t.Helper()
	calls := make(chan string, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls <- r.Header.Get(notify.HeaderEvent)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

// private lets webhooks call the tests' own endpoints.
func private(p *market.Policy) { p.PrivateWebhooks = true }

// Each commit wakes the deliverer of webhooks: on a clock that stands still, on
// which no timer ever fires, a delivery begins all the same, whoever committed
// and whatever notifier there is.
func TestCommitsWakeTheWebhooks(t *testing.T) {
	for _, kind := range everystore.Kinds() {
		for name, notifiers := range map[string]func() (delivering, other market.Notifier){
			"New alone":                func() (_, _ market.Notifier) { return nil, nil },
			"a notifier of the user's": func() (_, _ market.Notifier) { return deaf{notify.NewHub()}, nil },
			"another process": func() (_, _ market.Notifier) {
				r := &relay{}
				return notify.NewRelayedHub(r), notify.NewRelayedHub(r)
			},
		} {
			t.Run(kind.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				kept, clock := kind.Open(t), markettest.NewClock(markettest.Start)
				options := []pinchwork.Option{pinchwork.WithStore(kept), pinchwork.WithClock(clock), pinchwork.WithPolicy(private)}
				delivering, other := notifiers()
				first := options
				if delivering != nil {
					first = append(first, pinchwork.WithNotifier(delivering))
				}
				m := must(t, first...)
				run(t, m)
				writer := m
				if other != nil {
					writer = must(t, append(options, pinchwork.WithNotifier(other), pinchwork.WithWebhooks(nil))...)
					run(t, writer)
				}
				url, called := endpoint(t)
				ada, err := writer.Register(t.Context(), market.RegisterInput{Name: "ada", WebhookURL: url})
				if err != nil {
					t.Fatal(err)
				}
				bob, err := writer.Register(t.Context(), market.RegisterInput{Name: "bob"})
				if err != nil {
					t.Fatal(err)
				}
				task, err := writer.As(ada.AgentID).Post(t.Context(), market.PostInput{Need: "task"})
				if err != nil {
					t.Fatal(err)
				}
				for range 3 { // also once the first look at the queue is long over
					if _, err := writer.As(bob.AgentID).Ask(t.Context(), task.TaskID, "why?"); err != nil {
						t.Fatal(err)
					}
					if got := <-called; got != string(store.EventTaskQuestion) {
						t.Errorf("called with %s", got)
					}
				}
			})
		}
	}
}

func must(t *testing.T, options ...pinchwork.Option) *market.Market {
	t.Helper()
	m, err := pinchwork.New(options...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// work is a Background whose values cannot be compared.
type work struct {
	market.Notifier
	ran []chan struct{}
}

func (w work) Run(ctx context.Context, _ *market.Market) error {
	w.ran[0] <- struct{}{}
	<-ctx.Done()
	return nil
}

// An embedder builds its options by conditions: a nil one, or a nil part, is none.
func TestNilOptionsAreNone(t *testing.T) {
	w := work{notify.NewHub(), []chan struct{}{make(chan struct{}, 2)}}
	m, err := pinchwork.New(nil, pinchwork.WithBackground(nil, w), pinchwork.WithNotifier(w), pinchwork.WithStore(nil),
		pinchwork.WithClock(nil), pinchwork.WithMatcher(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, m)
	<-w.ran[0]
	if _, err := m.Register(t.Context(), market.RegisterInput{Name: "ada"}); err != nil {
		t.Error(err)
	}
	if _, err := pinchwork.New(pinchwork.WithNotifier(nil)); err != nil {
		t.Error(err)
	}
	if _, err := httpclient.New("http://127.0.0.1:1", "pwk-x", nil); err != nil {
		t.Error(err)
	}
	if _, err := httpclient.NewAdmin("http://127.0.0.1:1", "key", nil); err != nil {
		t.Error(err)
	}
	files, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "market.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	server, err := redis.Open(t.Context(), "redis://"+redistest.Mini(t).Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	k := markettest.New(t, nil)
	ada := k.Agent("ada", nil)
	if id := ada.Post("task", nil); ada.Task(id).Need != "task" {
		t.Error("nothing is posted")
	}
	_ = notify.NewRelayedHub(&relay{}, nil)
}

package httpserver

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store"
)

// on is the same person at another replica.
func (p *person) on(s *site) *person {
	other := *p
	other.site = s
	return &other
}

// bus is a store.Relay between replicas in one process.
type bus struct {
	mu   sync.Mutex
	ears []func(message string)
}

func (b *bus) Publish(_ context.Context, messages []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, hear := range b.ears {
		for _, message := range messages {
			hear(message)
		}
	}
	return nil
}

func (b *bus) Subscribe(ctx context.Context, hear func(message string)) error {
	b.mu.Lock()
	b.ears = append(b.ears, hear)
	b.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

// following makes a site whose market runs, so that it hears what others do.
func following(t *testing.T, o Options, with pinchwork.Option, relay store.Relay) *site {
	t.Helper()
	s := newSite(t, o, with, pinchwork.WithNotifier(notify.NewRelayedHub(relay)))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.market.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

// Limits, idempotency keys, tasks and keys of agents are those of the store,
// whichever replica is asked.
func TestReplicasShareWhatIsInTheStore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, with pinchwork.Option) {
		limits := NoLimits()
		limits.Create = Limit{Count: 2, Per: time.Hour}
		here, there := newSite(t, Options{Limits: limits}, with), newSite(t, Options{Limits: limits}, with)
		p := here.agent("p", false)
		body := object{"need": "once", "max_credits": 10}
		first := p.send("POST", "/v1/tasks", body, "need", "Idempotency-Key", "k").is(201)
		again := p.on(there).send("POST", "/v1/tasks", body, "need", "Idempotency-Key", "k").is(201)
		if first.text("task_id") != again.text("task_id") {
			t.Errorf("two tasks: %s and %s", first.text("task_id"), again.text("task_id"))
		}
		late := p.on(there).send("POST", "/v1/tasks", body, "need").is(429)
		if late.header.Get("Retry-After") == "" || late.header.Get("RateLimit-Remaining") != "0" {
			t.Errorf("headers %v", late.header)
		}
		p.send("POST", "/v1/tasks", body, "need").is(429)
	})
}

// A wait at one replica ends by a delivery at the other, and so does a stream.
func TestReplicasWakeWaits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, with pinchwork.Option) {
		relay := &bus{}
		here, there := following(t, Options{Limits: NoLimits()}, with, relay), following(t, Options{Limits: NoLimits()}, with, relay)
		poster, worker := here.agent("poster", false), there.agent("worker", false)
		l := poster.listen("")
		_, _ = l.block()
		answers := make(chan *reply)
		go func() {
			answers <- poster.send("POST", "/v1/tasks", object{"need": "quick", "max_credits": 5, "wait": 60}, "need")
		}()
		task := worker.pickSomething(t)
		worker.send("POST", "/v1/tasks/"+task+"/deliver", object{"result": "done"}, "").is(200)
		(<-answers).is(200).has("status", "delivered", "result", "done")
		if _, kind, _ := l.next(); kind != "task_claimed" {
			t.Errorf("the stream has %s first", kind)
		}
		if _, kind, _ := l.next(); kind != "task_delivered" {
			t.Errorf("the stream has %s next", kind)
		}
	})
}

func (p *person) pickSomething(t *testing.T) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if a := p.send("POST", "/v1/tasks/pickup", nil, ""); a.status == http.StatusOK {
			return a.text("task_id")
		}
	}
	t.Fatal("nothing to pick up")
	return ""
}

package pinchwork_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// program is one of those that share a store: nothing but New on the store, and
// Run.
type program struct {
	*testing.T
	*market.Market
}

func newProgram(t *testing.T, kept market.Store, options ...pinchwork.Option) program {
	t.Helper()
	p := program{t, must(t, append(options, pinchwork.WithStore(kept))...)}
	run(t, p.Market)
	return p
}

func (p program) register(in market.RegisterInput) *market.Handle {
	p.Helper()
	r, err := p.Register(p.Context(), in)
	if err != nil {
		p.Fatal(err)
	}
	return p.As(r.AgentID)
}

func (p program) post(poster *market.Handle) market.TaskID {
	p.Helper()
	posted, err := p.As(poster.ID()).Post(p.Context(), market.PostInput{Need: "task", MaxCredits: 1})
	if err != nil {
		p.Fatal(err)
	}
	return posted.TaskID
}

func (p program) ask(worker *market.Handle, id market.TaskID) {
	p.Helper()
	if _, err := p.As(worker.ID()).Ask(p.Context(), id, "why?"); err != nil {
		p.Fatal(err)
	}
}

// stream tells of each event that an agent's stream in this program gets.
func (p program) stream(of *market.Handle) <-chan store.EventType {
	p.Helper()
	s, err := p.As(of.ID()).Stream(p.Context(), "")
	if err != nil {
		p.Fatal(err)
	}
	heard := make(chan store.EventType, 100)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			events, err := s.Next(ctx)
			for _, e := range events {
				heard <- e.Type
			}
			if err != nil {
				return
			}
		}
	}()
	p.Cleanup(func() { cancel(); <-ended; s.Close() })
	return heard
}

// blind is a store whose regular looks for lost wake-ups see nothing, so that only a
// wake-up can tell.
type blind struct {
	*gatestore.Store
	store.Relay
}

// unseen hides an agent's log from those who look by themselves.
func unseen(t *testing.T, kept market.Store) (blind, func()) {
	t.Helper()
	relay, ok := kept.(store.Relay)
	if !ok {
		t.Fatalf("%T does not relay", kept)
	}
	gate := gatestore.New(kept)
	return blind{gate, relay}, func() {
		gate.On(gatestore.Before, "Agents", -1, func(context.Context) error { return errors.New("nothing can be seen") })
	}
}

// Programs that share a store wake each other's streams, and nobody has to name a
// part for it: also when no program ever looks by itself.
func TestProgramsOnOneStoreWakeEachOther(t *testing.T) {
	for _, kind := range everystore.Kinds() {
		if !kind.Relays {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			kept, hide := unseen(t, kind.Open(t))
			here, there := newProgram(t, kept), newProgram(t, kept)
			ada, bob := here.register(market.RegisterInput{Name: "ada"}), there.register(market.RegisterInput{Name: "bob"})
			id := here.post(ada)
			heard := here.stream(ada)
			hide()
			for range 3 {
				there.ask(bob, id)
				if got := <-heard; got != store.EventTaskQuestion {
					t.Errorf("the stream has %s", got)
				}
			}
		})
	}
}

// A commit in one program wakes the webhooks of another, on a clock that stands still
// and on which no timer ever fires.
func TestProgramsOnOneStoreWakeEachOthersWebhooks(t *testing.T) {
	for _, kind := range everystore.Kinds() {
		if !kind.Relays {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			kept, still := kind.Open(t), pinchwork.WithClock(markettest.NewClock(markettest.Start))
			newProgram(t, kept, still, pinchwork.WithPolicy(private))
			there := newProgram(t, kept, still, pinchwork.WithPolicy(private), pinchwork.WithWebhooks(nil))
			url, called := endpoint(t)
			ada, bob := there.register(market.RegisterInput{Name: "ada", WebhookURL: url}), there.register(market.RegisterInput{Name: "bob"})
			id := there.post(ada)
			for range 3 {
				there.ask(bob, id)
				if got := <-called; got != string(store.EventTaskQuestion) {
					t.Errorf("called with %s", got)
				}
			}
		})
	}
}

// inASecond does something and waits for its effect, which has to come within a second.
// On a machine that is busy one may be late, so the best of five counts. There are
// three rounds, since in the first one who waits may only be about to.
func inASecond(t *testing.T, what string, do, wait func()) {
	t.Helper()
	for range 3 {
		best := time.Hour
		for try := 0; try < 5 && best > time.Second; try++ {
			do()
			done := time.Now()
			wait()
			best = min(best, time.Since(done))
		}
		if best > time.Second {
			t.Errorf("%s was heard of after %v", what, best)
		}
	}
}

// On every store a stream hears within a second what another program did.
func TestStreamsHearOtherProgramsInASecond(t *testing.T) {
	for _, kind := range everystore.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			kept := kind.Open(t)
			here, there := newProgram(t, kept), newProgram(t, kept)
			ada, bob := here.register(market.RegisterInput{Name: "ada"}), there.register(market.RegisterInput{Name: "bob"})
			heard := here.stream(ada)
			inASecond(t, "a question", func() { there.ask(bob, there.post(ada)) }, func() { <-heard })
		})
	}
}

// hosting is a host program on Postgres beside a program that runs on the same store.
type hosting struct {
	program
	host *market.Market
	kept *postgres.Store
}

// onPostgres runs a test in which the host does not run its market.
func onPostgres(t *testing.T, test func(h hosting)) {
	t.Helper()
	for _, kind := range everystore.Kinds() {
		if kept, ok := kind.Open(t).(*postgres.Store); ok {
			options := []pinchwork.Option{pinchwork.WithStore(kept), pinchwork.WithPolicy(private)}
			test(hosting{newProgram(t, kept, options...), must(t, options...), kept})
		}
	}
}

// commits does something in a transaction of the host's own.
func (h hosting) commits(do func(m *market.Market) error) {
	h.Helper()
	err := h.kept.Transact(h.Context(), func(_ pgx.Tx, within *postgres.Store) error { return do(h.host.Hosted(within)) })
	if err != nil {
		h.Fatal(err)
	}
}

// What a host commits in a transaction of its own is heard of within a second: by
// streams, by webhooks, and by whoever looks for work.
func TestProgramsHearAHostsCommitInASecond(t *testing.T) {
	onPostgres(t, func(h hosting) {
		url, called := endpoint(t)
		ada, bob := h.register(market.RegisterInput{Name: "ada"}), h.register(market.RegisterInput{Name: "bob"})
		cyd := h.register(market.RegisterInput{Name: "cyd", WebhookURL: url})
		heard := h.stream(ada)
		asked := func(poster *market.Handle) func() {
			return func() {
				id := h.post(poster)
				h.commits(func(m *market.Market) error {
					_, err := m.As(bob.ID()).Ask(t.Context(), id, "why?")
					return err
				})
			}
		}
		inASecond(t, "a question", asked(ada), func() { <-heard })
		inASecond(t, "a question to a webhook", asked(cyd), func() { <-called })
		var id market.TaskID
		inASecond(t, "a task", func() {
			h.commits(func(m *market.Market) error {
				posted, err := m.As(ada.ID()).Post(t.Context(), market.PostInput{Need: "task", MaxCredits: 1})
				id = posted.TaskID
				return err
			})
		}, func() {
			markettest.Eventually(t, "the task to be offered", func() bool {
				list, err := bob.Browse(t.Context(), market.BrowseQuery{Page: market.Page{Limit: 100}})
				return err == nil && slices.ContainsFunc(list.Tasks, func(item market.BrowseItem) bool { return item.TaskID == id })
			})
		})
	})
}

// A notifier that is named takes the place of the relay, which then holds no connection.
func TestANamedNotifierIsNotRelayed(t *testing.T) {
	for name, test := range map[string]struct {
		named bool
		want  int64
	}{
		"New alone":   {false, 1},
		"a named hub": {true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := &counting{Store: memory.New()}
				options := []pinchwork.Option{pinchwork.WithStore(kept)}
				if test.named {
					options = append(options, pinchwork.WithNotifier(notify.NewHub()))
				}
				m := must(t, options...)
				ctx, stop := context.WithCancel(t.Context())
				var running sync.WaitGroup
				running.Go(func() { _ = m.Run(ctx) })
				synctest.Wait()
				if got := kept.subscribed.Load(); got != test.want {
					t.Errorf("%d subscriptions, want %d", got, test.want)
				}
				stop()
				running.Wait()
			})
		})
	}
}

// counting is a store that relays nothing and counts subscriptions.
type counting struct {
	market.Store
	subscribed atomic.Int64
}

func (c *counting) Publish(context.Context, []string) error { return nil }

func (c *counting) Subscribe(ctx context.Context, hear func(string)) error {
	c.subscribed.Add(1)
	hear("")
	<-ctx.Done()
	return ctx.Err()
}

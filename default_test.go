package pinchwork_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store"
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
	posted, err := p.As(poster.ID()).Post(p.Context(), market.PostInput{Need: "task", MaxCredits: new(int64(1))})
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

// inASecond tries something until its effect is heard within a second of it: on a
// machine that is busy, one try may be late.
func inASecond(t *testing.T, what string, heard <-chan store.EventType, do func()) {
	t.Helper()
	var took time.Duration
	for range 5 {
		do()
		done := time.Now()
		<-heard
		if took = time.Since(done); took < time.Second {
			return
		}
	}
	t.Errorf("%s was heard after %v", what, took)
}

// On every store a stream hears within a second what another program did.
func TestStreamsHearOtherProgramsInASecond(t *testing.T) {
	for _, kind := range everystore.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			kept := kind.Open(t)
			here, there := newProgram(t, kept), newProgram(t, kept)
			ada, bob := here.register(market.RegisterInput{Name: "ada"}), there.register(market.RegisterInput{Name: "bob"})
			id := here.post(ada)
			inASecond(t, "the question", here.stream(ada), func() { there.ask(bob, id) })
		})
	}
}

// What a host commits in a transaction of its own wakes streams, webhooks and boards
// of the programs that run, within a second.
func TestProgramsHearAHostsCommitInASecond(t *testing.T) {
	for _, kind := range everystore.Kinds() {
		if kind.Name != "postgres" {
			continue
		}
		kept := kind.Open(t).(*postgres.Store)
		host, here := must(t, pinchwork.WithStore(kept)), newProgram(t, kept, pinchwork.WithPolicy(private))
		url, called := endpoint(t)
		ada, bob := here.register(market.RegisterInput{Name: "ada", WebhookURL: url}), here.register(market.RegisterInput{Name: "bob"})
		id := here.post(ada)
		ask := func() {
			err := kept.Transact(t.Context(), func(_ pgx.Tx, within *postgres.Store) error {
				_, err := host.Hosted(within).As(bob.ID()).Ask(t.Context(), id, "why?")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		inASecond(t, "the question", here.stream(ada), ask)
		if got := <-called; got != string(store.EventTaskQuestion) {
			t.Errorf("the webhook was called with %s", got)
		}
	}
}

// A notifier that is named takes the place of the relay: its program hears others when
// it looks by itself, and holds no connection for it.
func TestANamedNotifierIsNotRelayed(t *testing.T) {
	kept := &counting{Store: everystore.Kinds()[0].Open(t), subscribed: make(chan struct{}, 1)}
	newProgram(t, kept, pinchwork.WithNotifier(notify.NewHub()))
	newProgram(t, kept)
	<-kept.subscribed
	select {
	case <-kept.subscribed:
		t.Error("two programs subscribed, and one has a notifier of its own")
	default:
	}
}

// counting is a store that relays nothing and tells of each subscription.
type counting struct {
	market.Store
	subscribed chan struct{}
}

func (c *counting) Publish(context.Context, []string) error { return nil }

func (c *counting) Subscribe(ctx context.Context, hear func(string)) error {
	c.subscribed <- struct{}{}
	hear("")
	<-ctx.Done()
	return ctx.Err()
}

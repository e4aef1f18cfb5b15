package pgnotify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/notify"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const patience = 10 * time.Second

func pool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	p, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

type subscription struct {
	heard chan notify.Hint
	ended chan error
	stop  context.CancelFunc
}

func subscribe(t *testing.T, r *Relay) subscription {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := subscription{heard: make(chan notify.Hint, 1_000), ended: make(chan error, 1), stop: stop}
	go func() { s.ended <- r.Subscribe(ctx, func(h notify.Hint) { s.heard <- h }) }()
	t.Cleanup(stop)
	if h := s.next(t); len(h.Agents) != 0 || h.Feed {
		t.Fatalf("the first hint of a subscription is %+v, want one about everything", h)
	}
	return s
}

func (s subscription) next(t *testing.T) notify.Hint {
	t.Helper()
	select {
	case h := <-s.heard:
		return h
	case err := <-s.ended:
		t.Fatalf("the subscription ended: %v", err)
	case <-time.After(patience):
		t.Fatal("nothing was heard")
	}
	return notify.Hint{}
}

func (s subscription) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		t.Fatal("the subscription did not end")
		return nil
	}
}

func TestHintsReachEverySubscriberOfTheSchema(t *testing.T) {
	p := pool(t, pgtest.Start(t))
	one, two := subscribe(t, New(p, "a")), subscribe(t, New(p, "a"))
	other := subscribe(t, New(p, "b"))
	want := notify.Hint{Origin: "me", Agents: []market.AgentID{"ag-1"}, Feed: true}
	if err := New(p, "a").Publish(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	for _, s := range []subscription{one, two} {
		if got := s.next(t); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("heard %+v, want %+v", got, want)
		}
	}
	if err := New(p, "b").Publish(t.Context(), notify.Hint{Origin: "b"}); err != nil {
		t.Fatal(err)
	}
	if got := other.next(t); got.Origin != "b" {
		t.Errorf("another schema's subscriber heard %+v", got)
	}
}

func TestManyAgentsComeInSeveralPayloads(t *testing.T) {
	p := pool(t, pgtest.Start(t))
	s := subscribe(t, New(p, "a"))
	h := notify.Hint{Origin: "me"}
	for i := range 1_000 {
		h.Agents = append(h.Agents, market.AgentID(fmt.Sprintf("ag-%016d", i)))
	}
	if err := New(p, "a").Publish(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 1_000; {
		n += len(s.next(t).Agents)
	}
}

func TestSubscriptionEndsWithItsContext(t *testing.T) {
	s := subscribe(t, New(pool(t, pgtest.Start(t)), "a"))
	s.stop()
	if err := s.end(t); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestSubscriptionSurvivesSilence(t *testing.T) {
	r := New(pool(t, pgtest.Start(t)), "a")
	r.quiet = 50 * time.Millisecond
	s := subscribe(t, r)
	select {
	case err := <-s.ended:
		t.Fatalf("ended while nothing was sent: %v", err)
	case <-time.After(5 * r.quiet):
	}
	if err := r.Publish(t.Context(), notify.Hint{Origin: "late"}); err != nil {
		t.Fatal(err)
	}
	if got := s.next(t); got.Origin != "late" {
		t.Errorf("heard %+v", got)
	}
}

func TestSubscriptionBreaksWithItsConnection(t *testing.T) {
	p := pool(t, pgtest.Start(t))
	s := subscribe(t, New(p, "a"))
	if _, err := p.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' and datname = current_database()"); err != nil {
		t.Fatal(err)
	}
	if err := s.end(t); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v, want the broken connection", err)
	}
}

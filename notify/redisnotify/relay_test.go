package redisnotify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/notify"
)

const patience = 10 * time.Second

func client(t *testing.T, addr string) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: addr, DialerRetries: 1})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// subscriber is a subscription in the background.
type subscriber struct {
	t     *testing.T
	heard chan notify.Hint
	ended chan error
	stop  context.CancelFunc
}

func subscribe(t *testing.T, r *Relay) *subscriber {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &subscriber{t: t, heard: make(chan notify.Hint, 1_000), ended: make(chan error, 1), stop: stop}
	go func() { s.ended <- r.Subscribe(ctx, func(h notify.Hint) { s.heard <- h }) }()
	t.Cleanup(stop)
	return s
}

func (s *subscriber) next() notify.Hint {
	s.t.Helper()
	select {
	case h := <-s.heard:
		return h
	case err := <-s.ended:
		s.t.Fatalf("the subscription ended: %v", err)
	case <-time.After(patience):
		s.t.Fatal("nothing was heard")
	}
	panic("unreachable")
}

func (s *subscriber) end() error {
	s.t.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		s.t.Fatal("the subscription did not end")
	}
	panic("unreachable")
}

// onBoth runs the test on a real server and on an in-process one.
func onBoth(t *testing.T, test func(t *testing.T, addr string)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) { test(t, redistest.Start(t).Addr()) })
	t.Run("miniredis", func(t *testing.T) { test(t, redistest.Mini(t).Addr()) })
}

func TestHintsReachEverySubscriber(t *testing.T) {
	onBoth(t, func(t *testing.T, addr string) {
		r := New(client(t, addr), "{a}:wake")
		one, two := subscribe(t, r), subscribe(t, New(client(t, addr), "{a}:wake"))
		for _, s := range []*subscriber{one, two} {
			if h := s.next(); len(h.Agents) != 0 || h.Feed {
				t.Fatalf("the first hint of a subscription: %+v", h)
			}
		}
		want := notify.Hint{Origin: "me", Agents: []market.AgentID{"ag-1", "ag-2"}, Feed: true}
		if err := r.Publish(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*subscriber{one, two} {
			if h := s.next(); h.Origin != want.Origin || !h.Feed || !slices.Equal(h.Agents, want.Agents) {
				t.Fatalf("heard %+v", h)
			}
		}
	})
}

func TestMarketplacesDoNotHearEachOther(t *testing.T) {
	addr := redistest.Mini(t).Addr()
	other := subscribe(t, New(client(t, addr), "{b}:wake"))
	other.next()
	for channel, origin := range map[string]string{"{a}:wake": "a", "{b}:wake": "b"} {
		if err := New(client(t, addr), channel).Publish(t.Context(), notify.Hint{Origin: origin, Feed: true}); err != nil {
			t.Fatal(err)
		}
	}
	if h := other.next(); h.Origin != "b" {
		t.Fatalf("heard of another marketplace: %+v", h)
	}
}

func TestManyAgentsAreSplitAndAllHeard(t *testing.T) {
	r := New(client(t, redistest.Start(t).Addr()), "{a}:wake")
	s := subscribe(t, r)
	s.next()
	missing := map[market.AgentID]bool{}
	var h notify.Hint
	for i := range 1_000 {
		id := market.AgentID(fmt.Sprintf("ag-%016d", i))
		h.Agents, missing[id] = append(h.Agents, id), true
	}
	if err := r.Publish(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	for len(missing) > 0 {
		for _, id := range s.next().Agents {
			delete(missing, id)
		}
	}
}

func TestWhatCannotBeReadWakesEverybody(t *testing.T) {
	c := client(t, redistest.Mini(t).Addr())
	s := subscribe(t, New(c, "{a}:wake"))
	s.next()
	if err := c.Publish(t.Context(), "{a}:wake", "\x00not a hint").Err(); err != nil {
		t.Fatal(err)
	}
	if h := s.next(); len(h.Agents) != 0 || h.Feed {
		t.Fatalf("heard %+v", h)
	}
}

func TestSubscriptionEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	onBoth(t, func(t *testing.T, addr string) {
		s := subscribe(t, New(client(t, addr), "{a}:wake"))
		s.next()
		s.stop()
		if err := s.end(); !errors.Is(err, context.Canceled) {
			t.Fatalf("ended with %v", err)
		}
	})
}

func TestBrokenSubscriptionIsAnErrorAndCanBeMadeAgain(t *testing.T) {
	server := redistest.Start(t)
	r := New(client(t, server.Addr()), "{a}:wake")
	s := subscribe(t, r)
	s.next()
	server.Kill()
	if err := s.end(); err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
	if err := r.Publish(t.Context(), notify.Hint{Feed: true}); err == nil {
		t.Fatal("published to a server that is away")
	}
	server.Restart()
	s = subscribe(t, r)
	s.next()
	if err := r.Publish(t.Context(), notify.Hint{Feed: true}); err != nil {
		t.Fatal(err)
	}
	if h := s.next(); !h.Feed {
		t.Fatalf("heard %+v", h)
	}
}

// A server that hangs without closing its connections is noticed by silence.
func TestHangingServerBreaksTheSubscription(t *testing.T) {
	server := redistest.Start(t)
	r := New(client(t, server.Addr()), "{a}:wake")
	r.quiet = 200 * time.Millisecond
	s := subscribe(t, r)
	s.next()
	server.Pause()
	defer server.Resume()
	if err := s.end(); err == nil {
		t.Fatal("ended without an error")
	}
}

// A server with nothing to say answers when it is asked.
func TestSilenceAloneBreaksNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, addr string) {
		r := New(client(t, addr), "{a}:wake")
		r.quiet = 20 * time.Millisecond
		s := subscribe(t, r)
		s.next()
		select {
		case err := <-s.ended:
			t.Fatalf("ended: %v", err)
		case <-time.After(20 * r.quiet):
		}
		if err := r.Publish(t.Context(), notify.Hint{Feed: true}); err != nil {
			t.Fatal(err)
		}
		if h := s.next(); !h.Feed {
			t.Fatalf("heard %+v", h)
		}
	})
}

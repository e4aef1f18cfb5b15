package redis

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pinchwork/pinchwork/internal/redistest"
)

const patience = 10 * time.Second

func relaying(t *testing.T, addr, namespace string) *Store {
	t.Helper()
	s, err := Open(context.Background(), "redis://"+addr, WithNamespace(namespace))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// subscription hears in the background.
type subscription struct {
	*testing.T
	heard chan string
	ended chan error
	stop  context.CancelFunc
}

// listening is a subscription that is live.
func listening(t *testing.T, s *Store, quiet time.Duration) subscription {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	sub := subscription{t, make(chan string, 1_000), make(chan error, 1), stop}
	go func() { sub.ended <- s.subscribe(ctx, func(message string) { sub.heard <- message }, quiet) }()
	t.Cleanup(stop)
	if first := sub.next(); first != "" {
		t.Fatalf("the first message of a subscription is %q", first)
	}
	return sub
}

func (s subscription) next() string {
	s.Helper()
	select {
	case message := <-s.heard:
		return message
	case err := <-s.ended:
		s.Fatalf("the subscription ended: %v", err)
	case <-time.After(patience):
		s.Fatal("nothing was heard")
	}
	return ""
}

func (s subscription) end() error {
	s.Helper()
	select {
	case err := <-s.ended:
		return err
	case <-time.After(patience):
		s.Fatal("the subscription did not end")
		return nil
	}
}

func publish(t *testing.T, s *Store, message string) {
	t.Helper()
	if err := s.Publish(t.Context(), []string{message}); err != nil {
		t.Fatal(err)
	}
}

// onBoth runs the test on a real server and on an in-process one.
func onBoth(t *testing.T, test func(t *testing.T, addr string)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) { test(t, redistest.Start(t).Addr()) })
	t.Run("miniredis", func(t *testing.T) { test(t, redistest.Mini(t).Addr()) })
}

// Marketplaces on one server do not wake each other.
func TestMessagesStayInTheNamespace(t *testing.T) {
	addr := redistest.Mini(t).Addr()
	one, other := relaying(t, addr, "a"), relaying(t, addr, "b")
	here, there := listening(t, one, quietFor), listening(t, other, quietFor)
	publish(t, one, "to a")
	publish(t, other, "to b")
	if a, b := here.next(), there.next(); a != "to a" || b != "to b" {
		t.Errorf("heard %q and %q", a, b)
	}
}

func TestASubscriptionLeavesNothingBehind(t *testing.T) {
	onBoth(t, func(t *testing.T, addr string) {
		s := relaying(t, addr, "a")
		publish(t, s, "so that the pool has its connection")
		defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
		sub := listening(t, s, quietFor)
		sub.stop()
		if err := sub.end(); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestABrokenSubscriptionIsAnErrorAndCanBeMadeAgain(t *testing.T) {
	server := redistest.Start(t)
	s := relaying(t, server.Addr(), "a")
	sub := listening(t, s, quietFor)
	server.Kill()
	if err := sub.end(); err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
	if err := s.Publish(t.Context(), []string{"lost"}); err == nil {
		t.Fatal("published to a server that is away")
	}
	server.Restart()
	sub = listening(t, s, quietFor)
	publish(t, s, "heard")
	if got := sub.next(); got != "heard" {
		t.Fatalf("heard %q", got)
	}
}

// A server that hangs without closing its connections is noticed by silence.
func TestAHangingServerBreaksTheSubscription(t *testing.T) {
	server := redistest.Start(t)
	sub := listening(t, relaying(t, server.Addr(), "a"), 200*time.Millisecond)
	server.Pause()
	defer server.Resume()
	if err := sub.end(); err == nil {
		t.Fatal("ended without an error")
	}
}

// A server with nothing to say answers when it is asked.
func TestSilenceAloneBreaksNothing(t *testing.T) {
	const quiet = 20 * time.Millisecond
	onBoth(t, func(t *testing.T, addr string) {
		s := relaying(t, addr, "a")
		sub := listening(t, s, quiet)
		select {
		case err := <-sub.ended:
			t.Fatalf("ended: %v", err)
		case <-time.After(20 * quiet):
		}
		publish(t, s, "late")
		if got := sub.next(); got != "late" {
			t.Fatalf("heard %q", got)
		}
	})
}

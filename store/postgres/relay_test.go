package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/pgtest"
)

const patience = 10 * time.Second

func relaying(t *testing.T, url, schema string) *Store {
	t.Helper()
	s, err := Open(context.Background(), url, WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

type subscription struct {
	*testing.T
	heard chan string
	ended chan error
}

// listening is a subscription that is live.
func listening(t *testing.T, s *Store, quiet time.Duration) subscription {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	sub := subscription{t, make(chan string, 1_000), make(chan error, 1)}
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

// Marketplaces in one database do not wake each other.
func TestMessagesStayInTheSchema(t *testing.T) {
	url := pgtest.Start(t)
	one, other := relaying(t, url, "a"), relaying(t, url, "b")
	here, there := listening(t, one, quietFor), listening(t, other, quietFor)
	for message, s := range map[string]*Store{"to a": one, "to b": other} {
		if err := s.Publish(t.Context(), []string{message}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := here.next(), there.next(); a != "to a" || b != "to b" {
		t.Errorf("heard %q and %q", a, b)
	}
}

func TestASubscriptionSurvivesSilence(t *testing.T) {
	s, quiet := relaying(t, pgtest.Start(t), "a"), 50*time.Millisecond
	sub := listening(t, s, quiet)
	select {
	case err := <-sub.ended:
		t.Fatalf("ended while nothing was sent: %v", err)
	case <-time.After(5 * quiet):
	}
	if err := s.Publish(t.Context(), []string{"late"}); err != nil {
		t.Fatal(err)
	}
	if got := sub.next(); got != "late" {
		t.Errorf("heard %q", got)
	}
}

func TestASubscriptionBreaksWithItsConnection(t *testing.T) {
	s := relaying(t, pgtest.Start(t), "a")
	sub := listening(t, s, quietFor)
	if _, err := s.Pool().Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' and datname = current_database()"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-sub.ended:
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v, want the broken connection", err)
		}
	case <-time.After(patience):
		t.Error("the subscription goes on")
	}
}

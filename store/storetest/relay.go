package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// What a store.Relay promises while its server is there and nothing is lost.
var relayCases = []testCase{
	{"A subscription begins by saying that something may have been missed", func(w *world) {
		s := w.subscribe(w.store)
		w.equal(s.next(), "")
	}},
	{"Each message reaches all who are subscribed, and whole", func(w *world) {
		all := []*subscription{w.subscribe(w.store), w.subscribe(w.store), w.subscribe(w.sibling())}
		messages := []string{"m", `{"o":"x","a":["ag-1"],"f":true}`, strings.Repeat("%s'\\x00\"", store.MaxMessage/8)}
		for _, s := range all {
			w.equal(s.next(), "")
		}
		for range 2 {
			w.ok(w.relay(w.store).Publish(w.ctx, messages))
			for _, s := range all {
				s.awaits(messages)
			}
		}
	}},
	{"A subscription ends with its context", func(w *world) {
		s := w.subscribe(w.store)
		w.equal(s.next(), "")
		s.stop()
		select {
		case err := <-s.ended:
			if !errors.Is(err, context.Canceled) {
				w.Fatalf("ended with %v, want its context's error", err)
			}
		case <-time.After(relayPatience):
			w.Fatal("the subscription goes on")
		}
	}},
}

// sibling is another handle of the marketplace, if there can be one.
func (w *world) sibling() store.Store {
	if w.second == nil {
		return w.store
	}
	return w.second(w.T)
}

func (w *world) relay(s store.Store) store.Relay {
	w.Helper()
	relay, ok := s.(store.Relay)
	if !ok {
		w.Fatalf("%T is no store.Relay", s)
	}
	return relay
}

// relayPatience bounds the wait for a message.
const relayPatience = 10 * time.Second

// subscription hears messages in the background.
type subscription struct {
	*world
	heard chan string
	ended chan error
	stop  context.CancelFunc
}

func (w *world) subscribe(on store.Store) *subscription {
	w.Helper()
	relay := w.relay(on)
	ctx, stop := context.WithCancel(w.ctx)
	s := &subscription{w, make(chan string, 1_000), make(chan error, 1), stop}
	go func() { s.ended <- relay.Subscribe(ctx, func(message string) { s.heard <- message }) }()
	w.Cleanup(stop)
	return s
}

func (s *subscription) next() string {
	s.Helper()
	select {
	case message := <-s.heard:
		return message
	case err := <-s.ended:
		s.Fatalf("the subscription ended: %v", err)
	case <-time.After(relayPatience):
		s.Fatal("nothing was heard")
	}
	return ""
}

// awaits hears until each of the messages has come, in any order and also twice.
func (s *subscription) awaits(messages []string) {
	s.Helper()
	missing := map[string]bool{}
	for _, message := range messages {
		missing[message] = true
	}
	for len(missing) > 0 {
		message := s.next()
		if message != "" && !slices.Contains(messages, message) {
			s.Fatalf("heard %.40q (%d bytes), which nobody sent", message, len(message))
		}
		delete(missing, message)
	}
}

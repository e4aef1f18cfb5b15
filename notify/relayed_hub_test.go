package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// bus is a relay within a process that can lose hints and break.
type bus struct {
	*testing.T
	mu          sync.Mutex
	subscribers map[int]func(message string)
	cut         chan struct{} // closed to break all subscriptions
	attempts    int           // subscriptions ever tried
	published   []hint
	at          []time.Time
	lossy       bool // hints vanish
	down        bool // publishing fails, and so does subscribing
}

var errDown = errors.New("the bus is down")

func newBus(t *testing.T) *bus {
	return &bus{T: t, subscribers: map[int]func(string){}, cut: make(chan struct{})}
}

func (b *bus) Publish(_ context.Context, messages []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return errDown
	}
	b.published, b.at = append(b.published, decoded(b.T, messages)), append(b.at, time.Now())
	if b.lossy {
		return nil
	}
	for _, hear := range b.subscribers {
		for _, message := range messages {
			hear(message)
		}
	}
	return nil
}

func (b *bus) Subscribe(ctx context.Context, hear func(message string)) error {
	b.mu.Lock()
	b.attempts++
	id, cut := b.attempts, b.cut
	if b.down {
		b.mu.Unlock()
		return errDown
	}
	hear("")
	b.subscribers[id] = hear
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subscribers, id)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-cut:
		return io.ErrUnexpectedEOF
	}
}

// set changes the bus, and breaks all subscriptions when down.
func (b *bus) set(lossy, down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lossy, b.down = lossy, down
	if down {
		close(b.cut)
		b.cut = make(chan struct{})
	}
}

func (b *bus) sent() []hint {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.published)
}

// pair runs f, in a bubble of fake time, with two hubs that serve over a bus.
func pair(t *testing.T, f func(b *bus, here, there *RelayedHub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBus(t)
		here, there := NewRelayedHub(b), NewRelayedHub(b)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { here.serve(ctx) })
		all.Go(func() { there.serve(ctx) })
		synctest.Wait()
		woken(here.FeedHints())
		woken(there.FeedHints())
		woken(here.Activity())
		woken(there.Activity())
		f(b, here, there)
		cancel()
		all.Wait()
	})
}

func TestRelayedHubWakesElsewhere(t *testing.T) {
	pair(t, func(_ *bus, here, there *RelayedHub) {
		near, stopNear := here.Listen("ag-1")
		far, stopFar := there.Listen("ag-1")
		other, stopOther := there.Listen("ag-2")
		defer stopNear()
		defer stopFar()
		defer stopOther()
		here.Wake("ag-1")
		if !woken(near) {
			t.Error("the listener in the same process was not woken at once")
		}
		synctest.Wait()
		if !woken(far) || woken(other) {
			t.Error("want the listener elsewhere woken, and not another agent's")
		}
		if woken(near) {
			t.Error("a hub's own echo woke its listener again")
		}
		if !woken(there.Activity()) || !woken(here.Activity()) {
			t.Error("want activity wherever webhooks may be delivered")
		}
	})
}

func TestRelayedHubTellsThatTheFeedMoved(t *testing.T) {
	pair(t, func(_ *bus, here, there *RelayedHub) {
		far, stop := there.Listen("ag-1")
		defer stop()
		here.FeedMoved()
		synctest.Wait()
		if !woken(there.FeedHints()) || woken(here.FeedHints()) || woken(far) {
			t.Error("want a feed hint elsewhere, none here, and no listener woken")
		}
	})
}

// However many commits there are: one hint at once, then one per 10 ms.
func TestRelayedHubCoalescesHints(t *testing.T) {
	pair(t, func(b *bus, here, _ *RelayedHub) {
		const commits = 1_000
		began := time.Now()
		for i := range commits {
			here.Wake(market.AgentID(fmt.Sprintf("ag-%d", i)))
			here.FeedMoved()
			if i == 0 {
				synctest.Wait()
			}
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(publishEvery)
		synctest.Wait()
		if n := len(b.sent()); n < 10 || n > 12 {
			t.Errorf("%d hints for %d commits in %v, want about 11", n, commits, time.Since(began))
		}
		if !b.at[0].Equal(began) {
			t.Errorf("the first hint was sent after %v, want at once", b.at[0].Sub(began))
		}
		told := map[market.AgentID]bool{}
		for _, h := range b.sent() {
			for _, id := range h.Agents {
				told[id] = true
			}
		}
		if len(told) != commits {
			t.Errorf("%d agents were hinted at, want %d", len(told), commits)
		}
	})
}

func TestRelayedHubReconnectsAndWakesEverybody(t *testing.T) {
	pair(t, func(b *bus, here, there *RelayedHub) {
		wake, stop := there.Listen("ag-1")
		defer stop()
		b.set(false, true)
		here.Wake("ag-1") // cannot be sent
		time.Sleep(time.Minute)
		synctest.Wait()
		if woken(wake) {
			t.Error("a hint crossed a broken bus")
		}
		if b.attempts < 20 || b.attempts > 60 {
			t.Errorf("%d attempts to subscribe in a minute, want pauses up to 5 s", b.attempts)
		}
		b.set(false, false)
		time.Sleep(2 * pauseMax)
		synctest.Wait()
		if !woken(wake) || !woken(there.FeedHints()) {
			t.Error("after a reconnect not everybody was woken")
		}
		if hints := b.sent(); len(hints) != 1 || !hints[0].everything() {
			t.Errorf("what could not be sent became %+v, want one hint about everything", hints)
		}
		here.Wake("ag-1")
		synctest.Wait()
		if !woken(wake) {
			t.Error("hints do not arrive after a reconnect")
		}
	})
}

func TestRelayedHubSaysEverythingRatherThanALongList(t *testing.T) {
	pair(t, func(b *bus, here, there *RelayedHub) {
		wake, stop := there.Listen("ag-not-named")
		defer stop()
		here.Wake("ag-first")
		synctest.Wait()
		for i := range maxPending + 10 {
			here.Wake(market.AgentID(fmt.Sprintf("ag-%d", i)))
		}
		time.Sleep(publishEvery)
		synctest.Wait()
		hints := b.sent()
		if len(hints) != 2 || !hints[1].everything() || !woken(wake) {
			t.Errorf("%d hints, want the second to be about everything", len(hints))
		}
	})
}

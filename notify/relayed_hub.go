package notify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// The pace of a RelayedHub.
const (
	// publishEvery is the least time between two hints: a busy process sends
	// 100 a second, however many commits it makes.
	publishEvery = 10 * time.Millisecond
	// publishTimeout bounds one store.Relay.Publish.
	publishTimeout = 5 * time.Second
	// restartAfter is the pause after a part that panicked.
	restartAfter = time.Second
	// pauseMin and pauseMax bound the pause after a broken connection.
	pauseMin, pauseMax = 100 * time.Millisecond, 5 * time.Second
)

// RelayedHub is a Hub that also reaches the other processes on the same store.
// Listeners in this process are woken at once. Others get coalesced hints over the
// relay, the first at once and then one per 10 ms at most, outside of any commit.
// A lost hint costs a second and never an event, since a market also looks by
// itself.
//
// It implements market.Notifier and market.Background: hints are sent and heard
// while Run runs.
type RelayedHub struct {
	*Hub
	relay  store.Relay
	log    *slog.Logger
	origin string
	feed   chan struct{}
	next   nextHint
}

var (
	_ market.Notifier   = (*RelayedHub)(nil)
	_ market.Background = (*RelayedHub)(nil)
)

// RelayOption changes a RelayedHub.
type RelayOption func(*RelayedHub)

// WithLogger logs lost and regained connections. Without it nothing is logged.
func WithLogger(log *slog.Logger) RelayOption { return func(h *RelayedHub) { h.log = log } }

// NewRelayedHub returns a hub over the relay, which the stores that several programs
// share are; package pinchwork makes one by itself. It starts nothing; Run does.
func NewRelayedHub(relay store.Relay, opts ...RelayOption) *RelayedHub {
	h := &RelayedHub{
		Hub: NewHub(), relay: relay, log: slog.New(slog.DiscardHandler),
		origin: rand.Text()[:12], feed: make(chan struct{}, 1), next: newNextHint(),
	}
	for _, opt := range opts {
		if opt != nil {
			opt(h)
		}
	}
	return h
}

// Wake wakes the listeners of this process and hints to the others. It never
// blocks.
func (h *RelayedHub) Wake(agents ...market.AgentID) {
	h.Hub.Wake(agents...)
	h.next.agentsMoved(agents)
}

// FeedMoved hints to other processes that the feed has new items. It never
// blocks.
func (h *RelayedHub) FeedMoved() { h.next.feedMoved() }

// FeedHints receives when another process said FeedMoved, coalesced, and when
// hints may have been missed. The channel is always the same, for one reader.
func (h *RelayedHub) FeedHints() <-chan struct{} { return h.feed }

// Run sends and hears until ctx ends, and returns nil. market.Market.Run calls it;
// it runs once at a time.
func (h *RelayedHub) Run(ctx context.Context, _ *market.Market) error {
	h.serve(ctx)
	return nil
}

func (h *RelayedHub) serve(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { h.keep(ctx, "sending hints", func() { h.publish(ctx) }) })
	all.Go(func() { h.keep(ctx, "hearing hints", func() { h.subscribe(ctx) }) })
	all.Wait()
}

// keep restarts a part after a panic.
func (h *RelayedHub) keep(ctx context.Context, part string, run func()) {
	for !survives(h.log, part, run) && ctx.Err() == nil {
		sleep(ctx, restartAfter)
	}
}

// hear passes a hint from the relay on to the listeners of this process.
func (h *RelayedHub) hear(said hint) {
	switch {
	case said.Origin == h.origin:
	case said.everything():
		h.wakeAll()
		signal(h.feed)
		signal(h.activity)
	default:
		h.wake(said.Agents)
		if len(said.Agents) > 0 {
			signal(h.activity)
		}
		if said.Feed {
			signal(h.feed)
		}
	}
}

// subscribe keeps a subscription alive.
func (h *RelayedHub) subscribe(ctx context.Context) {
	pause := newPause()
	for ctx.Err() == nil {
		err := contained(func() error { return h.relay.Subscribe(ctx, h.hearer(pause)) })
		if ctx.Err() != nil {
			return
		}
		if pause.first() {
			h.log.Warn("no hints from other processes for now", "error", err)
		}
		pause.wait(ctx)
	}
}

// hearer passes hints on, and resets the pause, since the connection works.
func (h *RelayedHub) hearer(pause *pause) func(message string) {
	return func(message string) {
		if pause.reset() {
			h.log.Info("hints from other processes arrive again")
		}
		h.hear(decodeHint(message))
	}
}

// publish sends what was collected. It is paced in real time, since it limits
// network traffic and has nothing to do with the market's clock.
func (h *RelayedHub) publish(ctx context.Context) {
	pause := newPause()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.next.filled:
		}
		next := h.next.take()
		next.Origin = h.origin
		if err := h.send(ctx, next); err != nil {
			// The lost hint's content is gone, so the next one has to say that anything
			// may have moved.
			h.next.everythingMoved()
			if pause.first() && ctx.Err() == nil {
				h.log.Warn("no hints to other processes for now", "error", err)
			}
			pause.wait(ctx)
			continue
		}
		if pause.reset() {
			h.log.Info("hints to other processes are sent again")
		}
		sleep(ctx, publishEvery)
	}
}

func (h *RelayedHub) send(ctx context.Context, next hint) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	return contained(func() error { return h.relay.Publish(ctx, next.messages()) })
}

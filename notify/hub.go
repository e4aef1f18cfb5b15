package notify

import (
	"sync"

	"github.com/pinchwork/pinchwork/market"
)

// Hub wakes the listeners of one process. It implements market.Notifier and
// has no relay: FeedMoved does nothing and FeedHints is nil. The zero Hub is
// not usable, NewHub makes one. It owns no goroutine.
type Hub struct {
	activity chan struct{}

	mu        sync.Mutex
	listeners map[market.AgentID]map[*listener]struct{}
}

// listener is a unique key, so that calling stop twice cannot stop another
// listener.
type listener struct{ wake chan struct{} }

var _ market.Notifier = (*Hub)(nil)

// NewHub returns a Hub without listeners.
func NewHub() *Hub {
	return &Hub{
		activity:  make(chan struct{}, 1),
		listeners: map[market.AgentID]map[*listener]struct{}{},
	}
}

// Wake tells everybody who listens for these agents that their log or standing
// changed. It never blocks, and its cost grows with their listeners alone.
func (h *Hub) Wake(agents ...market.AgentID) {
	h.wake(agents)
	signal(h.activity)
}

func (h *Hub) wake(agents []market.AgentID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range agents {
		h.signal(id)
	}
	if len(agents) > 0 {
		h.signal(everybody)
	}
}

// everybody is who wants to hear of all agents.
const everybody market.AgentID = ""

func (h *Hub) signal(id market.AgentID) {
	for l := range h.listeners[id] {
		signal(l.wake)
	}
}

// wakeAll is for when it is unknown which listeners have missed something.
func (h *Hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, set := range h.listeners {
		for l := range set {
			signal(l.wake)
		}
	}
}

// Listen returns a channel of capacity 1 that receives after each Wake of the
// agent, of any agent when it is "", coalesced, until stop is called. The channel is never closed. stop may
// be called by anybody and more than once. Listen first and read the log
// afterwards: then every event is either read or announced.
func (h *Hub) Listen(agent market.AgentID) (wake <-chan struct{}, stop func()) {
	l := &listener{wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.listeners[agent] == nil {
		h.listeners[agent] = map[*listener]struct{}{}
	}
	h.listeners[agent][l] = struct{}{}
	return l.wake, func() { h.stop(agent, l) }
}

func (h *Hub) stop(agent market.AgentID, l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners[agent], l)
	if len(h.listeners[agent]) == 0 {
		delete(h.listeners, agent)
	}
}

// FeedMoved does nothing: there is no other process.
func (h *Hub) FeedMoved() {}

// FeedHints is nil: there is no other process.
func (h *Hub) FeedHints() <-chan struct{} { return nil }

// Activity returns the channel, of capacity 1 and always the same, that receives after each
// Wake by this process, and under a RelayedHub by others, coalesced over all agents. It is for
// one reader, and made for WebhookOptions.Wake: an event that was just written may have to go
// to a webhook.
func (h *Hub) Activity() <-chan struct{} { return h.activity }

// signal fills a channel of capacity 1 and never blocks.
func signal(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

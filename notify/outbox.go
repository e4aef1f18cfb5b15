package notify

import (
	"sync"

	"github.com/pinchwork/pinchwork/market"
)

// maxPending is how many agents a hint names before it says "everything",
// which costs others less than so long a list would.
const maxPending = 5_000

// outbox gathers what the next hint has to tell.
type outbox struct {
	filled chan struct{} // capacity 1: something is pending

	mu     sync.Mutex
	agents map[market.AgentID]struct{}
	feed   bool
	all    bool
}

func newOutbox() outbox {
	return outbox{filled: make(chan struct{}, 1), agents: map[market.AgentID]struct{}{}}
}

func (o *outbox) agentsMoved(ids []market.AgentID) {
	if len(ids) == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.all {
		for _, id := range ids {
			o.agents[id] = struct{}{}
		}
		o.all = len(o.agents) > maxPending
	}
	signal(o.filled)
}

func (o *outbox) feedMoved() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.feed = true
	signal(o.filled)
}

func (o *outbox) everythingMoved() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = true
	signal(o.filled)
}

// take empties the outbox into a hint.
func (o *outbox) take() Hint {
	o.mu.Lock()
	defer o.mu.Unlock()
	var h Hint
	if !o.all {
		h.Feed = o.feed
		h.Agents = make([]market.AgentID, 0, len(o.agents))
		for id := range o.agents {
			h.Agents = append(h.Agents, id)
		}
	}
	clear(o.agents)
	o.feed, o.all = false, false
	return h
}

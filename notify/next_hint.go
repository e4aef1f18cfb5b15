package notify

import (
	"sync"

	"github.com/pinchwork/pinchwork/market"
)

// maxPending is how many agents a hint names before it says "everything", which
// costs the other processes less than such a long list.
const maxPending = 5_000

// nextHint collects what the next hint has to say.
type nextHint struct {
	filled chan struct{} // capacity 1: something is pending

	mu     sync.Mutex
	agents map[market.AgentID]struct{}
	feed   bool
	all    bool
}

func newNextHint() nextHint {
	return nextHint{filled: make(chan struct{}, 1), agents: map[market.AgentID]struct{}{}}
}

func (o *nextHint) agentsMoved(ids []market.AgentID) {
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

func (o *nextHint) feedMoved() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.feed = true
	signal(o.filled)
}

func (o *nextHint) everythingMoved() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = true
	signal(o.filled)
}

// take makes a hint from what was collected, and starts over.
func (o *nextHint) take() hint {
	o.mu.Lock()
	defer o.mu.Unlock()
	var h hint
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

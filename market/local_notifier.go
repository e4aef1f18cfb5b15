package market

import "sync"

// localNotifier wakes listeners of this process. Package notify has one that
// also reaches other processes.
type localNotifier struct {
	mu        sync.Mutex
	listeners map[AgentID]map[chan struct{}]struct{}
}

func newLocalNotifier() *localNotifier {
	return &localNotifier{listeners: map[AgentID]map[chan struct{}]struct{}{}}
}

func (n *localNotifier) Wake(agents ...AgentID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range append(agents[:len(agents):len(agents)], everybody) {
		for ch := range n.listeners[id] {
			signal(ch)
		}
	}
}

func (n *localNotifier) Listen(agent AgentID) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[agent] == nil {
		n.listeners[agent] = map[chan struct{}]struct{}{}
	}
	n.listeners[agent][ch] = struct{}{}
	return ch, func() { n.stop(agent, ch) }
}

func (n *localNotifier) stop(agent AgentID, ch chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.listeners[agent], ch)
	if len(n.listeners[agent]) == 0 {
		delete(n.listeners, agent)
	}
}

func (n *localNotifier) FeedMoved() {}

func (n *localNotifier) FeedHints() <-chan struct{} { return nil }

// signal fills a channel of capacity 1 and never blocks.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

package board

import (
	"container/list"
	"sync"
)

// The most that the cache of trust holds.
const (
	maxTrusted    = 4096
	maxTrustPairs = 4 << 20
)

// trust caches the posters' trust toward the agents that asked last.
type trust struct {
	mu     sync.Mutex
	agents map[string]*list.Element // of *trustIn
	// recent has the agent that asked last in front.
	recent *list.List
	pairs  int
}

// trustIn is what posters think of one agent.
type trustIn struct {
	to string
	mu sync.RWMutex
	// loaded is false while only changes are known.
	loaded bool
	from   map[string]Trust
	// counted is how many of from are in trust.pairs, under trust.mu.
	counted int
}

func (t *trust) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.agents, t.recent, t.pairs = map[string]*list.Element{}, list.New(), 0
}

// of returns what is cached about an agent, or nil.
func (t *trust) of(to string) *trustIn {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.agents[to]
	if e == nil {
		return nil
	}
	t.recent.MoveToFront(e)
	return e.Value.(*trustIn)
}

// open returns what is cached about an agent, a new empty entry if nothing was.
func (t *trust) open(to string) *trustIn {
	if in := t.of(to); in != nil {
		return in
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.agents[to]; e != nil {
		return e.Value.(*trustIn)
	}
	in := &trustIn{to: to, from: map[string]Trust{}}
	t.agents[to] = t.recent.PushFront(in)
	t.evict()
	return in
}

// recount counts again what is cached about an agent and makes room for it.
func (t *trust) recount(in *trustIn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.agents[in.to]; e == nil || e.Value != in {
		return
	}
	size := in.size()
	t.pairs += size - in.counted
	in.counted = size
	t.evict()
}

// evict drops the agents that asked longest ago, but never the last one.
func (t *trust) evict() {
	for t.recent.Len() > 1 && (t.recent.Len() > maxTrusted || t.pairs > maxTrustPairs) {
		in := t.recent.Remove(t.recent.Back()).(*trustIn)
		delete(t.agents, in.to)
		t.pairs -= in.counted
	}
}

func (in *trustIn) size() int {
	in.mu.RLock()
	defer in.mu.RUnlock()
	return len(in.from)
}

// merge takes the pairs that have more interactions than those known.
func (in *trustIn) merge(loaded bool, pairs ...Trust) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, p := range pairs {
		if known, ok := in.from[p.From]; !ok || p.Interactions > known.Interactions {
			in.from[p.From] = p
		}
	}
	in.loaded = in.loaded || loaded
}

// TrustKnown reports whether the posters' trust toward the agent is cached. If
// not, load it and call SetTrustIn; a TrustChanged in between is not lost.
func (b *Board[V]) TrustKnown(to string) bool {
	in := b.trust.open(to)
	in.mu.RLock()
	defer in.mu.RUnlock()
	return in.loaded
}

// SetTrustIn caches the posters' trust toward the agent: a poster that is not
// among the pairs trusts it 0.5. Pairs with more interactions that are known
// already stay.
func (b *Board[V]) SetTrustIn(to string, pairs []Trust) {
	in := b.trust.open(to)
	in.merge(true, pairs...)
	b.trust.recount(in)
}

// TrustChanged updates one pair, unless more interactions are known or nobody
// asked about the agent lately.
func (b *Board[V]) TrustChanged(from, to string, score float64, interactions int64) {
	b.trust.mu.Lock()
	e := b.trust.agents[to]
	b.trust.mu.Unlock()
	if e != nil {
		in := e.Value.(*trustIn)
		in.merge(false, Trust{from, score, interactions})
		b.trust.recount(in)
	}
}

package market

import (
	"context"
	"slices"
	"sync"
	"time"
)

// ear is where everything in this process that waits for events listens: each
// stream, and one listener for all waits of an agent. In addition to the
// notifier's wake-ups it looks regularly whether an agent's log has moved, so
// that a lost wake-up costs latency and nothing else. One look serves all
// listeners, and there is none when nobody listens. It owns no goroutine: one
// of the waiting ones looks for all of them.
type ear struct {
	heads    func(ctx context.Context, ids []AgentID) (map[AgentID]Head, error)
	notifier Notifier

	mu        sync.Mutex
	listeners map[*listener]struct{}
	// lookAt is when the next look is due, in real time.
	lookAt time.Time
	// turn holds a token while nobody looks for the others.
	turn chan struct{}
}

const (
	// lookEvery is how often the ear looks by itself, in real time: an event whose
	// wake-up the notifier lost is seen within a second.
	lookEvery = 950 * time.Millisecond
	lookBatch = 1_000
)

func newEar(m *Market) *ear {
	e := &ear{heads: m.heads, notifier: m.notifier, listeners: map[*listener]struct{}{}, turn: make(chan struct{}, 1)}
	e.turn <- struct{}{}
	return e
}

// listener listens for one agent.
type listener struct {
	ear   *ear
	agent AgentID
	// wake is the notifier's, moved the ear's own.
	wake  <-chan struct{}
	moved chan struct{}
	quit  func()

	mu sync.Mutex
	// seen is the last event that the listener knows of.
	seen int64
}

// listen begins to listen: from its return on, no event is missed.
func (e *ear) listen(agent AgentID) *listener {
	l := &listener{ear: e, agent: agent, moved: make(chan struct{}, 1)}
	l.wake, l.quit = e.notifier.Listen(agent)
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.listeners) == 0 {
		e.lookAt = time.Now().Add(lookEvery)
	}
	e.listeners[l] = struct{}{}
	return l
}

func (l *listener) stop() {
	l.quit()
	l.ear.mu.Lock()
	defer l.ear.mu.Unlock()
	delete(l.ear.listeners, l)
}

// knows records up to which event the listener has read.
func (l *listener) knows(seq int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = max(l.seen, seq)
}

func (l *listener) known() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

func (l *listener) tell(h Head) {
	if h.Suspended || h.Seq > l.known() {
		signal(l.moved)
	}
}

// call says why a wait has ended.
type call int

const (
	callLog  call = iota // the agent's log or standing may have moved
	callLook             // calls.look
	callStir             // calls.stir
	callRing             // calls.ring
	callRead             // calls.read
	callUp               // calls.up
	callOff              // the context ended
)

// calls are the things other than the log that end a wait.
type calls struct {
	look, stir     <-chan struct{}
	ring, read, up <-chan time.Time
}

// wait returns at the first call. Meanwhile this goroutine may have to take the
// look for all listeners.
func (l *listener) wait(ctx context.Context, c calls) call {
	turn := l.ear.turn
	var look <-chan time.Time
	defer func() {
		if look != nil {
			l.ear.turn <- struct{}{}
		}
	}()
	for {
		select {
		case <-l.wake:
			return callLog
		case <-l.moved:
			return callLog
		case <-c.look:
			return callLook
		case <-c.stir:
			return callStir
		case <-c.ring:
			return callRing
		case <-c.read:
			return callRead
		case <-c.up:
			return callUp
		case <-ctx.Done():
			return callOff
		case <-turn:
			turn, look = nil, l.ear.nextLook()
		case <-look:
			l.ear.look(ctx)
			look = l.ear.nextLook()
		}
	}
}

// nextLook fires when the next look is due, no matter which listener took the
// last one.
func (e *ear) nextLook() <-chan time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.After(time.Until(e.lookAt))
}

// look tells those whose agent's log or standing has moved; an agent that no
// longer exists counts as suspended. A look that fails is repeated when the
// next one is due.
func (e *ear) look(ctx context.Context) {
	listening := e.listening()
	agents := make([]AgentID, 0, len(listening))
	for agent := range listening {
		agents = append(agents, agent)
	}
	for batch := range slices.Chunk(agents, lookBatch) {
		heads, err := e.heads(ctx, batch)
		if err != nil {
			return
		}
		for _, agent := range batch {
			head, known := heads[agent]
			head.Suspended = head.Suspended || !known
			for _, l := range listening[agent] {
				l.tell(head)
			}
		}
	}
}

// listening returns who listens for each agent, and sets when to look next.
func (e *ear) listening() map[AgentID][]*listener {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lookAt = time.Now().Add(lookEvery)
	out := make(map[AgentID][]*listener, len(e.listeners))
	for l := range e.listeners {
		out[l.agent] = append(out[l.agent], l)
	}
	return out
}

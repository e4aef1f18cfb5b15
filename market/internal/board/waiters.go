package board

import (
	"sync/atomic"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// line names those who wait for the same. Names are kept as texts, since the numbers
// of agents and tags change.
type line struct {
	kind lineKind
	name string
}

type lineKind uint8

const (
	// lineAny: without tags in their filter.
	lineAny lineKind = iota
	// lineTag: with the tag first in their filter.
	lineTag
	// lineAgent: all waiters of the agent, for what is offered to it alone.
	lineAgent
	// lineInfra: those who take system tasks.
	lineInfra
)

// waiters are the waiters of a board, under its lock.
type waiters[V any] struct {
	list   []*Waiter[V]
	unused []uint32
	// last is the place of the latest one.
	last  int64
	lines map[line]*queue
	// asleep counts those in line; count is the same for those without the lock.
	asleep  int
	count   atomic.Int64
	pending []pendingOffer
	stirred chan struct{}
}

// pendingOffer is an offer that was put off: who is in line behind the place has not
// been asked.
type pendingOffer struct {
	task   string
	behind int64
}

func newWaiters[V any]() waiters[V] {
	return waiters[V]{lines: map[line]*queue{}, stirred: make(chan struct{}, 1)}
}

// enter gives the waiter the last place.
func (ws *waiters[V]) enter(w *Waiter[V]) entry {
	ws.last++
	if k := len(ws.unused); k > 0 {
		ref := ws.unused[k-1]
		ws.unused, ws.list[ref] = ws.unused[:k-1], w
		return entry{seq: ws.last, ref: ref}
	}
	ws.list = append(ws.list, w)
	return entry{seq: ws.last, ref: uint32(len(ws.list) - 1)}
}

func (ws *waiters[V]) leave(w *Waiter[V]) {
	ws.list[w.place.ref] = nil
	ws.unused = append(ws.unused, w.place.ref)
}

// lines are those that the waiter stands in.
func (w *Waiter[V]) lines() []line {
	all := append(make([]line, 0, 3), line{kind: lineAny}, line{lineAgent, w.query.Agent})
	if len(w.query.Tags) > 0 {
		all[0] = line{lineTag, text.FoldTag(w.query.Tags[0])}
	}
	if w.query.Infra {
		all = append(all, line{kind: lineInfra})
	}
	return all
}

func (ws *waiters[V]) join(w *Waiter[V]) {
	if w.asleep {
		return
	}
	w.asleep = true
	ws.asleep++
	ws.count.Add(1)
	for _, l := range w.lines() {
		q := ws.lines[l]
		if q == nil {
			q = &queue{}
			ws.lines[l] = q
		}
		q.insert(w.place)
	}
	if ws.asleep == 1 {
		// Whoever reads the channel does not know yet when the board next changes.
		ws.stir()
	}
}

// quit takes the waiter out of its lines.
func (ws *waiters[V]) quit(w *Waiter[V]) {
	if !w.asleep {
		return
	}
	w.asleep = false
	ws.asleep--
	ws.count.Add(-1)
	for _, l := range w.lines() {
		q := ws.lines[l]
		if q.remove(w.place); q.len == 0 {
			delete(ws.lines, l)
		}
	}
}

// call takes a waiter out of its lines and tells it to look. The task is "" when it
// is called for something else.
func (ws *waiters[V]) call(w *Waiter[V], task string) {
	ws.quit(w)
	w.task = task
	w.called <- struct{}{}
}

// of returns the waiters of an agent that sleep.
func (ws *waiters[V]) of(agent string) (all []*Waiter[V]) {
	if q := ws.lines[line{lineAgent, agent}]; q != nil {
		for place := range q.all {
			all = append(all, ws.list[place.ref])
		}
	}
	return all
}

// open adds a line to others, if anybody is in it.
func (ws *waiters[V]) open(lines *cursors, l line) {
	if q := ws.lines[l]; q != nil {
		lines.push(q.cursor())
	}
}

func (ws *waiters[V]) putOff(task string, behind int64) {
	ws.pending = append(ws.pending, pendingOffer{task, behind})
	ws.stir()
}

// resume returns an offer that was put off.
func (ws *waiters[V]) resume() (task string, behind int64, ok bool) {
	if len(ws.pending) == 0 {
		return "", 0, false
	}
	first := ws.pending[0]
	ws.pending = ws.pending[1:]
	return first.task, first.behind, true
}

func (ws *waiters[V]) stirIfPutOff() {
	if len(ws.pending) > 0 {
		ws.stir()
	}
}

// stir has one of the waiters call Continue.
func (ws *waiters[V]) stir() {
	if ws.asleep == 0 && len(ws.pending) == 0 {
		return
	}
	select {
	case ws.stirred <- struct{}{}:
	default:
	}
}

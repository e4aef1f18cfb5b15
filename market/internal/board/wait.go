package board

import (
	"time"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Waiter is a caller that sleeps until there may be something for it. It waits in
// lines, by what would make a task its own, and a task that comes on offer calls the
// first in line who would be offered it, and nobody else. Who was called looks by
// itself at what is on offer. What it was called for is passed on to the next in
// line if it is still there when the waiter sleeps again or leaves, so no task is
// left on the board while somebody sleeps who would be offered it.
//
//	w := b.Waiter(board.Query{Agent: "ag-2"})
//	defer w.Leave()
//	for w.Sleep(now); ; w.Sleep(now) {
//		<-w.Called()
//		w.Rise()
//		… // look, and return if there was something
//	}
//
// A waiter keeps its place in line however often it is called in vain. Its methods
// belong to one goroutine.
type Waiter[V any] struct {
	board  *Board[V]
	query  Query
	terms  []string
	called chan struct{}
	// place is its entry in each line that it is in.
	place entry
	// asleep is set while it is in line, task is what it was called for and has not
	// passed on. Both are under the board's lock.
	asleep bool
	task   string
}

// Waiter makes a waiter for what a query asks, behind all others, not yet asleep.
// Leave must be called.
func (b *Board[V]) Waiter(q Query) *Waiter[V] {
	// No waiter is ranked against anything: what it is offered is all that counts.
	q.Capabilities = nil
	w := &Waiter[V]{board: b, query: q, terms: text.Terms(q.Search), called: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	w.place = b.waiters.enter(w)
	return w
}

// Called returns the channel, always the same, that receives when the waiter
// should look.
func (w *Waiter[V]) Called() <-chan struct{} { return w.called }

// Sleep puts the waiter into line, after passing on what it was called for. From
// its return on no task is missed; one that is on the board already calls it at
// once, even if it is reserved, which found reports.
func (w *Waiter[V]) Sleep(now time.Time) (found bool) {
	b := w.board
	b.mu.Lock()
	w.pass()
	select {
	case <-w.called:
	default:
	}
	w.query.Now = now
	b.waiters.join(w)
	q := w.query
	b.mu.Unlock()
	task := b.first(&q)
	if task == "" {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.asleep {
		b.waiters.call(w, task)
	}
	return true
}

// first is the id of something that the query would be offered, or "".
func (b *Board[V]) first(q *Query) (id string) {
	b.look(q, func(v *view[V]) {
		if found := v.best(1); len(found) > 0 {
			id = b.tasks[found[0].slot].id
		}
	})
	return id
}

// Rise takes the waiter out of line, for a look of its own.
func (w *Waiter[V]) Rise() {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	w.board.waiters.quit(w)
}

// Leave ends the waiting, and passes on what the waiter was called for.
func (w *Waiter[V]) Leave() {
	b := w.board
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiters.quit(w)
	w.pass()
	b.waiters.leave(w)
}

// pass offers what the waiter was called for to the next in line. The waiter
// itself is in no line meanwhile.
func (w *Waiter[V]) pass() {
	id := w.task
	w.task = ""
	if slot, ok := w.board.slots[id]; ok && id != "" {
		w.board.offer(slot, 0)
	}
}

// offer calls the first in line, behind a place, who would be offered the task.
// When finding out takes long it is finished later: see Continue.
func (b *Board[V]) offer(slot uint32, behind int64) {
	if b.waiters.asleep == 0 {
		return
	}
	effort := b.limits.breath
	for lines := b.inLine(slot); len(lines) > 0; lines.next() {
		place := lines[0].block[0]
		if place.seq <= behind {
			continue
		}
		if effort < 0 {
			b.waiters.putOff(b.tasks[slot].id, behind)
			return
		}
		w := b.waiters.list[place.ref]
		suits, cost := w.suits(slot)
		if suits {
			b.waiters.call(w, b.tasks[slot].id)
			return
		}
		effort, behind = effort-cost, place.seq
	}
}

// inLine returns the lines for a task in its present state. No waiter is in two of
// them.
func (b *Board[V]) inLine(slot uint32) (lines cursors) {
	t := b.tasks[slot]
	switch b.marks[slot].state {
	case system:
		b.waiters.open(&lines, line{kind: lineInfra})
	case held:
		for _, n := range t.matched {
			b.waiters.open(&lines, line{lineAgent, b.agents.list[n].id})
		}
	case open:
		b.waiters.open(&lines, line{kind: lineAny})
		for _, ref := range t.tags[:t.own] {
			b.waiters.open(&lines, line{lineTag, b.tags.list[ref.tag].name})
		}
	}
	return lines
}

// suitsEffort is what it costs to look whether a task suits a waiter, apart from
// its texts.
const suitsEffort = 64

// suits reports whether the waiter would be offered the task, and the effort of
// finding out.
func (w *Waiter[V]) suits(slot uint32) (ok bool, effort int) {
	v := view[V]{board: w.board, query: &w.query, at: w.board.now}
	if v.resolve(); v.none {
		return false, suitsEffort
	}
	if _, _, ok := v.phase(slot); !ok || !v.passes(slot) {
		return false, suitsEffort
	}
	ok, effort = w.board.texts.Contains(slot, w.terms)
	return ok, effort + suitsEffort
}

// offerAllOf offers all tasks of a poster.
func (b *Board[V]) offerAllOf(poster uint32) {
	if b.waiters.asleep == 0 {
		return
	}
	for slot := range b.marks {
		if m := &b.marks[slot]; m.state > closed && m.poster == poster {
			b.offer(uint32(slot), 0)
		}
	}
}

// Call calls all waiters of an agent that sleep: something about the agent itself
// has changed.
func (b *Board[V]) Call(agent string) {
	if b.Asleep() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.waiters.of(agent) {
		b.waiters.call(w, "")
	}
}

// Asleep counts the waiters that sleep.
func (b *Board[V]) Asleep() int { return int(b.waiters.count.Load()) }

// Stirred returns the channel, of capacity 1 and always the same, that receives
// when one of those who wait should call Continue. It is for one reader at a time.
func (b *Board[V]) Stirred() <-chan struct{} { return b.waiters.stirred }

// Continue brings the board up to the instant, finishes a piece of the offers that
// were put off, and returns at which instant it should be called again, zero for
// none; earlier when Stirred receives.
func (b *Board[V]) Continue(now time.Time) (next time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(instant(now))
	if id, behind, ok := b.waiters.resume(); ok {
		if slot, known := b.slots[id]; known {
			b.offer(slot, behind)
		}
	}
	b.waiters.stirIfPutOff()
	if e, ok := b.due.first(); ok {
		next = time.Unix(0, e.at)
	}
	return next
}

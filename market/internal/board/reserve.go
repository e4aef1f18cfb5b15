package board

import "sync/atomic"

// Reservation holds tasks for one caller, so that callers in this process do
// not compete for the same ones.
type Reservation[V any] struct {
	// Offers are the reserved tasks, best first.
	Offers []Offer[V]
	// Busy is set when there are no Offers because others hold what there is: it
	// is closed when asking again may help.
	Busy <-chan struct{}
	// Lack is set when there are neither Offers nor is it Busy and Query.Why asks.
	Lack Lack

	board    *Board[V]
	slots    []uint32
	tasks    []*task[V]
	released atomic.Bool
}

// Reserve takes the best n tasks that nobody has reserved, until Release or
// until they are removed or put with other texts.
func (b *Board[V]) Reserve(q Query, n int) *Reservation[V] {
	r := &Reservation[V]{board: b}
	if n <= 0 || b.reserve(r, q, n) {
		return r
	}
	// Listen first, then look again, so that no release is missed.
	r.Busy = b.wake.listen()
	if b.reserve(r, q, n) {
		r.Busy = nil
	}
	return r
}

// reserve reports whether it took something or there is nothing to take. What
// it takes is the best of the same instant.
func (b *Board[V]) reserve(r *Reservation[V], q Query, n int) (done bool) {
	b.look(&q, func(v *view[V]) {
		for {
			v.free, v.busy = true, false
			found := v.best(n - len(r.slots))
			if v.tired() {
				return
			}
			taken := r.mark(found)
			r.Offers = append(r.Offers, v.offers(taken)...)
			if len(taken) == len(found) {
				if done = len(r.Offers) > 0 || !v.busy; done && q.Why > 0 && len(r.Offers) == 0 {
					r.Lack = v.unfiltered().lack(q.filtered(), q.Why)
				}
				return
			}
			// Somebody was faster with one of them: look for others.
		}
	})
	return done
}

// mark reserves those of the candidates that are still free, and returns them.
func (r *Reservation[V]) mark(found []candidate) []candidate {
	taken := found[:0:len(found)]
	for _, c := range found {
		if r.board.setReserved(c.slot) {
			r.slots, r.tasks = append(r.slots, c.slot), append(r.tasks, r.board.tasks[c.slot])
			taken = append(taken, c)
		}
	}
	return taken
}

// Release gives the tasks that are still on the board to others. It may be
// called more than once.
func (r *Reservation[V]) Release() {
	if r.released.Swap(true) || len(r.slots) == 0 {
		return
	}
	b := r.board
	b.mu.RLock()
	for i, slot := range r.slots {
		// By now the slot may hold another task, or be from before a Reset.
		if int(slot) < len(b.tasks) && b.tasks[slot] == r.tasks[i] {
			b.reserved[slot/64].And(^(uint64(1) << (slot % 64)))
		}
	}
	b.mu.RUnlock()
	b.wake.ring()
}

func (b *Board[V]) isReserved(slot uint32) bool {
	return b.reserved[slot/64].Load()>>(slot%64)&1 != 0
}

func (b *Board[V]) setReserved(slot uint32) bool {
	bit := uint64(1) << (slot % 64)
	return b.reserved[slot/64].Or(bit)&bit == 0
}

// bell wakes the callers that listened before it rang.
type bell struct{ ch atomic.Pointer[chan struct{}] }

// listen returns a channel that is closed when the bell next rings.
func (l *bell) listen() <-chan struct{} {
	for {
		if ch := l.ch.Load(); ch != nil {
			return *ch
		}
		ch := make(chan struct{})
		l.ch.CompareAndSwap(nil, &ch)
	}
}

func (l *bell) ring() {
	if l.ch.Load() == nil {
		return
	}
	if ch := l.ch.Swap(nil); ch != nil {
		close(*ch)
	}
}

package postgres

import (
	"context"
	"slices"
	"sync"
)

// maxTogether bounds how many commits travel together, and with it how long the
// first of them waits for the last.
const maxTogether = 64

// queue lets commits travel together that arrive while others are on their way: one
// transaction, one wait for the disk. Nobody waits for company: while a lane is free
// a commit goes at once. One that touches what another lane has under way waits here
// for it and not in the database, and then travels with all that have waited.
type queue struct {
	mu      sync.Mutex
	waiting []*ticket
	// under are the keys that lanes have under way; free is how many lanes are not
	// under way.
	under map[string]bool
	free  int
	// start runs a lane with its first group.
	start func(group []*ticket)
}

func newQueue(lanes int, start func(group []*ticket)) *queue {
	return &queue{under: map[string]bool{}, free: lanes, start: start}
}

// enter lets tickets wait, all at once, and starts what can go. A nil ticket is
// passed over.
func (q *queue) enter(tickets []*ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range tickets {
		if t != nil {
			q.waiting = append(q.waiting, t)
		}
	}
	q.depart()
}

// depart fills the free lanes.
func (q *queue) depart() {
	for q.free > 0 {
		group := q.next()
		if group == nil {
			return
		}
		q.free--
		go q.start(group)
	}
}

// arrive says that a lane's group is done, and returns the lane's next one: nil ends
// the lane.
func (q *queue) arrive(group []*ticket) []*ticket {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range group {
		for _, k := range t.keys {
			delete(q.under, k.name)
		}
	}
	next := q.next()
	if next == nil {
		q.free++
		return nil
	}
	q.depart()
	return next
}

// next takes those out of the queue that may go together now. Who has to wait lets
// nobody pass that touches the same.
func (q *queue) next() (group []*ticket) {
	aboard, held := map[string]bool{}, map[string]bool{}
	rest := q.waiting[:0]
	for i, t := range q.waiting {
		if len(group) == maxTogether {
			rest = append(rest, q.waiting[i:]...)
			break
		}
		if q.fits(t, aboard, held) {
			for _, k := range t.keys {
				aboard[k.name] = aboard[k.name] || k.sole
			}
			group = append(group, t)
			continue
		}
		for _, k := range t.keys {
			held[k.name] = true
		}
		rest = append(rest, t)
	}
	clear(q.waiting[len(rest):])
	q.waiting = rest
	for name := range aboard {
		q.under[name] = true
	}
	return group
}

// fits reports whether a ticket may travel now with those aboard, whose keys say
// whether they are sole.
func (q *queue) fits(t *ticket, aboard, held map[string]bool) bool {
	return !slices.ContainsFunc(t.keys, func(k key) bool {
		sole, touched := aboard[k.name]
		return q.under[k.name] || held[k.name] || touched && (sole || k.sole)
	})
}

// await returns what became of a ticket. A caller that does not want to wait any
// longer takes its ticket back if it has not gone; else nobody knows what becomes
// of it.
func (q *queue) await(ctx context.Context, t *ticket) outcome {
	select {
	case out := <-t.done:
		return out
	case <-ctx.Done():
		q.giveUp(t)
		return failed(failure("committing", ctx.Err()))
	}
}

func (q *queue) giveUp(t *ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, t); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
}

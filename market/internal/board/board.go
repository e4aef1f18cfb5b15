// Package board keeps the open tasks of a marketplace in memory and ranks them
// for each agent, exactly (rule 6.5).
//
//	b := board.New[*Task]()
//	b.Put(board.Task[*Task]{ID: "tk-1", Version: 1, Poster: "ag-1", Need: "Review my code", Tags: []string{"go"}, Value: t})
//	r := b.Reserve(board.Query{Agent: "ag-2", Capabilities: []string{"go"}, Now: now}, 8)
//	defer r.Release()
//	for _, offer := range r.Offers { … }
//
// It is a cache: it holds no texts, decides nothing, and can be dropped and
// filled again at any time. Readers do not wait for each other, and writers not
// for a whole search: see Board.Page.
//
// A task lives in a slot. Tags and words list slots in no order, and a query
// counts or verifies along them; queues hold slots in the orders that offers
// come in: oldest first, by poster, by matched agent. Posters stand in their
// own order, so that a change of reputation moves one poster and no task.
package board

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Board is an index of open tasks. Use New. All methods may be called by many
// goroutines at once.
type Board[V any] struct {
	mu    sync.RWMutex
	seed  maphash.Seed
	texts *text.Index
	// slots finds a task by its id; marks and tasks hold what is known about it.
	slots  map[string]uint32
	marks  []mark
	tasks  []*task[V]
	tags   tags
	agents agents
	// everybody are the open tasks, system the system tasks, oldest first.
	everybody, system queue
	// kept are the tasks that everybody may know of and only matched agents are offered,
	// by the end of their head starts.
	kept queue
	// onOffer counts the open tasks of unsuspended posters.
	onOffer int
	// due are the tasks whose state changes with time; now is the instant up to
	// which those changes have been made.
	due  queue
	now  int64
	tomb tombstones

	// reserved has a bit for each slot, set and cleared by readers.
	reserved []atomic.Uint64
	wake     bell
	trust    trust
	waiters  waiters[V]
	scratch  sync.Pool
	limits   limits
}

// New returns an empty board.
func New[V any]() *Board[V] {
	b := &Board[V]{seed: maphash.MakeSeed(), limits: usualLimits, waiters: newWaiters[V]()}
	b.scratch.New = func() any { return new(scratch) }
	b.Reset()
	return b
}

// Reset forgets everything but who waits: tasks, removals, posters and trust.
func (b *Board[V]) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.texts = text.NewIndex()
	b.slots, b.marks, b.tasks = map[string]uint32{}, nil, nil
	b.tags, b.agents = newTags(), newAgents()
	b.everybody, b.system, b.kept, b.onOffer = queue{}, queue{}, queue{}, 0
	b.due, b.now, b.tomb = queue{}, ages, tombstones{}
	b.reserved = nil
	b.trust.reset()
	b.wake.ring()
}

// Get returns the value of a task on the board.
func (b *Board[V]) Get(id string) (v V, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	slot, ok := b.slots[id]
	if ok {
		v = b.tasks[slot].value
	}
	return v, ok
}

// Len counts the tasks on the board, those whose time has passed included.
func (b *Board[V]) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.slots)
}

// Versions returns the version of each task, 0 for those not on the board.
func (b *Board[V]) Versions(ids ...string) []int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]int64, len(ids))
	for i, id := range ids {
		if slot, ok := b.slots[id]; ok {
			out[i] = b.tasks[slot].version
		}
	}
	return out
}

// Snapshot pages through the tasks on the board, about limit at a time: pass
// next back as from until it is 0. Tasks put or removed meanwhile may be missed.
func (b *Board[V]) Snapshot(from, limit int) (known []Known, next int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	end := min(from+max(limit, 1), len(b.tasks))
	for _, t := range b.tasks[min(from, end):end] {
		if t != nil {
			known = append(known, Known{t.id, t.version})
		}
	}
	if end < len(b.tasks) {
		next = end
	}
	return known, next
}

// SetPoster sets a poster's standing, which applies to all its tasks
// immediately.
func (b *Board[V]) SetPoster(id string, reputation float64, suspended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, tasks := standing{}, 0
	if n := b.agents.number(id); n != noAgent {
		before, tasks = b.agents.standings[n], b.agents.list[n].tasks.len
	}
	n := b.agents.number(id)
	switch known := n != noAgent; {
	case known && before.suspended && !suspended:
		b.onOffer += tasks
		b.showAllOf(n, (*tags).show)
	case known && suspended && !before.suspended:
		b.onOffer -= tasks
		b.showAllOf(n, (*tags).hide)
	}
	b.agents.stand(id, standing{reputation, suspended})
	if n := b.agents.number(id); before.suspended && !suspended && n != noAgent {
		b.offerAllOf(n)
	}
	b.wake.ring()
}

// Advance tells the board the time, as every query does. Call it before a cold
// board is filled, so that tasks are placed correctly from the start.
func (b *Board[V]) Advance(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(instant(now))
}

// rlock takes the lock for reading, after bringing the indexes up to the
// instant.
func (b *Board[V]) rlock(now int64) {
	b.mu.RLock()
	for !b.current(now) {
		b.mu.RUnlock()
		b.mu.Lock()
		b.advance(now)
		b.mu.Unlock()
		b.mu.RLock()
	}
}

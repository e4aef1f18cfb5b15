package market

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// rooms hold the waits for tasks in this process; the waits of one agent share
// a room.
type rooms struct {
	ear   *ear
	store Store
	// watch makes sure that the feed is read often enough for a wait.
	watch func()

	mu      sync.Mutex
	byAgent map[AgentID]*room
	byTask  map[TaskID]map[*waiting]struct{}
	// waits counts all waits, so that a caller with news can return early when
	// there are none.
	waits atomic.Int64
}

// room holds the waits of one agent. They share one listener, and whichever of
// them has the turn reads the agent's log for all. A wait reads its task again
// when an event, a commit of this process or the feed says that the task has
// changed. Anything else that wakes the agent, such as talk, or an action of
// its own on another replica, makes each wait read its task at most once a
// second.
type room struct {
	*listener
	rooms *rooms
	// waits and begun are under rooms.mu.
	waits map[*waiting]struct{}
	begun bool
	// turn holds a token while nobody reads for the others. The fields below
	// belong to the wait that has taken it.
	turn chan struct{}
	// pending is set when the log may have moved since it was read.
	pending bool
	readAt  time.Time
}

// waiting is one wait for a task. Its methods belong to one goroutine.
type waiting struct {
	room *room
	task TaskID
	// look receives when the task has changed, stir when it may have.
	look, stir chan struct{}
	lookedAt   time.Time
	// ring is set after a stir that came too soon after a look.
	ring <-chan time.Time
}

const (
	// readPace is the least time between two reads of an agent's log for its
	// waits, stirPace that between two reads of a task that only may have changed;
	// both in real time.
	readPace  = 150 * time.Millisecond
	stirPace  = time.Second
	roomBatch = 200
)

func newRooms(m *Market) *rooms {
	return &rooms{ear: m.ear, store: m.store, watch: m.watch, byAgent: map[AgentID]*room{}, byTask: map[TaskID]map[*waiting]struct{}{}}
}

// watch has the feed read sooner: when the poster itself cancels on another
// replica, no event tells its wait.
func (m *Market) watch() { m.mirror.Watch() }

// join adds a wait to the agent's room. From its return on, no change of the
// task is missed.
func (rs *rooms) join(agent AgentID, task TaskID) *waiting {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := rs.byAgent[agent]
	if r == nil {
		r = &room{listener: rs.ear.listen(agent), rooms: rs, waits: map[*waiting]struct{}{}, turn: make(chan struct{}, 1)}
		r.turn <- struct{}{}
		rs.byAgent[agent] = r
	}
	w := &waiting{room: r, task: task, look: make(chan struct{}, 1), stir: make(chan struct{}, 1)}
	r.waits[w] = struct{}{}
	if rs.byTask[task] == nil {
		rs.byTask[task] = map[*waiting]struct{}{}
	}
	rs.byTask[task][w] = struct{}{}
	if rs.waits.Add(1) == 1 {
		rs.watch()
	}
	return w
}

func (w *waiting) leave() {
	rs, r := w.room.rooms, w.room
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.waits.Add(-1)
	delete(r.waits, w)
	if delete(rs.byTask[w.task], w); len(rs.byTask[w.task]) == 0 {
		delete(rs.byTask, w.task)
	}
	if len(r.waits) == 0 {
		delete(rs.byAgent, r.agent)
		r.stop()
	}
}

// begin says where the agent's log stood at the room's first look.
func (r *room) begin(seq int64) {
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	if !r.begun {
		r.begun = true
		r.knows(seq)
	}
}

// moved makes the waits for these tasks read them again. It never blocks.
func (rs *rooms) moved(tasks ...TaskID) {
	if rs.waits.Load() == 0 {
		return
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, task := range tasks {
		for w := range rs.byTask[task] {
			signal(w.look)
		}
	}
}

// allMoved makes every wait read its task again, for when it is unknown which
// tasks have changed.
func (rs *rooms) allMoved() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, waits := range rs.byTask {
		for w := range waits {
			signal(w.look)
		}
	}
}

// next waits until the task should be read again. over says that the time is
// up; false, false means that the caller has hung up.
func (w *waiting) next(ctx context.Context, up <-chan time.Time) (over, ok bool) {
	for {
		var what call
		select {
		case <-w.room.turn:
			what = w.read(ctx, up)
		case <-w.look:
			what = callLook
		case <-w.stir:
			what = callStir
		case <-w.ring:
			what = callRing
		case <-up:
			what = callUp
		case <-ctx.Done():
			what = callOff
		}
		switch what {
		case callOff:
			return false, false
		case callStir:
			if soon := time.Until(w.lookedAt.Add(stirPace)); soon > 0 {
				w.ring = time.After(soon)
				continue
			}
		}
		w.ring = nil
		return what == callUp, true
	}
}

// read follows the agent's log for all waits of the room, until this wait is
// called.
func (w *waiting) read(ctx context.Context, up <-chan time.Time) call {
	r := w.room
	defer func() { r.turn <- struct{}{} }()
	for {
		c := calls{look: w.look, stir: w.stir, ring: w.ring, up: up}
		if r.pending {
			c.read = time.After(time.Until(r.readAt.Add(readPace)))
		}
		switch what := r.wait(ctx, c); what {
		case callLog:
			r.pending = true
		case callRead:
			r.read(ctx)
		default:
			return what
		}
	}
}

// read reads the agent's new events and tells the waits. A read that fails is
// repeated.
func (r *room) read(ctx context.Context) {
	r.readAt = time.Now()
	page, err := r.rooms.store.Events(ctx, r.agent, r.known(), roomBatch)
	if err != nil {
		return
	}
	r.pending = len(page.Events) == roomBatch
	moved := []TaskID{}
	for _, e := range page.Events {
		if r.knows(e.Seq); !isTalk(e.Type) && !slices.Contains(moved, e.Task) {
			moved = append(moved, e.Task)
		}
	}
	if len(page.Events) == 0 {
		r.knows(page.Head)
	}
	r.rooms.moved(moved...)
	r.stirAll()
}

func (r *room) stirAll() {
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	for w := range r.waits {
		signal(w.stir)
	}
}

// isTalk reports whether an event leaves the status of its task as it is.
func isTalk(t EventType) bool {
	switch t {
	case store.EventTaskQuestion, store.EventQuestionAnswered, store.EventTaskMessage, store.EventTaskMatched, store.EventTaskVerified:
		return true
	}
	return false
}

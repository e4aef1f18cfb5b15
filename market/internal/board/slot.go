package board

import (
	"math"
	"time"
)

// state says in which indexes a task is.
type state uint8

const (
	// gone: the slot is empty.
	gone state = iota
	// closed: its time has passed, but it was not removed yet. In no index.
	closed
	// system: in the queue of system tasks.
	system
	// held: in the phase 1 of the matched agents, whose head start lasts, or of those
	// of a direct hire that is not open.
	held
	// open: offered to everybody, and first to the matched agents.
	open
)

// mark is what a walk over many tasks looks at, kept small.
type mark struct {
	at, seq int64
	poster  uint32
	state   state
	// matched and conflicts say whether the task has such agents, direct that the
	// matched ones are those of a direct hire.
	matched, conflicts, direct bool
}

// task is the rest of what the board keeps of a task. Its number, the slot, is
// that of its texts in the index.
type task[V any] struct {
	id      string
	version int64
	value   V
	// texts is a digest of need and context, which hardly ever change.
	texts uint64
	// tags begins with the task's own ones; extracted ones follow.
	tags []tagRef
	own  int
	// matched and conflicts are numbers of agents.
	matched, conflicts []uint32
	headStart, closes  int64
	// kept is the task's place among those of its poster that are kept.
	kept uint32
	// due is when the task's state next changes with time, or never.
	due int64
}

// rank is that of a matched agent by its place among them.
func (m *mark) rank(i int) uint32 {
	if m.direct {
		return 0
	}
	return uint32(i)
}

// never is after every instant, ages before.
const (
	never = math.MaxInt64
	ages  = math.MinInt64 + 2*patience
)

// instant turns a time into nanoseconds since 1970; times before 1678 all
// become one instant, and so do times after 2261.
func instant(t time.Time) int64 {
	switch s := t.Unix(); {
	case s >= never/int64(time.Second):
		return never
	case s <= ages/int64(time.Second):
		return ages
	}
	return t.UnixNano()
}

func (t *task[V]) moveTag(ref tagRef) {
	for i := range t.tags {
		if t.tags[i].tag == ref.tag {
			t.tags[i].pos = ref.pos
			return
		}
	}
}

func (b *Board[V]) entryOf(slot uint32) entry {
	return entry{at: b.marks[slot].at, seq: b.marks[slot].seq, ref: slot}
}

// place puts a task that is in no index where it belongs now.
func (b *Board[V]) place(slot uint32, kind state) {
	t := b.tasks[slot]
	s := b.stateOf(t, kind)
	b.marks[slot].state = s
	switch t.due = t.closes; s {
	case closed:
		t.due = never
		return
	case system:
		b.system.insert(b.entryOf(slot))
	case held:
		t.due = min(t.closes, t.headStart)
		b.match(slot, 1)
	case open:
		b.everybody.insert(b.entryOf(slot))
		b.publish(slot)
		b.match(slot, 0)
	}
	if !b.isApart(slot, s) {
		b.texts.List(slot)
		b.post(slot, s)
		if s != system {
			b.know(slot, s)
		}
	}
	if t.due != never {
		b.due.insert(entry{at: t.due, ref: slot})
		if first, _ := b.due.first(); first.ref == slot {
			b.waiters.stir()
		}
	}
	b.offer(slot, 0)
}

// isApart says of a task that is in this state or enters it whether only those whom a
// direct hire is for can find it. It is in no list that others walk, so however many
// there are, they cost nobody else anything.
func (b *Board[V]) isApart(slot uint32, s state) bool { return s == held && b.marks[slot].direct }

func (b *Board[V]) stateOf(t *task[V], kind state) state {
	switch {
	case t.closes <= b.now:
		return closed
	case kind == system:
		return system
	case len(t.matched) > 0 && t.headStart > b.now:
		return held
	}
	return open
}

// displace takes a task out of the indexes that it is in.
func (b *Board[V]) displace(slot uint32) {
	t, s := b.tasks[slot], b.marks[slot].state
	switch s {
	case closed, gone:
		return
	case system:
		b.system.remove(b.entryOf(slot))
	case held:
		b.unmatch(slot, 1)
	case open:
		b.everybody.remove(b.entryOf(slot))
		b.unpublish(slot)
		b.unmatch(slot, 0)
	}
	if !b.isApart(slot, s) {
		b.unpost(slot, s)
		if s != system {
			b.forget(slot, s)
		}
	}
	if t.due != never {
		b.due.remove(entry{at: t.due, ref: slot})
	}
}

func (b *Board[V]) publish(slot uint32) {
	n := b.marks[slot].poster
	b.agents.list[n].tasks.insert(b.entryOf(slot))
	if !b.agents.standings[n].suspended {
		b.onOffer++
	}
	b.agents.relist(n)
}

func (b *Board[V]) unpublish(slot uint32) {
	n := b.marks[slot].poster
	b.agents.list[n].tasks.remove(b.entryOf(slot))
	if !b.agents.standings[n].suspended {
		b.onOffer--
	}
	b.agents.relist(n)
}

func (b *Board[V]) match(slot uint32, held int) {
	for i, n := range b.tasks[slot].matched {
		e := b.entryOf(slot)
		e.rank = b.marks[slot].rank(i)
		b.agents.list[n].matched.insert(e)
		b.agents.list[n].held += held
	}
}

func (b *Board[V]) unmatch(slot uint32, held int) {
	for i, n := range b.tasks[slot].matched {
		e := b.entryOf(slot)
		e.rank = b.marks[slot].rank(i)
		b.agents.list[n].matched.remove(e)
		b.agents.list[n].held -= held
	}
}

// kind tells system tasks from others.
func (t *task[V]) kind(m mark) state {
	if m.poster == noAgent {
		return system
	}
	return open
}

// patience is how far a query's instant may lie before that of an earlier query
// before the clock counts as set back.
const patience = int64(time.Minute)

// current reports whether the indexes are right for the instant.
func (b *Board[V]) current(now int64) bool {
	next, ok := b.due.first()
	return (!ok || now < next.at) && now > b.now-patience
}

// advance moves tasks whose head start or time has ended by now. When the
// clock was set back, every task is looked at again.
func (b *Board[V]) advance(now int64) {
	if now <= b.now-patience {
		b.rewind(now)
		return
	}
	b.now = max(b.now, now)
	for {
		next, ok := b.due.first()
		if !ok || next.at > b.now {
			return
		}
		b.replace(next.ref)
	}
}

func (b *Board[V]) rewind(now int64) {
	b.now = now
	for slot, m := range b.marks {
		if m.state != gone {
			b.replace(uint32(slot))
		}
	}
}

func (b *Board[V]) replace(slot uint32) {
	b.displace(slot)
	b.place(slot, b.tasks[slot].kind(b.marks[slot]))
}

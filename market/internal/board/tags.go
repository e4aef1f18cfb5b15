package board

import "github.com/pinchwork/pinchwork/market/internal/tally"

// tag is a distinct tag of open tasks, folded.
type tag struct {
	name string
	uses int
	// shown counts the tasks of which PopularTags tells, place is the tag's place among
	// those that have some.
	shown, place int
	// open are the tasks with the tag that are offered to everybody, rest the
	// others, in no order. Each task knows its place in them.
	open, rest []uint32
	// bits are the same tasks as open, when these are many.
	bits []uint64
}

// A tag that more than 1 in denseFrom slots have is also kept as bits, since
// adding 64 counts at once takes no longer than adding one; the bits are
// dropped below 1 in sparseFrom.
const (
	denseFrom  = 192
	sparseFrom = 512
)

// set records that the slot became an open task.
func (t *tag) set(slot uint32, slots, dense int) {
	switch n := len(t.open); {
	case t.bits != nil:
		t.bits = tally.SetBit(t.bits, slot)
	case n > dense && n*denseFrom > slots:
		t.bits = make([]uint64, tally.Words(slots))
		for _, s := range t.open {
			t.bits = tally.SetBit(t.bits, s)
		}
	}
}

// unset records that the slot is no longer an open task.
func (t *tag) unset(slot uint32) {
	if t.bits == nil {
		return
	}
	t.bits[slot/64] &^= 1 << (slot % 64)
	if len(t.open)*sparseFrom < len(t.bits)*64 {
		t.bits = nil
	}
}

// tagRef is a tag of a task and the task's place in the list of the tag.
type tagRef struct{ tag, pos uint32 }

// tags numbers the distinct tags.
type tags struct {
	numbers map[string]uint32
	list    []tag
	unused  []uint32
	popular popular
}

func newTags() tags { return tags{numbers: map[string]uint32{}} }

// use returns the tag's number, a new one when it had none, and counts the use.
func (t *tags) use(name string) uint32 {
	n, ok := t.numbers[name]
	if !ok {
		if k := len(t.unused); k > 0 {
			n, t.unused = t.unused[k-1], t.unused[:k-1]
		} else {
			t.list = append(t.list, tag{})
			n = uint32(len(t.list) - 1)
		}
		t.list[n].name = name
		t.numbers[name] = n
	}
	t.list[n].uses++
	return n
}

// drop ends a use; a tag without uses is forgotten.
func (t *tags) drop(n uint32) {
	if t.list[n].uses--; t.list[n].uses == 0 {
		delete(t.numbers, t.list[n].name)
		t.list[n] = tag{}
		t.unused = append(t.unused, n)
	}
}

// postings returns the list of a tag that tasks in the state are in.
func (t *tags) postings(n uint32, s state) *[]uint32 {
	if s == open {
		return &t.list[n].open
	}
	return &t.list[n].rest
}

// post puts the task into the lists of its tags.
func (b *Board[V]) post(slot uint32, s state) {
	refs := b.tasks[slot].tags
	for i := range refs {
		p := b.tags.postings(refs[i].tag, s)
		refs[i].pos = uint32(len(*p))
		*p = append(*p, slot)
		if s == open {
			b.tags.list[refs[i].tag].set(slot, len(b.tasks), b.limits.dense)
		}
	}
}

// unpost takes the task out of those lists: the last one of each list takes its
// place.
func (b *Board[V]) unpost(slot uint32, s state) {
	for _, ref := range b.tasks[slot].tags {
		p := b.tags.postings(ref.tag, s)
		last := len(*p) - 1
		if moved := (*p)[last]; moved != slot {
			(*p)[ref.pos] = moved
			b.tasks[moved].moveTag(ref)
		}
		*p = (*p)[:last]
		if cap(*p) > 64 && cap(*p) > 4*last {
			*p = append(make([]uint32, 0, 2*last), *p...)
		}
		if s == open {
			b.tags.list[ref.tag].unset(slot)
		}
	}
}

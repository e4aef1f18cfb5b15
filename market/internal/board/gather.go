package board

import (
	"iter"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// source is a list of slots that has every task that passes.
type source struct {
	size int
	// Either a tag of the tasks or the terms that they contain; neither means all
	// slots.
	tag   *tag
	terms bool
}

// manyEntries is how many entries of words for each task make it cheaper to
// look into every task.
const manyEntries = 2

// source returns the shortest source.
func (v *view[V]) source() source {
	s := source{size: manyEntries*len(v.board.tasks) + 1}
	for _, n := range v.tags {
		t := &v.board.tags.list[n]
		if size := len(t.open) + len(t.rest); size < s.size {
			s = source{size: size, tag: t}
		}
	}
	if v.search != nil {
		if size := v.search.Size(); size < s.size {
			s = source{size: size, terms: true}
		}
	}
	return s
}

// each yields the slots of a source, each once, with those that only the agent can
// find; fewer when the view has used up its effort.
func (v *view[V]) each(s source) iter.Seq[uint32] {
	var lists []iter.Seq[uint32]
	switch {
	case s.tag != nil:
		lists = []iter.Seq[uint32]{slices.Values(s.tag.open), slices.Values(s.tag.rest), v.apart}
	case s.terms:
		listed, _ := v.search.Listed()
		// What was open before the clock was set back is still listed.
		unlisted := func(yield func(uint32) bool) {
			for slot := range v.apart {
				if is := int(slot/64) < len(listed) && listed[slot/64]>>(slot%64)&1 != 0; !is && !yield(slot) {
					return
				}
			}
		}
		lists = []iter.Seq[uint32]{text.Bits(listed), unlisted}
	default:
		lists = []iter.Seq[uint32]{v.all}
	}
	return func(yield func(uint32) bool) {
		for _, list := range lists {
			for slot := range list {
				if !yield(slot) {
					return
				}
			}
		}
	}
}

func (v *view[V]) all(yield func(uint32) bool) {
	for slot := range v.board.marks {
		if !yield(uint32(slot)) {
			return
		}
	}
}

// apart yields the slots that only the agent, and a few others, can find.
func (v *view[V]) apart(yield func(uint32) bool) {
	if v.self == nil {
		return
	}
	left := v.self.held
	for e := range v.self.matched.all {
		if left == 0 {
			return
		}
		if v.board.marks[e.ref].state != held {
			continue
		}
		if left--; v.board.isApart(e.ref, held) && !yield(e.ref) {
			return
		}
	}
}

// toTest yields the slots of the source whose texts have to be read.
func (v *view[V]) toTest() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for slot := range v.each(v.source()) {
			if _, _, ok := v.phase(slot); ok && v.tagged(slot) && !yield(slot) {
				return
			}
		}
	}
}

// gather returns the best of all tasks that pass.
func (v *view[V]) gather(want int) []candidate {
	best := top{want: want}
	for slot := range v.each(v.source()) {
		phase, rank, ok := v.phase(slot)
		if !ok {
			continue
		}
		c := v.candidate(slot, phase, rank, v.sharedBy(slot, phase))
		if best.admits(&c) && v.passes(slot) {
			best.add(c)
		}
		if v.tired() {
			v.search.GoAhead()
			return nil
		}
	}
	return best.sorted()
}

// sharedBy counts the agent's capabilities among a task's tags.
func (v *view[V]) sharedBy(slot uint32, phase uint8) (n uint8) {
	if phase != 2 || len(v.capabilities) == 0 {
		return 0
	}
	for _, ref := range v.board.tasks[slot].tags {
		for _, c := range v.capabilities {
			if ref.tag == c {
				n++
				break
			}
		}
	}
	return n
}

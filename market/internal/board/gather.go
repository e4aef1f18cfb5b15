package board

import (
	"iter"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// source is a list of slots that has every task that passes.
type source struct {
	size int
	// Either a tag of the tasks or a term that they contain; neither means all
	// slots.
	tag  *tag
	term int // index in view.terms, or −1
}

// manyEntries is how many entries of words for each task make it cheaper to
// look into every task.
const manyEntries = 16

// source returns the shortest source.
func (v *view[V]) source() source {
	s := source{size: manyEntries*len(v.board.tasks) + 1, term: -1}
	for _, n := range v.tags {
		t := &v.board.tags.list[n]
		if size := len(t.open) + len(t.rest); size < s.size {
			s = source{size: size, tag: t, term: -1}
		}
	}
	for i := range v.terms {
		if size := v.terms[i].Size(); size < s.size {
			s = source{size: size, term: i}
		}
	}
	return s
}

// each yields the slots of a source, each once. Whole says that the caller is
// going to take all of them.
func (v *view[V]) each(s source, whole bool) iter.Seq[uint32] {
	switch {
	case s.tag != nil:
		return func(yield func(uint32) bool) {
			_ = eachOf(s.tag.open, yield) && eachOf(s.tag.rest, yield)
		}
	case s.term >= 0 && whole:
		return v.marked(v.terms[s.term])
	case s.term >= 0:
		return v.once(v.terms[s.term].Docs())
	}
	return func(yield func(uint32) bool) {
		for slot := range v.board.marks {
			if !yield(uint32(slot)) {
				return
			}
		}
	}
}

func eachOf(slots []uint32, yield func(uint32) bool) bool {
	for _, slot := range slots {
		if !yield(slot) {
			return false
		}
	}
	return true
}

// seen returns a cleared bit for each slot.
func (v *view[V]) seen() []uint64 {
	words := len(v.board.tasks)/64 + 1
	if cap(v.scratch.seen) < words {
		v.scratch.seen = make([]uint64, words+words/4)
	}
	seen := v.scratch.seen[:words]
	clear(seen)
	return seen
}

// marked yields the documents of a term in the order of slots.
func (v *view[V]) marked(t text.Term) iter.Seq[uint32] {
	seen := v.seen()
	t.Mark(seen)
	return func(yield func(uint32) bool) {
		for i, w := range seen {
			for ; w != 0; w &= w - 1 {
				if !yield(uint32(i*64 + trailing(w))) {
					return
				}
			}
		}
	}
}

// once leaves out slots that were there before.
func (v *view[V]) once(slots iter.Seq[uint32]) iter.Seq[uint32] {
	seen := v.seen()
	return func(yield func(uint32) bool) {
		for slot := range slots {
			if seen[slot/64]>>(slot%64)&1 != 0 {
				continue
			}
			seen[slot/64] |= 1 << (slot % 64)
			if !yield(slot) {
				return
			}
		}
	}
}

// gather returns the best of all tasks that pass.
func (v *view[V]) gather(want int) []candidate {
	best := top{want: want}
	s := v.source()
	slots := v.each(s, true)
	if s.term >= 0 && v.terms[s.term].Sure() {
		v.terms = slices.Delete(v.terms, s.term, s.term+1)
	}
	for slot := range slots {
		phase, rank, ok := v.phase(slot)
		if !ok {
			continue
		}
		c := v.candidate(slot, phase, rank, v.sharedBy(slot, phase))
		if best.admits(&c) && v.passes(slot) {
			best.add(c)
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

package directory

import (
	"iter"
	"math/bits"
	"sort"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Sort keys of a SearchQuery.
const (
	ByReputation = "reputation"
	ByCompleted  = "tasks_completed"
	ByCreated    = "newest"
)

// MaxTotal is how far Search counts.
const MaxTotal = 10_000

// SearchQuery selects agents (rule 2.7).
type SearchQuery struct {
	// Search holds terms, each of which GoodAt or Name must contain.
	Search string
	// Tags must all be among the capability tags, case-insensitively.
	Tags          []string
	MinReputation float64
	// SortBy is ByReputation, also when empty, ByCompleted or ByCreated.
	SortBy        string
	Offset, Limit int
}

// breath is how much effort, in nanoseconds or so, a search puts into texts
// before it releases the lock.
const breath = 1 << 20

// Search returns a page of the ids of the unsuspended agents that q selects:
// highest sort key first, then the other key unless that is ByCreated, then ascending id. Total counts
// them, exactly up to MaxTotal; more says that there are more.
//
// All of that is as of one instant. A search that takes long releases the lock
// in between, so that nobody waits for it, and starts over with everything that
// it has found out about texts.
func (d *Directory) Search(q SearchQuery) (ids []string, total int, more bool) {
	s := search{dir: d, SearchQuery: q, terms: text.Terms(q.Search)}
	s.Offset, s.Limit = max(q.Offset, 0), max(q.Limit, 0)
	s.scratch, _ = d.scratch.Get().(*scratch)
	for s.tired = true; s.tired; {
		ids, total, more = s.try()
	}
	s.scratch.search.End()
	d.scratch.Put(s.scratch)
	return ids, total, more
}

// search is a Search under way.
type search struct {
	SearchQuery
	dir     *Directory
	scratch *scratch
	tags    []*feature
	terms   []string
	// texts finds the terms; it is nil without them. Tired is set when it was, so
	// that the answer was not found yet.
	texts  *text.Search
	tired  bool
	order  *btree.BTreeG[*record]
	before func(a, b *record) bool
	// found has the bits of all agents that pass, once known.
	found []uint64
}

// try takes the lock once.
func (s *search) try() (ids []string, total int, more bool) {
	s.dir.mu.RLock()
	defer s.dir.mu.RUnlock()
	s.found, s.tired = nil, false
	s.order, s.before = s.dir.byReputation, moreReputation
	switch s.SortBy {
	case ByCompleted:
		s.order, s.before = s.dir.byCompleted, moreCompleted
	case ByCreated:
		s.order, s.before = s.dir.byCreated, laterCreated
	}
	if !s.resolve() {
		return nil, 0, false
	}
	if len(s.terms) > 0 && !s.ready() {
		return nil, 0, false
	}
	ids, total, more = s.run()
	s.tired = s.isTired()
	return ids, total, more
}

// isTired reports that the lock has been held long enough.
func (s *search) isTired() bool { return s.texts != nil && s.texts.Tired() }

// resolve looks up the tags. False when nobody has one of them.
func (s *search) resolve() bool {
	s.tags = s.tags[:0]
	for _, t := range s.Tags {
		f, _ := s.dir.tags.lookup(text.FoldTag(t))
		if f == nil {
			return false
		}
		s.tags = append(s.tags, f)
	}
	return true
}

// ready finds out what has to be known about texts first. False when it is
// tired, or nothing can be found.
func (s *search) ready() bool {
	if s.texts = &s.scratch.search; !s.texts.Of(s.dir.texts) {
		s.texts.Begin(s.dir.texts, s.terms)
	}
	s.texts.Resume(s.dir.breath)
	ok := s.texts.Ready() && s.texts.Size() > 0 && s.texts.Ahead(s.toTest())
	s.tired = s.texts.Tired()
	return ok
}

func (s *search) run() (ids []string, total int, more bool) {
	if len(s.tags)+len(s.terms) == 0 {
		return s.runPlain()
	}
	total = s.count()
	page, ok := s.walk(total)
	if !ok {
		page = s.gather()
	}
	return page, min(total, MaxTotal), total > MaxTotal
}

// runPlain answers without filters of tags and terms: it reads in order.
func (s *search) runPlain() (ids []string, total int, more bool) {
	total = s.atLeast()
	if s.order == s.dir.byReputation || total == s.order.Len() {
		ids = s.slice(s.Offset, min(s.Offset+s.Limit, total))
	} else if page, ok := s.walk(total); ok {
		ids = page
	} else {
		ids = s.gather()
	}
	return ids, min(total, MaxTotal), total > MaxTotal
}

// atLeast counts the agents with the reputation asked for.
func (s *search) atLeast() int {
	byReputation := s.dir.byReputation
	return sort.Search(byReputation.Len(), func(i int) bool {
		r, _ := byReputation.GetAt(i)
		return r.Reputation < s.MinReputation
	})
}

func (s *search) slice(from, to int) (ids []string) {
	if from >= to {
		return nil
	}
	first, _ := s.order.GetAt(from)
	s.order.Ascend(first, func(r *record) bool {
		ids = append(ids, r.ID)
		return len(ids) < to-from
	})
	return ids
}

// selects reports whether an agent passes all filters.
func (s *search) selects(slot uint32) bool {
	return s.plainly(slot) && (s.texts == nil || s.texts.Has(slot))
}

// plainly reports whether an agent passes the filters that need no text.
func (s *search) plainly(slot uint32) bool {
	if s.dir.slots[slot] == nil || s.dir.reputations[slot] < s.MinReputation {
		return false
	}
	for _, f := range s.tags {
		if !f.has(slot) {
			return false
		}
	}
	return true
}

// toTest yields the slots of the agents whose texts matter.
func (s *search) toTest() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for slot := range s.source() {
			if s.plainly(slot) && !yield(slot) {
				return
			}
		}
	}
}

// count counts the agents that pass, and stops one beyond MaxTotal.
func (s *search) count() int {
	if len(s.tags) == 1 && len(s.terms) == 0 && s.MinReputation <= 0 {
		return s.tags[0].count
	}
	found, n := s.find(MaxTotal + 1)
	if n <= MaxTotal {
		s.found = found
	}
	return n
}

// find finds the agents that pass, or as many as are wanted.
func (s *search) find(want int) (found []uint64, n int) {
	found = s.scratch.bits(len(s.dir.slots))
	for slot := range s.source() {
		if s.selects(slot) {
			found[slot/64] |= 1 << (slot % 64)
			n++
		}
		if s.isTired() {
			s.texts.GoAhead()
			break
		}
		if n >= want {
			break
		}
	}
	return found, n
}

// lookEffort is how many documents are listed along the words of a term in the time
// that it takes to look into one that was not listed.
const lookEffort = 100

// source returns slots among which are those of all agents that pass, each
// once; none when the search is tired.
func (s *search) source() iter.Seq[uint32] {
	var rarest *feature
	size := 2 * len(s.dir.slots)
	for _, f := range s.tags {
		if rarest == nil || f.count < rarest.count {
			rarest, size = f, f.count*lookEffort
		}
	}
	switch {
	case s.texts != nil && s.texts.Size() < size:
		listed, _ := s.texts.Listed()
		return text.Bits(s.tagged(listed))
	case rarest != nil:
		return rarest.slots
	}
	return func(yield func(uint32) bool) {
		for slot := range s.dir.slots {
			if !yield(uint32(slot)) {
				return
			}
		}
	}
}

// tagged intersects the set with those tags that are kept as bits.
func (s *search) tagged(set []uint64) []uint64 {
	both := s.scratch.both[:0]
	for _, f := range s.tags {
		if f.bits == nil {
			continue
		}
		n := min(len(set), len(f.bits))
		if len(both) == 0 {
			both = append(both, set[:n]...)
		}
		both = both[:min(n, len(both))]
		for i := range both {
			both[i] &= f.bits[i]
		}
	}
	if len(both) == 0 {
		return set
	}
	s.scratch.both = both
	return both
}

// walk reads in order and keeps what passes. False when it looked at so many
// that it is cheaper to gather the total.
func (s *search) walk(total int) (ids []string, ok bool) {
	want := s.Offset + s.Limit
	if total <= MaxTotal {
		want = min(want, total)
	}
	steps, n := total/2+16*want, 0
	s.order.Scan(func(r *record) bool {
		if n >= want || steps == 0 || s.isTired() {
			return false
		}
		steps--
		if s.passes(r.slot) {
			if n++; n > s.Offset {
				ids = append(ids, r.ID)
			}
		}
		return true
	})
	return ids, n >= want || steps > 0
}

// passes reports whether an agent passes, from the found bits if they are
// known.
func (s *search) passes(slot uint32) bool {
	if s.found != nil {
		return s.found[slot/64]>>(slot%64)&1 != 0
	}
	return s.selects(slot)
}

// gather takes the best of all that pass.
func (s *search) gather() (ids []string) {
	if s.found == nil {
		s.found, _ = s.find(len(s.dir.slots))
	}
	best := best[*record]{want: s.Offset + s.Limit, before: s.before}
	for i, w := range s.found {
		for ; w != 0; w &= w - 1 {
			best.add(s.dir.slots[i*64+bits.TrailingZeros64(w)])
		}
	}
	for _, r := range best.sorted()[min(s.Offset, len(best.heap)):] {
		ids = append(ids, r.ID)
	}
	return ids
}

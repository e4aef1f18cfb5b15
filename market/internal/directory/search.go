package directory

import (
	"iter"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Sort keys of a SearchQuery.
const (
	ByReputation = "reputation"
	ByCompleted  = "tasks_completed"
)

// MaxTotal is how far Search counts.
const MaxTotal = 10_000

// SearchQuery selects agents (contract §3).
type SearchQuery struct {
	// Search holds terms, each of which GoodAt or Name must contain.
	Search string
	// Tags must all be among the capability tags, case-insensitively.
	Tags          []string
	MinReputation float64
	// SortBy is ByReputation, also when empty, or ByCompleted.
	SortBy        string
	Offset, Limit int
}

// Search returns a page of the ids of the unsuspended agents that q selects:
// highest sort key first, then the other key, then ascending id. Total counts
// them, exactly up to MaxTotal; more says that there are more.
func (d *Directory) Search(q SearchQuery) (ids []string, total int, more bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	s := search{dir: d, SearchQuery: q, terms: text.Terms(q.Search), order: d.byReputation, before: moreReputation}
	if q.SortBy == ByCompleted {
		s.order, s.before = d.byCompleted, moreCompleted
	}
	s.Offset, s.Limit = max(q.Offset, 0), max(q.Limit, 0)
	s.scratch, _ = d.scratch.Get().(*scratch)
	defer d.scratch.Put(s.scratch)
	for _, t := range q.Tags {
		f := d.tags.lookup(text.FoldTag(t))
		if f == nil {
			return nil, 0, false
		}
		s.tags = append(s.tags, f)
	}
	return s.run()
}

// search is a Search under way.
type search struct {
	SearchQuery
	dir     *Directory
	scratch *scratch
	tags    []*feature
	terms   []string
	order   *btree.BTreeG[*record]
	before  func(a, b *record) bool
	// found has the bits of all agents that pass, once known.
	found []uint64
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
func (s *search) selects(slot uint32, terms []string) bool {
	if s.dir.reputations[slot] < s.MinReputation {
		return false
	}
	for _, f := range s.tags {
		if !f.has(slot) {
			return false
		}
	}
	for _, t := range terms {
		if r := s.dir.slots[slot]; !strings.Contains(r.goodAt, t) && !strings.Contains(r.name, t) {
			return false
		}
	}
	return true
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
	slots, terms := s.source()
	for slot := range slots {
		w, bit := &found[slot/64], uint64(1)<<(slot%64)
		if *w&bit != 0 || s.dir.slots[slot] == nil || !s.selects(slot, terms) {
			continue
		}
		*w |= bit
		if n++; n >= want {
			break
		}
	}
	return found, n
}

// fewAgents is how many agents with a tag are looked at one by one rather than
// searched for a term.
const fewAgents = 200

// source returns slots among which are those of all agents that pass, perhaps
// more than once, and the terms that are left to look for.
func (s *search) source() (slots iter.Seq[uint32], terms []string) {
	var rarest *feature
	for _, f := range s.tags {
		if rarest == nil || f.count < rarest.count {
			rarest = f
		}
	}
	switch {
	case rarest != nil && (rarest.count < fewAgents || len(s.terms) == 0):
		return rarest.slots, s.terms
	case len(s.terms) > 0:
		longest := slices.MaxFunc(s.terms, func(a, b string) int { return len(a) - len(b) })
		rest := slices.DeleteFunc(slices.Clone(s.terms), func(t string) bool { return t == longest && !strings.Contains(t, " ") })
		return s.dir.texts.Scan(longest), rest
	}
	return func(yield func(uint32) bool) {
		for slot := range s.dir.slots {
			if !yield(uint32(slot)) {
				return
			}
		}
	}, nil
}

// walk reads in order and keeps what passes. False when it looked at so many
// that it is cheaper to gather the total.
func (s *search) walk(total int) (ids []string, ok bool) {
	want := s.Offset + s.Limit
	if total <= MaxTotal {
		want = min(want, total)
	}
	steps, n := total/2+4*want, 0
	s.order.Scan(func(r *record) bool {
		if n >= want || steps == 0 {
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

// passes reports whether an agent passes, from what was found if it was.
func (s *search) passes(slot uint32) bool {
	if s.found != nil {
		return s.found[slot/64]>>(slot%64)&1 != 0
	}
	return s.selects(slot, s.terms)
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

package board

import "iter"

// limits say when a query changes its method. They do not change the answer.
type limits struct {
	// few is how many tasks are always worth gathering.
	few int
	// walk is how many may always be looked at in order, skim before going by
	// poster.
	walk, skim int
	// crowd is how many tasks of one level are always compared one by one.
	crowd int
	// dense is how many tasks a tag must have before bits are worth their memory.
	dense int
	// breath is the effort after which the lock is released.
	breath int
}

var usualLimits = limits{few: 256, walk: 4096, skim: 512, crowd: 1024, dense: 192, breath: breath}

// Page returns the offers from offset on, best first, at most limit, and counts
// all of them but system tasks, up to most; more says that there are more.
// Reserved tasks are included.
//
// All of that is as of one instant: the last time that the search took the lock.
// It takes it as often as its terms need, each time for at most some 2 ms of
// looking into texts, and the last time to rank and count as well.
func (b *Board[V]) Page(q Query, offset, limit, most int) (offers []Offer[V], total int, more bool) {
	offset = max(offset, 0)
	b.look(&q, func(v *view[V]) {
		if limit > 0 {
			found := v.best(offset + limit)
			offers = v.offers(found[min(offset, len(found)):])
		}
		total, more = v.count(most)
	})
	return offers, total, more
}

func (v *view[V]) offers(found []candidate) []Offer[V] {
	out := make([]Offer[V], len(found))
	for i, c := range found {
		t := v.board.tasks[c.slot]
		out[i] = Offer[V]{ID: t.id, Value: t.value, Matched: c.phase == 1, Rank: int(c.rank)}
		if p := v.board.marks[c.slot].poster; p != noAgent {
			out[i].Reputation = v.board.agents.standings[p].reputation
		}
	}
	return out
}

// best returns the first offers in their order (rule 6.3). It looks at tasks
// in that order as long as this promises to be short; when few can pass, or
// few did, it gathers all that pass and sorts.
func (v *view[V]) best(want int) []candidate {
	if v.none {
		return nil
	}
	if v.personal {
		v.loadTrust(v.query.Agent)
	}
	if l := v.board.limits; !v.filtered() || v.source().size > len(v.board.tasks)/32+l.few {
		v.steps = v.allowance(want)
		if found, ok := v.inOrder(want); ok || v.tired() {
			return found
		}
	}
	return v.gather(want)
}

// allowance bounds the walks of a query: looking at a task in order costs about
// ten times as much as gathering it, and a little more with filters.
func (v *view[V]) allowance(want int) int {
	if v.filtered() {
		return len(v.board.tasks)/64 + v.board.limits.walk/4 + 4*want
	}
	return len(v.board.tasks)/16 + v.board.limits.walk + 4*want
}

// inOrder takes tasks in the order of offers. It gives up when it has looked
// at too many.
func (v *view[V]) inOrder(want int) (found []candidate, ok bool) {
	if v.infra && !v.take(&found, want, 0, v.board.system.all, nil) {
		return nil, false
	}
	if v.self != nil && !v.take(&found, want, 1, v.self.matched.all, nil) {
		return nil, false
	}
	if len(found) == want {
		return found, true
	}
	if v.personal {
		return v.byShared(found, want)
	}
	return v.byAge(found, want)
}

// take appends the tasks that fit and pass, until there are want of them. False
// when it gave up.
func (v *view[V]) take(found *[]candidate, want int, phase uint8, order iter.Seq[entry], fits func(slot uint32) bool) bool {
	if len(*found) == want {
		return true
	}
	for e := range order {
		if v.steps--; v.steps < 0 || v.tired() {
			return false
		}
		if fits != nil && !fits(e.ref) {
			continue
		}
		if p, rank, ok := v.phase(e.ref); !ok || p != phase || !v.passes(e.ref) {
			continue
		} else if *found = append(*found, v.candidate(e.ref, phase, rank, 0)); len(*found) == want {
			break
		}
	}
	return true
}

// byAge takes the tasks of phase 2, oldest first. It skims all tasks, whoever
// posted them, before it goes by poster and steps over its own and suspended
// ones at once.
func (v *view[V]) byAge(found []candidate, want int) ([]candidate, bool) {
	skimmed := found
	if v.within(v.board.limits.skim+2*want, func() bool { return v.take(&skimmed, want, 2, v.board.everybody.all, nil) }) {
		return skimmed, true
	}
	a := &v.board.agents
	ok := v.take(&found, want, 2, a.merge(a.heads.cursor(), func(n uint32) bool { return n == v.number }), nil)
	return found, ok
}

// within runs a walk of at most this many steps, which are taken off the
// allowance.
func (v *view[V]) within(steps int, walk func() bool) bool {
	allowed := v.steps
	v.steps = min(allowed, steps)
	given := v.steps
	ok := walk()
	v.steps = allowed - (given - max(v.steps, 0))
	return ok
}

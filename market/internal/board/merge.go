package board

import (
	"iter"
	"slices"
)

// merge yields the tasks of many posters, oldest first. Heads lists the posters
// by their first task, so a poster's tasks are opened only when it is that
// poster's turn. Cost grows with what is taken, not with the number of posters.
func (a *agents) merge(heads cursor, skip func(poster uint32) bool) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		var opened cursors
		for {
			head, ok := heads.peek()
			if ok && (len(opened) == 0 || head.before(opened[0].block[0])) {
				if heads.advance(); !skip(head.ref) {
					opened.push(a.list[head.ref].tasks.cursor())
				}
				continue
			}
			if len(opened) == 0 || !yield(opened[0].block[0]) {
				return
			}
			opened.next()
		}
	}
}

// cursors is a heap of cursors, none at its end, by the entry under each.
type cursors []cursor

func (h *cursors) push(c cursor) {
	*h = append(*h, c)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s[i].block[0].before(s[parent].block[0]) {
			return
		}
		s[i], s[parent] = s[parent], s[i]
		i = parent
	}
}

// next advances the first cursor.
func (h *cursors) next() {
	s := *h
	s[0].advance()
	if _, ok := s[0].peek(); !ok {
		s[0] = s[len(s)-1]
		s = s[:len(s)-1]
		*h = s
	}
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s); child++ {
			if s[child].block[0].before(s[least].block[0]) {
				least = child
			}
		}
		if least == i {
			return
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}

// byReputation yields the tasks of all unsuspended posters except the agent
// itself: highest reputation first, then highest trust, then oldest.
func (v *view[V]) byReputation(yield func(entry) bool) {
	a := &v.board.agents
	trusted := v.trustedPosters()
	for _, g := range a.groups {
		n := 0
		for n < len(trusted) && a.standings[trusted[n]].reputation == g.reputation {
			n++
		}
		if !v.groupByTrust(g, trusted[:n], yield) {
			return
		}
		trusted = trusted[n:]
	}
}

// groupByTrust yields the tasks of the posters of one reputation. trusted are
// those of them whose trust in the agent is not neutral, highest first.
func (v *view[V]) groupByTrust(g *group, trusted []uint32, yield func(entry) bool) bool {
	more := 0
	for more < len(trusted) && v.scratch.trust[trusted[more]] > 0 {
		more++
	}
	usual := v.board.agents.merge(g.heads.cursor(), func(n uint32) bool { return n == v.number || v.scratch.trust[n] != 0 })
	return v.eachTrust(trusted[:more], yield) && all(usual, yield) && v.eachTrust(trusted[more:], yield)
}

// eachTrust yields the tasks of posters in order of their trust, those of equal
// trust merged.
func (v *view[V]) eachTrust(posters []uint32, yield func(entry) bool) bool {
	a, trust := &v.board.agents, v.scratch.trust
	for len(posters) > 0 {
		var heads queue
		n := 0
		for ; n < len(posters) && trust[posters[n]] == trust[posters[0]]; n++ {
			heads.insert(a.list[posters[n]].head)
		}
		if !all(a.merge(heads.cursor(), func(n uint32) bool { return n == v.number }), yield) {
			return false
		}
		posters = posters[n:]
	}
	return true
}

// trustedPosters returns the posters that stand in the orders and whose trust
// in the agent is not the usual one: highest reputation, then trust, first.
func (v *view[V]) trustedPosters() []uint32 {
	a := &v.board.agents
	var out []uint32
	for _, n := range v.scratch.trusted {
		if a.list[n].listed {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(m, n uint32) int {
		x := candidate{reputation: a.standings[m].reputation, trust: v.scratch.trust[m], slot: m}
		y := candidate{reputation: a.standings[n].reputation, trust: v.scratch.trust[n], slot: n}
		if x.ahead(&y) {
			return -1
		}
		return 1
	})
	return out
}

func all(order iter.Seq[entry], yield func(entry) bool) bool {
	for e := range order {
		if !yield(e) {
			return false
		}
	}
	return true
}

package board

import "time"

// count counts the tasks that pass without phase 0, up to most; more says that
// there are more.
func (v *view[V]) count(most int) (n int, more bool) {
	v.infra = false
	switch {
	case v.none:
		return 0, false
	case v.filtered():
		n = v.countFiltered(most)
	default:
		n = v.countAll(most)
	}
	return min(n, most), n > most
}

// Withheld counts the tasks that everybody would be offered if their posters were not
// suspended.
func (b *Board[V]) Withheld(now time.Time) int {
	b.rlock(instant(now))
	defer b.mu.RUnlock()
	return b.everybody.len - b.onOffer
}

// countFiltered stops one beyond most.
func (v *view[V]) countFiltered(most int) (n int) {
	for slot := range v.each(v.source()) {
		if _, _, ok := v.phase(slot); ok && v.passes(slot) {
			if n++; n > most {
				break
			}
		}
		if v.tired() {
			v.search.GoAhead()
			break
		}
	}
	return n
}

// countAll starts from what everybody is offered, and may stop anywhere beyond
// most.
func (v *view[V]) countAll(most int) int {
	b, n := v.board, v.board.onOffer
	if v.self == nil {
		return n
	}
	if !b.agents.standings[v.number].suspended {
		n -= v.self.tasks.len
	}
	if n-v.self.conflicts.len > most {
		return n - v.self.conflicts.len
	}
	for slot := range v.self.conflicts.all {
		m := &b.marks[slot]
		if m.state == open && m.poster != v.number && !b.agents.standings[m.poster].suspended {
			n--
		}
	}
	return n + v.countHeld(most-n)
}

// countHeld counts the tasks that only matched agents see and this one may
// have, and stops beyond most.
func (v *view[V]) countHeld(most int) (n int) {
	left := v.self.held
	for e := range v.self.matched.all {
		if left == 0 || n > most {
			break
		}
		if v.board.marks[e.ref].state != held {
			continue
		}
		if left--; v.passes(e.ref) {
			n++
		}
	}
	return n
}

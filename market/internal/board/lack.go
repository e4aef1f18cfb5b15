package board

import "time"

// Lack is why an agent is offered nothing.
type Lack struct {
	// Hindrance is what keeps all there is from the agent. Offered means that something
	// is on offer after all, Unknown that there is nothing.
	Hindrance Hindrance
	// Tasks counts what the query's own tags and search leave out, when the Hindrance is
	// Filtered; More says that there are more.
	Tasks int
	More  bool
	// Until is when the first HeadStart ends.
	Until time.Time
}

// lookLack is how many tasks of a kind Lack looks at. What it does not find among them
// is left unsaid.
const lookLack = 64

// Lack says why Page gives the query nothing: the query's own filters, when
// there would be something without them, counted up to most; else a head start of
// others, the agent's own tasks, those it matched or verified, or suspended posters,
// whichever applies first. Its cost does not grow with what is on the board.
func (b *Board[V]) Lack(q Query, most int) (l Lack) {
	b.look(&Query{Agent: q.Agent, Infra: q.Infra, Now: q.Now}, func(v *view[V]) { l = v.lack(q.filtered(), most) })
	return l
}

func (q *Query) filtered() bool { return len(q.Tags) > 0 || q.Search != "" }

// unfiltered is the view of a query that nothing is offered to, without its filters.
func (v *view[V]) unfiltered() *view[V] {
	v.tags, v.terms, v.search, v.none = v.tags[:0], nil, nil, false
	v.infra, v.free = v.query.Infra, false
	return v
}

func (v *view[V]) lack(filtered bool, most int) (l Lack) {
	system := v.infra && v.systemTask()
	l.Tasks, l.More = v.count(most)
	switch {
	case l.Tasks == 0 && !system:
	case filtered:
		l.Hindrance = Filtered
		l.Tasks = max(l.Tasks, 1)
		return l
	default:
		return Lack{}
	}
	l.Hindrance, l.Until = v.obstacle()
	return l
}

// systemTask reports whether the agent is offered a system task.
func (v *view[V]) systemTask() bool {
	steps := 0
	for e := range v.board.system.all {
		if v.hindrance(e.ref) == Offered {
			return true
		}
		if steps++; steps == lookLack {
			break
		}
	}
	return false
}

func (v *view[V]) obstacle() (h Hindrance, until time.Time) {
	b := v.board
	kept, own := b.kept.len, 0
	if v.self != nil {
		kept, own = kept-len(v.self.kept), v.self.tasks.len+len(v.self.kept)
	}
	if until, found := v.headStart(kept); found {
		return HeadStart, until
	}
	switch {
	case own > 0:
		return Own, until
	case v.conflicted():
		return Conflict, until
	case b.everybody.len > b.onOffer:
		return PosterSuspended, until
	}
	return Unknown, until
}

// headStart returns when the first head start of a task ends that the agent could have
// then, of the given number of tasks that others posted.
func (v *view[V]) headStart(others int) (until time.Time, found bool) {
	if others == 0 {
		return until, false
	}
	steps := 0
	for e := range v.board.kept.all {
		if v.hindrance(e.ref) == Offered {
			return v.board.tasks[e.ref].opens(), true
		}
		if steps++; steps == lookLack {
			break
		}
	}
	return until, false
}

// conflicted reports whether the agent would be offered a task that it matched or
// verified.
func (v *view[V]) conflicted() bool {
	if v.self == nil {
		return false
	}
	steps := 0
	for slot := range v.self.conflicts.all {
		if m := &v.board.marks[slot]; m.state == open && m.poster != noAgent && !v.board.agents.standings[m.poster].suspended {
			return true
		}
		if steps++; steps == lookLack {
			break
		}
	}
	return false
}

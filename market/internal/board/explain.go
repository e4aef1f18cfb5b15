package board

import "time"

// Hindrance is what keeps a task from an agent.
type Hindrance uint8

const (
	// Offered is none.
	Offered Hindrance = iota
	// Unknown is that the task is not on the board, or not any more.
	Unknown
	// Own is that the agent posted it.
	Own
	// Conflict is that the agent matched or verified it.
	Conflict
	// PosterSuspended is that its poster is suspended.
	PosterSuspended
	// HeadStart is that it is kept for others until an instant.
	HeadStart
	// Filtered is that the query's own tags or search leave it out.
	Filtered
)

// Standing is where a task comes for an agent.
type Standing struct {
	Hindrance Hindrance
	// Phase, and Position from 1: set when the task is offered, the latter only when
	// the task is among the first offers that were looked at.
	Phase, Position int
	// Until is when a HeadStart ends, zero for never.
	Until time.Time
}

// Explain says where the task comes among the offers of Page for the same query, of
// which it looks at the first most, or what keeps it from the agent.
func (b *Board[V]) Explain(q Query, id string, most int) (s Standing) {
	b.look(&q, func(v *view[V]) { s = v.explain(id, most) })
	return s
}

func (v *view[V]) explain(id string, most int) Standing {
	slot, known := v.board.slots[id]
	if !known {
		return Standing{Hindrance: Unknown}
	}
	phase, _, in := v.phase(slot)
	switch m := &v.board.marks[slot]; {
	case m.state == closed, m.state == system && !in:
		return Standing{Hindrance: Unknown}
	case v.hindrance(slot) != Offered:
		return Standing{Hindrance: v.hindrance(slot)}
	case !in:
		return Standing{Hindrance: HeadStart, Until: v.board.tasks[slot].opens()}
	case v.none || !v.selects(slot):
		return Standing{Hindrance: Filtered}
	}
	s := Standing{Phase: int(phase)}
	for i, c := range v.best(most) {
		if c.slot == slot {
			s.Position = i + 1
		}
	}
	return s
}

// opens is when the task becomes everybody's, zero for never.
func (t *task[V]) opens() time.Time {
	if t.headStart == never {
		return time.Time{}
	}
	return time.Unix(0, t.headStart).UTC()
}

package redis

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// place is a task's position in an index: by its number, or by an instant.
type place struct {
	index  index
	agent  store.AgentID
	status store.Status
	at     time.Time
}

// index is a kind of index over tasks.
type index byte

// The indexes. Those by number come first.
const (
	byOpen index = iota
	byPoster
	byWorker
	byEnd
	byDue
	byDueOf
)

func (p *place) bySeq() bool { return p.index <= byWorker }

// score is the task's score in the index.
func (p *place) score(seq any) any {
	if p.bySeq() {
		return seq
	}
	return micros(p.at)
}

func sameIndex(a, b *place) bool {
	return a.index == b.index && a.agent == b.agent && a.status == b.status
}

func samePlace(a, b *place) bool { return sameIndex(a, b) && a.at.Equal(b.at) }

// zset is the key of the index.
func (k keyspace) zset(p *place) string {
	switch p.index {
	case byOpen:
		return k.open()
	case byPoster:
		return k.partyTasks(p.agent, rolePoster, p.status)
	case byWorker:
		return k.partyTasks(p.agent, roleWorker, p.status)
	case byEnd:
		return k.ended()
	case byDue:
		return k.due()
	default:
		return k.dueOf(p.agent)
	}
}

// The roles of a party in keys.
const (
	rolePoster = "p"
	roleWorker = "w"
)

// places are all the places of a task in one state.
type places struct {
	all [7]place
	n   int
}

func (p *places) add(x place) {
	p.all[p.n] = x
	p.n++
}

// list returns pointers into the places, so that none is copied.
func (p *places) list() func(yield func(int, *place) bool) {
	return func(yield func(int, *place) bool) {
		for i := range p.n {
			if !yield(i, &p.all[i]) {
				return
			}
		}
	}
}

func (p *places) has(x *place, same func(a, b *place) bool) bool {
	for i := range p.n {
		if same(&p.all[i], x) {
			return true
		}
	}
	return false
}

// placesOf returns the places of a task in this state. There are none for the
// platform as a party, since nothing asks for its tasks.
func placesOf(t *store.Task) *places {
	p := &places{}
	if t.Open() {
		p.add(place{index: byOpen})
	}
	if t.Ending != nil {
		p.add(place{index: byEnd, at: t.Ending.At})
	}
	if !t.NextDue.IsZero() {
		p.add(place{index: byDue, at: t.NextDue})
	}
	p.party(t, t.Poster, byPoster)
	p.party(t, t.Worker(), byWorker)
	return p
}

func (p *places) party(t *store.Task, id store.AgentID, role index) {
	if id == "" || id == store.Platform {
		return
	}
	p.add(place{index: role, agent: id, status: t.Status})
	if !t.NextDue.IsZero() {
		p.add(place{index: byDueOf, agent: id, at: t.NextDue})
	}
}

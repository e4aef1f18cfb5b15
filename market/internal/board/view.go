package board

import (
	"iter"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// maxCapabilities is how many capability tags count; a tally holds no fewer.
const maxCapabilities = 255

// breath is how much effort, in nanoseconds or so, a query puts into texts
// before it releases the lock.
const breath = 1 << 20

// view answers one query. Most queries are answered in one go under the read
// lock. A search that takes longer is called tired: it releases the lock in
// between, so that nobody waits for it, and starts over with everything that it
// has found out about texts. Its answer is as of the last time that it took the
// lock.
type view[V any] struct {
	board *Board[V]
	query *Query
	infra bool
	// at is the instant that the query asks about. The board may be ahead of it.
	at int64
	// number is the agent's number, or noAgent; self is then nil.
	number uint32
	self   *agent
	// personal is set for agents with capabilities: these are tags of the board.
	personal     bool
	capabilities []uint32
	// A task must have these tags and contain these terms; none does when one of
	// them is unknown to the whole board. Search is nil without terms.
	tags   []uint32
	terms  []string
	search *text.Search
	none   bool
	// free leaves out reserved tasks; busy reports that there was one.
	free, busy bool
	// steps are how many tasks may be looked at in order, before it is cheaper
	// to gather all that pass.
	steps   int
	scratch *scratch
}

// scratch is memory that queries use one after the other.
type scratch struct {
	shared shared
	// level holds the slots of one level of shared tags.
	level []levelled
	// trust is that of each poster, less the usual 0.5; trusted are the posters
	// where it is not 0.
	trust   []float64
	trusted []uint32
	search  text.Search
}

// usualTrust is the neutral trust of a poster in an agent with which it has had
// no interaction.
const usualTrust = 0.5

// look answers a query, by calling answer under the lock until it was not tired.
func (b *Board[V]) look(q *Query, answer func(*view[V])) {
	v := &view[V]{board: b, query: q, at: instant(q.Now), terms: text.Terms(q.Search)}
	v.scratch, _ = b.scratch.Get().(*scratch)
	for !v.try(answer) {
	}
	v.scratch.search.End()
	b.scratch.Put(v.scratch)
}

// try takes the lock once, and reports whether that was enough.
func (v *view[V]) try(answer func(*view[V])) bool {
	v.board.rlock(v.at)
	defer v.board.mu.RUnlock()
	defer v.forgetTrust()
	if v.resolve(); v.none || v.ready() {
		answer(v)
	}
	return !v.tired()
}

// resolve looks up what the query names, which may have other numbers each time
// that the lock is taken.
func (v *view[V]) resolve() {
	b, q := v.board, v.query
	v.search, v.infra = nil, q.Infra
	v.number, v.self = b.agents.number(q.Agent), nil
	if v.number != noAgent {
		v.self = b.agents.list[v.number]
	}
	v.personal = len(q.Capabilities) > 0
	v.capabilities = b.knownTags(q.Capabilities)
	v.resolveTags()
}

// ready finds out what has to be known about texts first. False when tired.
func (v *view[V]) ready() bool {
	if len(v.terms) == 0 {
		return true
	}
	if v.search = &v.scratch.search; !v.search.Of(v.board.texts) {
		v.search.Begin(v.board.texts, v.terms)
	}
	v.search.Resume(v.board.limits.breath)
	if !v.search.Ready() {
		return false
	}
	v.none = v.search.Size() == 0 && (v.self == nil || v.self.held == 0)
	return v.none || v.search.Ahead(v.toTest())
}

// tired reports that the lock has been held long enough and the answer has not
// been found yet.
func (v *view[V]) tired() bool { return v.search != nil && v.search.Tired() }

func (v *view[V]) forgetTrust() {
	for _, n := range v.scratch.trusted {
		v.scratch.trust[n] = 0
	}
	v.scratch.trusted = v.scratch.trusted[:0]
}

// knownTags returns the numbers of the distinct tags that some task has.
func (b *Board[V]) knownTags(names []string) []uint32 {
	var out []uint32
	for _, s := range names {
		n, ok := b.tags.numbers[text.FoldTag(s)]
		if ok && !slices.Contains(out, n) && len(out) < maxCapabilities {
			out = append(out, n)
		}
	}
	return out
}

func (v *view[V]) resolveTags() {
	v.tags, v.none = v.tags[:0], false
	for _, s := range v.query.Tags {
		n, ok := v.board.tags.numbers[text.FoldTag(s)]
		if !ok {
			v.none = true
			return
		}
		v.tags = append(v.tags, n)
	}
}

func (v *view[V]) filtered() bool { return len(v.tags)+len(v.terms) > 0 }

// phase returns where the task may come for the agent, if anywhere; not yet
// whether it passes.
func (v *view[V]) phase(slot uint32) (phase uint8, rank uint32, ok bool) {
	m := &v.board.marks[slot]
	switch m.state {
	case system:
		return 0, 0, v.infra
	case held, open:
		if m.matched && v.self != nil && v.self.matched.len > 0 {
			if i := slices.Index(v.board.tasks[slot].matched, v.number); i >= 0 {
				return 1, m.rank(i), true
			}
		}
		return 2, 0, m.state == open && !v.sealed(slot)
	}
	return 0, 0, false
}

// sealed reports that the board has opened a direct hire which the query comes a
// little too early for: whoever claimed it would be refused.
func (v *view[V]) sealed(slot uint32) bool {
	return v.board.marks[slot].direct && v.at < v.board.tasks[slot].headStart
}

// passes reports whether nothing keeps the task from the agent, apart from its
// state.
func (v *view[V]) passes(slot uint32) bool {
	if v.hindrance(slot) != Offered || !v.selects(slot) {
		return false
	}
	if v.free && v.board.isReserved(slot) {
		v.busy = true
		return false
	}
	return true
}

// hindrance is what keeps the task from the agent in any state, whatever it asks for.
func (v *view[V]) hindrance(slot uint32) Hindrance {
	b := v.board
	m := &b.marks[slot]
	switch {
	case m.poster == noAgent:
	case m.poster == v.number:
		return Own
	case b.agents.standings[m.poster].suspended:
		return PosterSuspended
	}
	if m.conflicts && v.self != nil && v.self.conflicts.has(slot) {
		return Conflict
	}
	return Offered
}

func (v *view[V]) selects(slot uint32) bool {
	return v.tagged(slot) && (v.search == nil || v.search.Has(slot))
}

// tagged reports whether the task has the tags of the filter.
func (v *view[V]) tagged(slot uint32) bool {
	for _, n := range v.tags {
		if t := v.board.tasks[slot]; !slices.ContainsFunc(t.tags[:t.own], func(r tagRef) bool { return r.tag == n }) {
			return false
		}
	}
	return true
}

// candidate describes a task of phase 2, or of another one.
func (v *view[V]) candidate(slot uint32, phase uint8, rank uint32, shared uint8) candidate {
	m := &v.board.marks[slot]
	c := candidate{phase: phase, rank: rank, slot: slot, at: m.at, seq: m.seq}
	if phase == 2 && v.personal {
		c.shared = shared
		c.reputation = v.board.agents.standings[m.poster].reputation
		c.trust = v.scratch.trust[m.poster]
	}
	return c
}

// loadTrust copies the posters' trust in the agent into a list by poster
// number.
func (v *view[V]) loadTrust(agent string) {
	a, s := &v.board.agents, v.scratch
	v.forgetTrust()
	if n := len(a.list); len(s.trust) < n {
		s.trust = make([]float64, n+n/4)
	}
	in := v.board.trust.of(agent)
	if in == nil {
		return
	}
	in.mu.RLock()
	defer in.mu.RUnlock()
	for n, p := range known(a, in.from) {
		if p.Score != usualTrust {
			s.trust[n] = p.Score - usualTrust
			s.trusted = append(s.trusted, n)
		}
	}
}

// known yields the pairs whose poster has a number. It walks whichever of the
// two collections is smaller.
func known(a *agents, from map[string]Trust) iter.Seq2[uint32, Trust] {
	return func(yield func(uint32, Trust) bool) {
		if len(from) <= len(a.numbers) {
			for id, p := range from {
				if n, ok := a.numbers[id]; ok && !yield(n, p) {
					return
				}
			}
			return
		}
		for id, n := range a.numbers {
			if p, ok := from[id]; ok && !yield(n, p) {
				return
			}
		}
	}
}

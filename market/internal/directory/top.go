package directory

import (
	"math"
	"math/bits"

	"github.com/pinchwork/pinchwork/market/internal/keyword"
	"github.com/pinchwork/pinchwork/market/internal/tally"
	"github.com/pinchwork/pinchwork/market/internal/text"
)

// TopQuery scores agents by
//
//	TagWeight × shared tags + WordWeight × shared keywords + ReputationWeight × reputation.
//
// Keywords are the words of Words and Tags, compared by stem with those of an
// agent's tags and with those of its good_at; one that is in both is shared twice.
// A keyword counts 1, or a half when more than a sixteenth of the agents have it, or
// nothing when more than a quarter have it; and a quarter when it is shorter than 3
// characters.
type TopQuery struct {
	// Tags are compared case-insensitively, each counted once.
	Tags, Words                             []string
	TagWeight, WordWeight, ReputationWeight float64
	// Least is what tags and keywords must add up to; above 0 they always must.
	Least float64
	// Exclude is left out of the answer.
	Exclude string
	Limit   int
}

// Candidate is an agent found by Top.
type Candidate struct {
	ID    string
	Score float64
	// Reputation is the part of the score before its weight.
	Reputation float64
	// Tags and Words count the shared tags, and the different shared keywords of at
	// least 3 characters.
	Tags, Words int
}

// scratch is memory that queries use one after the other.
type scratch struct {
	counts tally.Tally
	found  []uint64
	search text.Search
	both   []uint64
}

// bits returns a bit for each slot, all unset.
func (s *scratch) bits(slots int) []uint64 {
	if n := tally.Words(slots); len(s.found) < n {
		s.found = make([]uint64, n)
	}
	clear(s.found)
	return s.found
}

// scored is an agent with its score. Its id is looked up only to break ties.
type scored struct {
	score float64
	slot  uint32
}

// Top returns the q.Limit unsuspended agents with the highest scores that
// share at least one tag or keyword, highest first, ties by ascending id.
func (d *Directory) Top(q TopQuery) []Candidate {
	d.mu.RLock()
	defer d.mu.RUnlock()
	tags, terms := d.wholeTags(&q), d.terms(&q)
	if q.Limit <= 0 || len(tags)+len(terms) == 0 {
		return nil
	}
	found := best[scored]{want: q.Limit, before: d.ranksBefore}
	if shift, ok := q.shift(tags, terms); ok {
		d.topByLevels(&q, tags, terms, shift, &found)
	} else {
		d.topOfAll(&q, tags, terms, &found)
	}
	out, sharing := make([]Candidate, len(found.heap)), newSharing(tags, terms)
	for i, c := range found.sorted() {
		r := d.slots[c.slot]
		out[i] = Candidate{ID: r.ID, Score: c.score, Reputation: r.Reputation}
		out[i].Tags, out[i].Words = sharing.of(r)
	}
	return out
}

// sharing counts what agents share, along what they have: that is less than all that
// is asked for.
type sharing struct {
	whole []*feature
	// parts and words tell by the number of a feature which term it is.
	parts, words map[uint32]int
}

func newSharing(whole []*feature, terms []term) *sharing {
	s := &sharing{whole, make(map[uint32]int, len(terms)), make(map[uint32]int, len(terms))}
	for i := range terms {
		if t := &terms[i]; !keyword.IsShort(t.name) {
			if t.parts != nil {
				s.parts[t.part] = i
			}
			if t.words != nil {
				s.words[t.word] = i
			}
		}
	}
	return s
}

func (s *sharing) of(r *record) (tags, words int) {
	for _, f := range s.whole {
		if f.has(r.slot) {
			tags++
		}
	}
	var shared [maxTerms / 64]uint64
	note := func(numbers []uint32, terms map[uint32]int) {
		for _, n := range numbers {
			if i, ok := terms[n]; ok {
				shared[i/64] |= 1 << (i % 64)
			}
		}
	}
	note(r.parts, s.parts)
	note(r.words, s.words)
	for _, w := range shared {
		words += bits.OnesCount64(w)
	}
	return tags, words
}

func (d *Directory) ranksBefore(a, b scored) bool {
	if a.score != b.score {
		return a.score > b.score
	}
	return d.slots[a.slot].ID < d.slots[b.slot].ID
}

// slotOf returns the agent's slot, or one that no agent has.
func (d *Directory) slotOf(id string) uint32 {
	if r := d.agents[id]; r != nil && !r.Suspended {
		return r.slot
	}
	return math.MaxUint32
}

// quarter is the unit of keywords.
const quarter = 4

// shift returns n when a tag weighs 2ⁿ quarters of a word and the weights of all
// that is shared fit the counters; so scores fall into levels.
func (q *TopQuery) shift(tags []*feature, terms []term) (n int, ok bool) {
	if q.WordWeight <= 0 || q.ReputationWeight < 0 {
		return 0, false
	}
	if whole := q.WordWeight * 1024; whole != math.Trunc(whole) || whole > 1<<30 {
		return 0, false // sums would be rounded, and differ with their order
	}
	units := int(q.TagWeight / q.WordWeight * quarter)
	if units < 1 || units > 1<<tally.MaxShift || float64(units)*q.WordWeight != q.TagWeight*quarter || units&(units-1) != 0 {
		return 0, false
	}
	return bits.TrailingZeros(uint(units)), len(tags)*units+mostQuarters(terms) < tally.Limit
}

func mostQuarters(terms []term) (n int) {
	for i := range terms {
		n += 2 * terms[i].quarters
	}
	return n
}

// topByLevels counts what each agent shares, in quarters of a word, then goes
// through the agents level by level until the rest cannot catch up any more,
// however high its reputation.
func (d *Directory) topByLevels(q *TopQuery, tags []*feature, terms []term, shift int, found *best[scored]) {
	s, _ := d.scratch.Get().(*scratch)
	defer d.scratch.Put(s)
	s.counts.Reset(len(d.slots), len(tags)<<shift+mostQuarters(terms))
	s.addAll(tags, terms, shift)
	reputation := d.highestReputation()
	for n := s.counts.Highest() >> bandBits; n > 0; n-- {
		most := (n+1)<<bandBits - 1
		if last, full := found.last(); q.shared(0, most) < q.Least || full && last.score > q.ceiling(most, reputation) {
			return
		}
		d.addBand(q, &s.counts, n, found)
	}
	if q.Least <= q.shared(0, 1<<bandBits-1) {
		d.addLeast(q, &s.counts, found)
	}
}

// bandBits makes a band of the levels that lie within one word.
const bandBits = 2

// addAll adds 1<<shift for each of the tags, and the quarters of the terms.
func (s *scratch) addAll(tags []*feature, terms []term, shift int) {
	var by [tally.MaxShift + 1][]*feature
	by[shift] = append(by[shift], tags...)
	for i := range terms {
		n := bits.TrailingZeros(uint(terms[i].quarters))
		for _, f := range []*feature{terms[i].parts, terms[i].words} {
			if f != nil {
				by[n] = append(by[n], f)
			}
		}
	}
	for n, fs := range by {
		s.add(fs, n)
	}
}

// add adds 1<<shift for each of the features.
func (s *scratch) add(fs []*feature, shift int) {
	sets := make([][]uint64, 0, len(fs)+7)
	for _, f := range fs {
		if f.bits != nil {
			sets = append(sets, f.bits)
		} else {
			s.counts.AddSlots(f.list, shift)
		}
	}
	s.counts.AddSets(sets, shift)
}

// ceiling is above every score with this many units, by more than any rounding
// error.
func (q *TopQuery) ceiling(units int, reputation float64) float64 {
	return (q.shared(0, units) + q.ReputationWeight*reputation) * (1 + 1e-9)
}

func (d *Directory) highestReputation() float64 {
	if r, ok := d.byReputation.Min(); ok {
		return max(r.Reputation, 0)
	}
	return 0
}

// addBand takes the best of the agents in a band of levels.
func (d *Directory) addBand(q *TopQuery, counts *tally.Tally, n int, found *best[scored]) {
	exclude, most := d.slotOf(q.Exclude), q.shared(0, (n+1)<<bandBits-1)
	for slot := range counts.Band(n, bandBits) {
		reputation := q.ReputationWeight * d.reputations[slot]
		if last, full := found.last(); full && most+reputation < last.score || slot == exclude {
			continue
		}
		if shared := q.shared(0, counts.Of(slot)); shared >= q.Least {
			found.add(scored{shared + reputation, slot})
		}
	}
}

// addLeast takes the best of the agents that share less than a whole word.
func (d *Directory) addLeast(q *TopQuery, counts *tally.Tally, found *best[scored]) {
	exclude := d.slotOf(q.Exclude)
	for units := 1<<bandBits - 1; units > 0; units-- {
		shared := q.shared(0, units)
		if shared < q.Least {
			return
		}
		for slot := range counts.Equal(units) {
			if slot != exclude {
				found.add(scored{shared + q.ReputationWeight*d.reputations[slot], slot})
			}
		}
	}
}

// shared is the score without the reputation.
func (q *TopQuery) shared(tags, quarters int) float64 {
	return q.TagWeight*float64(tags) + q.WordWeight*float64(quarters)/quarter
}

// topOfAll scores every agent that shares something: for weights that do not
// fall into levels.
func (d *Directory) topOfAll(q *TopQuery, tags []*feature, terms []term, found *best[scored]) {
	type shares struct{ tags, quarters int }
	counts := map[uint32]shares{}
	for _, f := range tags {
		for slot := range f.slots {
			c := counts[slot]
			c.tags++
			counts[slot] = c
		}
	}
	for i := range terms {
		for _, f := range []*feature{terms[i].parts, terms[i].words} {
			if f == nil {
				continue
			}
			for slot := range f.slots {
				c := counts[slot]
				c.quarters += terms[i].quarters
				counts[slot] = c
			}
		}
	}
	exclude := d.slotOf(q.Exclude)
	for slot, c := range counts {
		if score := q.shared(c.tags, c.quarters); slot != exclude && score >= q.Least {
			found.add(scored{score + q.ReputationWeight*d.reputations[slot], slot})
		}
	}
}

package directory

import (
	"iter"
	"math"
	"math/bits"

	"github.com/pinchwork/pinchwork/market/internal/tally"
	"github.com/pinchwork/pinchwork/market/internal/text"
)

// TopQuery scores agents by
//
//	TagWeight × shared tags + WordWeight × shared words of GoodAt + ReputationWeight × reputation.
type TopQuery struct {
	// Tags and Words are compared case-insensitively, each counted once. Words
	// are maximal runs of letters and digits.
	Tags, Words                             []string
	TagWeight, WordWeight, ReputationWeight float64
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
// share at least one tag or word, highest first, ties by ascending id.
func (d *Directory) Top(q TopQuery) []Candidate {
	d.mu.RLock()
	defer d.mu.RUnlock()
	tags, words := d.shared(&q)
	if q.Limit <= 0 || len(tags)+len(words) == 0 {
		return nil
	}
	found := best[scored]{want: q.Limit, before: d.ranksBefore}
	if shift, ok := q.shift(len(tags), len(words)); ok {
		d.topByLevels(&q, tags, words, shift, &found)
	} else {
		d.topOfAll(&q, tags, words, &found)
	}
	out := make([]Candidate, len(found.heap))
	for i, c := range found.sorted() {
		out[i] = Candidate{d.slots[c.slot].ID, c.score, d.reputations[c.slot]}
	}
	return out
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

// shared returns the features in question that some agent has, each once.
func (d *Directory) shared(q *TopQuery) (tags, words []*feature) {
	var numbers []uint32
	for _, s := range q.Tags {
		numbers = d.tags.append(numbers, text.FoldTag(s))
	}
	tags = d.tags.distinct(numbers)
	numbers = numbers[:0]
	for _, s := range q.Words {
		if text.IsWord(s) {
			numbers = d.words.append(numbers, s)
			continue
		}
		for _, w := range text.Words(s) {
			numbers = d.words.append(numbers, w)
		}
	}
	return tags, d.words.distinct(numbers)
}

// shift returns n when a tag weighs 2ⁿ words and the weights of all that is
// shared fit the counters; so scores fall into levels.
func (q *TopQuery) shift(tags, words int) (n int, ok bool) {
	if q.WordWeight <= 0 || q.ReputationWeight < 0 {
		return 0, false
	}
	if whole := q.WordWeight * 1024; whole != math.Trunc(whole) || whole > 1<<30 {
		return 0, false // sums would be rounded, and differ with their order
	}
	units := int(q.TagWeight / q.WordWeight)
	if units < 1 || units > 1<<tally.MaxShift || float64(units)*q.WordWeight != q.TagWeight || units&(units-1) != 0 {
		return 0, false
	}
	return bits.TrailingZeros(uint(units)), tags*units+words < tally.Limit
}

// topByLevels counts what each agent shares, in units of a word, then goes
// through the agents level by level until the rest cannot catch up any more,
// however high its reputation.
func (d *Directory) topByLevels(q *TopQuery, tags, words []*feature, shift int, found *best[scored]) {
	s, _ := d.scratch.Get().(*scratch)
	defer d.scratch.Put(s)
	s.counts.Reset(len(d.slots), len(tags)<<shift+len(words))
	s.addAll(tags, shift)
	s.addAll(words, 0)
	highest, reputation := s.counts.Highest(), d.highestReputation()
	for units := highest; units > 0; units-- {
		if last, full := found.last(); full && last.score > q.ceiling(units, reputation) {
			return
		}
		d.addLevel(q, s.counts.Equal(units), units, found)
	}
}

// addAll adds 1<<shift for each of the features.
func (s *scratch) addAll(fs []*feature, shift int) {
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
	return (q.WordWeight*float64(units) + q.ReputationWeight*reputation) * (1 + 1e-9)
}

func (d *Directory) highestReputation() float64 {
	if r, ok := d.byReputation.Min(); ok {
		return max(r.Reputation, 0)
	}
	return 0
}

// addLevel takes the best of the agents with exactly this many units.
func (d *Directory) addLevel(q *TopQuery, slots iter.Seq[uint32], units int, found *best[scored]) {
	exclude := d.slotOf(q.Exclude)
	for slot := range slots {
		score := q.score(0, units, d.reputations[slot])
		if last, full := found.last(); full && score < last.score || slot == exclude {
			continue
		}
		found.add(scored{score, slot})
	}
}

func (q *TopQuery) score(tags, words int, reputation float64) float64 {
	return q.TagWeight*float64(tags) + q.WordWeight*float64(words) + q.ReputationWeight*reputation
}

// topOfAll scores every agent that shares something: for weights that do not
// fall into levels.
func (d *Directory) topOfAll(q *TopQuery, tags, words []*feature, found *best[scored]) {
	type shares struct{ tags, words int }
	counts := map[uint32]shares{}
	for _, f := range tags {
		for slot := range f.slots {
			c := counts[slot]
			c.tags++
			counts[slot] = c
		}
	}
	for _, f := range words {
		for slot := range f.slots {
			c := counts[slot]
			c.words++
			counts[slot] = c
		}
	}
	exclude := d.slotOf(q.Exclude)
	for slot, c := range counts {
		if slot != exclude {
			found.add(scored{q.score(c.tags, c.words, d.reputations[slot]), slot})
		}
	}
}

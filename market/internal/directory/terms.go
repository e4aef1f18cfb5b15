package directory

import (
	"cmp"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/keyword"
	"github.com/pinchwork/pinchwork/market/internal/text"
)

// term is a keyword of a query with the agents that have it.
type term struct {
	name string
	// parts are the agents that have it in a tag, words those in good_at; nil when
	// there is none.
	parts, words *feature
	// part and word are their numbers.
	part, word uint32
	// quarters is what sharing it counts, in quarters of a word.
	quarters int
}

// maxTerms is how many keywords of a query count, the rarest first: a need of
// 50,000 characters costs no more than a long one.
const maxTerms = 128

// What a keyword counts, by the share of agents that have it; beyond uncommon ones
// it is nothing. In a market of few
// agents none is common: too few have described themselves to tell.
const (
	fewAgents    = 32
	rareFrom     = 16 // at most 1 agent in so many
	uncommonFrom = 4
	rare         = 4
	uncommon     = 2
	short        = 1
)

// terms returns the keywords in question that count, each once. It depends
// on who the agents are alone, so all replicas agree once they know the same ones.
func (d *Directory) terms(q *TopQuery) []term {
	out := make([]term, 0, len(q.Words))
	add := func(name string) {
		t := term{name: name}
		t.parts, t.part = d.parts.lookup(name)
		t.words, t.word = d.words.lookup(name)
		if t.quarters = d.quarters(&t); t.quarters > 0 {
			out = append(out, t)
		}
	}
	for _, tag := range q.Tags {
		for _, name := range keyword.OfTag(tag) {
			add(name)
		}
	}
	for _, s := range q.Words {
		if text.IsWord(s) {
			if !keyword.IsStop(s) {
				add(keyword.Stem(s))
			}
			continue
		}
		for _, name := range keyword.Of(s) {
			add(name)
		}
	}
	if len(out) > maxTerms {
		slices.SortStableFunc(out, func(a, b term) int { return cmp.Or(cmp.Compare(a.count(), b.count()), cmp.Compare(a.name, b.name)) })
	}
	return distinct(out)
}

// distinct returns the first maxTerms, each once.
func distinct(all []term) []term {
	out := all[:0]
	for i := range all {
		if len(out) == maxTerms {
			break
		}
		if !contains(out, &all[i]) {
			out = append(out, all[i])
		}
	}
	return out
}

func contains(terms []term, t *term) bool {
	for i := range terms {
		if terms[i].parts == t.parts && terms[i].words == t.words {
			return true
		}
	}
	return false
}

// count is how many agents have the term in their tags, or in good_at if these are
// more.
func (t *term) count() (n int) {
	if t.parts != nil {
		n = t.parts.count
	}
	if t.words != nil {
		n = max(n, t.words.count)
	}
	return n
}

func (d *Directory) quarters(t *term) int {
	switch agents, have := d.byReputation.Len(), t.count(); {
	case have == 0 || agents >= fewAgents && have*uncommonFrom > agents:
		return 0
	case keyword.IsShort(t.name):
		return short
	case agents < fewAgents || have*rareFrom <= agents:
		return rare
	}
	return uncommon
}

// wholeTags returns the tags in question that some agent has, each once.
func (d *Directory) wholeTags(q *TopQuery) []*feature {
	var out []*feature
	for _, tag := range q.Tags {
		if f, _ := d.tags.lookup(text.FoldTag(tag)); f != nil && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

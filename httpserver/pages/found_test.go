package pages_test

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// index is a plain search engine (BM25) over sections.
type index struct {
	names []string
	words []map[string]float64 // how often each has a stem
	size  []float64
	mean  float64
}

func (x *index) add(name, text string) {
	counts := map[string]float64{}
	n := 0.0
	for _, stem := range stems(text) {
		counts[stem]++
		n++
	}
	x.names, x.words, x.size = append(x.names, name), append(x.words, counts), append(x.size, n)
	x.mean += (n - x.mean) / float64(len(x.names))
}

// search returns the names of all sections, best first.
func (x *index) search(asked string) []string {
	score := map[string]float64{}
	for _, stem := range stems(asked) {
		in := 0.0
		for _, has := range x.words {
			if has[stem] > 0 {
				in++
			}
		}
		weight := math.Log(1 + (float64(len(x.names))-in+0.5)/(in+0.5))
		for i, has := range x.words {
			often := has[stem]
			score[x.names[i]] += weight * often * 2.2 / (often + 1.2*(0.25+0.75*x.size[i]/x.mean))
		}
	}
	best := slices.Clone(x.names)
	slices.SortStableFunc(best, func(a, b string) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return 0
	})
	return best
}

// idle words say nothing of what is asked.
var idle = strings.Fields("a an and are as at be before by can did do does for from get gets give has have how i if in is it its may me must my no not now of " +
	"on only or other out say see shall so somebody that the them then there these they this to up was what when where which who whom will with without you your one")

// stems are the beginnings of a text's words, which most of their forms have in common.
func stems(text string) (out []string) {
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if !slices.Contains(idle, word) {
			out = append(out, word[:min(len(word), 5)])
		}
	}
	return out
}

// A plain search for the words of a question, which knows no other words for a thing, leads to
// its section among three more often than not. Models see the list of sections and need none.
func TestSectionsAreFoundByWords(t *testing.T) {
	s := withAll(t)
	var x index
	for _, name := range s.sections() {
		if name != "more" {
			x.add(name, s.section(name))
		}
	}
	first, among := 0, 0
	asked := questions(t)
	for _, q := range asked {
		found := x.search(q.asked)
		place := slices.Index(found, q.section)
		if place == 0 {
			first++
		}
		if place < 3 {
			among++
		} else {
			t.Logf("%s: %s is at %d, before it %v", q.asked, q.section, place+1, found[:3])
		}
	}
	t.Logf("of %d questions a search for their words finds %d at once and %d among three", len(asked), first, among)
	if among*2 < len(asked) {
		t.Errorf("of %d questions a search for their words finds the sections of %d", len(asked), among)
	}
}

package text

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// However little effort each time, and whatever comes and goes in between, a
// search ends with what is true of the documents of that instant.
func TestSearchAnswersForTheInstantThatItEndsAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, model := NewIndex(), map[uint32][2]string{}
		change := func(steps int) {
			for range steps {
				if len(model) > 0 && rapid.IntRange(0, 9).Draw(t, "remove") < 5 {
					doc := rapid.SampledFrom(docsOf(model)).Draw(t, "doc")
					x.Remove(doc)
					delete(model, doc)
					continue
				}
				texts := [2]string{randomText(t, "need", 12), fmt.Sprint("x", rapid.IntRange(0, 300).Draw(t, "word"))}
				model[x.Add(NewDocument(texts[:]...))] = texts
			}
		}
		change(rapid.IntRange(0, 200).Draw(t, "before"))
		terms := Terms(randomText(t, "search", 5) + rapid.SampledFrom([]string{"", " x1", " x", " 2"}).Draw(t, "term"))
		var s Search
		s.Begin(x, terms)
		list := rapid.Bool().Draw(t, "list")
		for rest := 20; !agrees(t, &s, model, terms, list); rest-- {
			change(rapid.IntRange(0, max(rest, 0)).Draw(t, "meanwhile"))
		}
	})
}

// agrees asks a search about all documents once; false when it got tired.
func agrees(t *rapid.T, s *Search, model map[uint32][2]string, terms []string, list bool) bool {
	s.Resume(rapid.IntRange(0, 500).Draw(t, "effort"))
	if !s.Ready() {
		return false
	}
	var docs map[uint32]bool
	if list && len(terms) > 0 {
		if docs = listed(s); s.Tired() {
			return false
		}
	}
	for doc, texts := range model {
		got := s.Has(doc)
		if s.Tired() {
			return false
		}
		want := true
		for _, term := range terms {
			want = want && (strings.Contains(Fold(texts[0]), term) || strings.Contains(Fold(texts[1]), term))
		}
		if alone, _ := s.index.Contains(doc, terms); alone != want {
			t.Fatalf("%q in %q: Contains says %v", terms, texts, alone)
		}
		if got != want || want && docs != nil && !docs[doc] {
			t.Fatalf("%q in %q: %v and listed %v, want %v", terms, texts, got, docs[doc], want)
		}
		if want && s.Size() == 0 {
			t.Fatalf("%q: Size 0, though %q is there", terms, texts)
		}
	}
	return true
}

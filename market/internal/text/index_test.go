package text

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pieces are what random texts are made of: letters that fold or normalize in
// uncommon ways, and white space of several kinds.
var pieces = []string{
	"a", "b", "A", "ab", "é", "e\u0301", "E\u0301", "ß", "SS", "İ", "i̇", "ı", "Ａ", "ﬁ", "fi", "㎏", "日本", "語",
	"ﷺ", "صلى", "الله", "عليه", "وسلم", "¨", "\u0308", "\u0301", "´", "Σ", "ς", "ᾳ", "K", "Å", "ｶﾞ", "ガ", "-", ".",
	" ", " ", " ", "\n", "\t", "  ", "\u00a0", "\u3000", "\u2028", "\r\n",
}

func randomText(t *rapid.T, label string, maxLen int) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, maxLen).Draw(t, label), "")
}

func TestIndexAgreesWithContains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, model := NewIndex(), map[uint32][2]string{}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(model) > 0 && rapid.IntRange(0, 9).Draw(t, "remove") < 4 {
				doc := rapid.SampledFrom(docsOf(model)).Draw(t, "doc")
				x.Remove(doc)
				delete(model, doc)
				continue
			}
			texts := [2]string{randomText(t, "need", 12), randomText(t, "context", 6)}
			doc := x.Add(NewDocument(texts[:]...))
			if _, taken := model[doc]; taken {
				t.Fatalf("number %d given twice", doc)
			}
			model[doc] = texts
		}
		for range 10 {
			for _, term := range Terms(randomText(t, "search", 4)) {
				checkTerm(t, x, model, term)
			}
		}
		if x.Len() != len(model) {
			t.Fatalf("Len %d, want %d", x.Len(), len(model))
		}
	})
}

// searched is a search that has looked up its terms.
func searched(x *Index, terms ...string) *Search {
	var s Search
	s.Begin(x, terms)
	s.Resume(1 << 30)
	s.Ready()
	return &s
}

// listed are the documents that a search lists.
func listed(s *Search) map[uint32]bool {
	set, _ := s.Listed()
	docs := map[uint32]bool{}
	for doc := range Bits(set) {
		docs[doc] = true
	}
	return docs
}

func checkTerm(t *rapid.T, x *Index, model map[uint32][2]string, term string) {
	found, certain := searched(x, term), searched(x, term)
	docs := listed(certain)
	if len(docs) > found.Size() {
		t.Fatalf("%q: %d documents, Size %d", term, len(docs), found.Size())
	}
	for doc, texts := range model {
		want := strings.Contains(Fold(texts[0]), term) || strings.Contains(Fold(texts[1]), term)
		if got := found.Has(doc); got != want {
			t.Fatalf("%q in %q: %v, want %v", term, texts, got, want)
		}
		if got := certain.Has(doc); got != want || want && !docs[doc] {
			t.Fatalf("%q in %q: %v and listed %v, want %v", term, texts, got, docs[doc], want)
		}
	}
}

func docsOf(model map[uint32][2]string) []uint32 {
	var docs []uint32
	for doc := range model {
		docs = append(docs, doc)
	}
	slices.Sort(docs)
	return docs
}

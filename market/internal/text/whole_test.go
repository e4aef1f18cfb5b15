package text

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// distinctWords is a text of words that occur nowhere else.
func distinctWords(random *rand.Rand, letters []rune, length, size int) string {
	var b strings.Builder
	for b.Len() < size {
		for range length {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// The index of a document costs at most so many times its text, whatever the
// text is made of.
func TestTheIndexIsBoundedByItsTexts(t *testing.T) {
	var chinese []rune
	for r := '一'; r < '一'+8_000; r++ {
		chinese = append(chinese, r)
	}
	latin := []rune("abcdefghijklmnopqrstuvwxyz0123456789")
	for _, kind := range []struct {
		name    string
		letters []rune
		length  int
	}{{"short words", latin, 4}, {"words", latin, 9}, {"long words", latin, 60}, {"longer words", latin, 200}, {"chinese", chinese, 3}, {"long chinese", chinese, 20}} {
		t.Run(kind.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			const docs, size = 40, 150_000
			var before, after runtime.MemStats
			x := NewIndex()
			runtime.GC()
			runtime.ReadMemStats(&before)
			for range docs {
				x.Add(NewDocument(distinctWords(random, kind.letters, kind.length, size)))
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			cost := float64(after.HeapAlloc-before.HeapAlloc) / (docs * size)
			t.Logf("%.1f bytes for each of the texts", cost)
			if cost > wholeShare+2 {
				t.Errorf("the index is %.1f times its texts", cost)
			}
			runtime.KeepAlive(x)
		})
	}
}

// A document that is kept whole is found like any other, and forgotten too.
func TestDocumentsKeptWholeAreFound(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	x := NewIndex()
	x.Add(NewDocument("plain words"))
	odd := distinctWords(random, []rune("abcdefghijklmnopqrstuvwxyz"), 6, 100_000)
	doc := x.Add(NewDocument(odd+" Needle", "and the context"))
	if len(x.wholes) != 1 {
		t.Fatalf("%d documents are kept whole", len(x.wholes))
	}
	for term, want := range map[string]bool{"needle": true, "eedl": true, odd[:6]: true, "context": true, "needleand": false, "plain": false} {
		found := searched(x, term)
		if got := found.Has(doc); got != want {
			t.Errorf("%q: %v, want %v", term, got, want)
		}
		if !listed(found)[doc] {
			t.Errorf("%q: not listed", term)
		}
	}
	x.Remove(doc)
	found := searched(x, "needle")
	if found.Size() != 0 || len(x.wholes) != 0 {
		t.Errorf("%d documents are left", found.Size())
	}
}

// Ordinary texts share their words, and are indexed by them.
func TestOrdinaryTextsAreIndexedByWord(t *testing.T) {
	x := NewIndex()
	for i := range 200 {
		var b strings.Builder
		for j := range 3_000 {
			fmt.Fprintf(&b, "word%d of the text ", (i+j*j)%2_000)
		}
		x.Add(NewDocument(b.String()))
	}
	if len(x.wholes) > 1 {
		t.Errorf("%d of 200 documents are kept whole", len(x.wholes))
	}
}

package text

import (
	"iter"
	"slices"
	"strings"
)

// Term is a search term looked up in an Index. It is valid until the Index
// changes.
type Term struct {
	index *Index
	// text is the folded term.
	text string
	// words are all words that contain the term, set the same as bits.
	words []uint32
	set   []uint64
	size  int
	// phrase is set when the folded term holds spaces; words then are those of
	// its rarest piece.
	phrase []string
}

// Find looks up a folded term.
func (x *Index) Find(term string) Term {
	var t Term
	if strings.Contains(term, " ") {
		t = x.findPhrase(strings.Split(term, " "))
	} else {
		t = x.termOf(x.lex.containing(term))
	}
	t.index, t.text = x, term
	t.size += len(x.wholes)
	return t
}

func (x *Index) termOf(words iter.Seq[uint32]) Term {
	t := Term{index: x, set: make([]uint64, len(x.lex.words)/64+1)}
	for id := range words {
		t.words = append(t.words, id)
		t.set[id/64] |= 1 << (id % 64)
		t.size += len(x.lex.words[id].docs)
	}
	return t
}

func (x *Index) findPhrase(pieces []string) Term {
	var best Term
	for _, p := range pieces {
		if p == "" {
			continue
		}
		if t := x.termOf(x.lex.containing(p)); best.index == nil || t.size < best.size {
			best = t
		}
	}
	best.phrase = pieces
	return best
}

// Scan yields every document that contains the folded term, as Term.Docs does,
// while it is still looking for words: a caller that stops early saves the
// rest. When the term holds a space it yields documents that contain a piece
// of it.
func (x *Index) Scan(term string) iter.Seq[uint32] {
	if pieces := strings.Split(term, " "); len(pieces) > 1 {
		term = slices.MaxFunc(pieces, func(a, b string) int { return len(a) - len(b) })
	}
	return func(yield func(uint32) bool) {
		for id := range x.lex.containing(term) {
			for _, doc := range x.lex.words[id].docs {
				if !yield(doc) {
					return
				}
			}
		}
		for doc, text := range x.wholes {
			if strings.Contains(text, term) && !yield(doc) {
				return
			}
		}
	}
}

// Size is at least the number of documents that contain the term.
func (t *Term) Size() int { return t.size }

// Sure reports whether Docs names no document in vain, but for removed ones.
func (t *Term) Sure() bool { return t.phrase == nil && len(t.index.wholes) == 0 }

// Docs yields every document that contains the term, perhaps more than once,
// and documents that were removed lately. Unless Sure, ask In as well.
func (t *Term) Docs() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, id := range t.words {
			for _, doc := range t.index.lex.words[id].docs {
				if !yield(doc) {
					return
				}
			}
		}
		for doc := range t.index.wholes {
			if !yield(doc) {
				return
			}
		}
	}
}

// Mark sets the bit of each document that Docs yields. There must be
// Index.Cap bits.
func (t *Term) Mark(bits []uint64) {
	for _, id := range t.words {
		for _, doc := range t.index.lex.words[id].docs {
			bits[doc/64] |= 1 << (doc % 64)
		}
	}
	for doc := range t.index.wholes {
		bits[doc/64] |= 1 << (doc % 64)
	}
}

// In reports whether the document contains the term.
func (t *Term) In(doc uint32) bool {
	if text, whole := t.index.wholes[doc]; whole {
		return strings.Contains(text, t.text)
	}
	for i, id := range t.index.docs[doc] {
		if t.set[id/64]>>(id%64)&1 != 0 && t.phrase == nil {
			return true
		}
		if t.phrase != nil && t.index.phraseAt(t.index.docs[doc], i, t.phrase) {
			return true
		}
	}
	return false
}

// phraseAt reports whether the pieces, with a space between each two, lie in
// the document so that the first one that is not empty ends or lies in item i.
func (x *Index) phraseAt(seq []uint32, i int, pieces []string) bool {
	if pieces[0] == "" {
		return x.spaceBefore(seq, i) && x.restAt(seq, i, pieces[1:])
	}
	if seq[i] < separators || !strings.HasSuffix(string(x.lex.text(seq[i])), pieces[0]) {
		return false
	}
	return x.spaceAfter(seq, i) && x.restAt(seq, i+1, pieces[1:])
}

// restAt reports whether the items from i on are the pieces, the last one
// perhaps longer. White space made by folding is never doubled, so between two
// pieces there is a single space, which is no item.
func (x *Index) restAt(seq []uint32, i int, pieces []string) bool {
	for n, p := range pieces {
		if i+n >= len(seq) || seq[i+n] < separators {
			return false
		}
		w := string(x.lex.text(seq[i+n]))
		last := n == len(pieces)-1
		if last && !strings.HasPrefix(w, p) || !last && w != p {
			return false
		}
	}
	return true
}

// spaceBefore reports whether item i is a word with a space before it.
func (x *Index) spaceBefore(seq []uint32, i int) bool {
	if i == 0 || seq[i] < separators {
		return false
	}
	return seq[i-1] != otherID
}

// spaceAfter reports whether a single space and a word follow item i.
func (x *Index) spaceAfter(seq []uint32, i int) bool {
	return i+1 < len(seq) && seq[i+1] >= separators
}

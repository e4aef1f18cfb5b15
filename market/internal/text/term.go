package text

import (
	"bytes"
	"slices"
	"strings"
)

// term is a search term while an Index is searched for it.
type term struct {
	// text is the folded term.
	text string
	// pieces are what words may contain of it: the term itself, or those parts of
	// phrase, which is set when the term holds spaces, that are not empty.
	pieces []piece
	phrase []string
}

// piece is looked for in every word of the lexicon.
type piece struct {
	text []byte
	// set has the bit of each word that contains the piece, size is at least how
	// many documents hold one of them.
	set  []uint64
	size int
	// begun and chunk tell how much of the lexicon was searched.
	begun, grammed bool
	chunk          int
}

// reset makes t the term, and uses its memory again.
func (t *term) reset(text string) {
	t.text, t.phrase = text, nil
	parts := []string{text}
	if strings.Contains(text, " ") {
		t.phrase = strings.Split(text, " ")
		parts = longest(t.phrase)
	}
	t.pieces = slices.Grow(t.pieces[:0], len(parts))[:len(parts)]
	for i := range t.pieces {
		t.pieces[i].reset(parts[i])
	}
}

// maxPieces bounds the words of a phrase that are looked up: one character may
// stand for several words, and a search is full of them.
const maxPieces = 4

// longest returns the longest distinct words of a phrase, which few others contain.
func longest(phrase []string) []string {
	parts := slices.Compact(slices.Sorted(slices.Values(phrase)))
	slices.SortStableFunc(parts, func(a, b string) int { return len(b) - len(a) })
	parts = parts[:min(len(parts), maxPieces)]
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" })
}

func (p *piece) reset(text string) {
	set := p.set
	clear(set)
	*p = piece{text: append(p.text[:0], text...), set: set}
}

// rarest is the piece that the fewest documents seem to hold, or nil.
func (t *term) rarest() (best *piece) {
	for i := range t.pieces {
		if best == nil || t.pieces[i].size < best.size {
			best = &t.pieces[i]
		}
	}
	return best
}

// size is at least the number of documents with a word that counts.
func (t *term) size() int {
	if p := t.rarest(); p != nil {
		return p.size
	}
	return 0
}

// lookUp finds the words that contain the piece, as far as the effort goes, and
// returns what is left of it: below 0 when there is more to do.
func (p *piece) lookUp(l *lexicon, effort int) (left int) {
	if !p.begun {
		var words []uint32
		p.begun = true
		words, p.grammed = l.grams.rarest(string(p.text))
		for _, id := range words {
			if bytes.Contains(l.text(id), p.text) {
				p.add(l, id)
			}
		}
		effort -= wordEffort * len(words)
	}
	for ; p.chunk < len(l.chunks) && effort >= 0; p.chunk++ {
		c := &l.chunks[p.chunk]
		if p.grammed && !c.long {
			continue
		}
		c.containing(p.text, func(id uint32) bool { p.add(l, id); return true })
		effort -= len(c.text) / 2
	}
	return effort
}

func (p *piece) add(l *lexicon, id uint32) {
	if p.has(id) {
		return
	}
	if int(id/64) >= len(p.set) {
		p.set = append(p.set, make([]uint64, len(l.words)/64+1-len(p.set))...)
	}
	p.set[id/64] |= 1 << (id % 64)
	p.size += max(len(l.words[id].docs), 1)
}

// renew looks again at a word that is new or has moved.
func (p *piece) renew(l *lexicon, id uint32) {
	switch {
	case bytes.Contains(l.text(id), p.text):
		p.add(l, id)
	case p.has(id):
		p.set[id/64] &^= 1 << (id % 64)
	}
}

func (p *piece) has(id uint32) bool {
	return int(id/64) < len(p.set) && p.set[id/64]>>(id%64)&1 != 0
}

// The effort of each kind of look, where looking at one item of a document is
// 1.
const (
	wordEffort   = 16
	testEffort   = 32
	phraseEffort = 8
	wholeEffort  = 8 // bytes for 1
)

// in reports whether the document contains the term, and the effort of finding
// out.
func (t *term) in(x *Index, doc uint32) (found bool, effort int) {
	if len(x.wholes)+len(x.apart) > 0 {
		if text, whole := x.whole(doc); whole {
			return strings.Contains(text, t.text), testEffort + len(text)/wholeEffort
		}
	}
	seq := x.docs[doc]
	if t.phrase != nil {
		for i := range seq {
			if x.phraseAt(seq, i, t.phrase) {
				return true, testEffort + phraseEffort*i
			}
		}
		return false, testEffort + phraseEffort*len(seq)
	}
	p := &t.pieces[0]
	for i, id := range seq {
		if p.has(id) {
			return true, testEffort + i
		}
	}
	return false, testEffort + len(seq)
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

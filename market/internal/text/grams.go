package text

import "slices"

const (
	// gramSize is how many bytes make a gram.
	gramSize = 3
	// maxGrammed is the longest word with grams, in bytes. Longer ones, such as
	// texts without spaces, would cost several times their own size; they are
	// scanned instead.
	maxGrammed = 64
)

// gram is a run of three bytes.
type gram uint32

// grams lists for each gram the words that hold it, so that a search looks at
// the words of its rarest gram and not at all of them. A list has each word
// once, in no order.
type grams map[gram][]uint32

func gramAt(s string, i int) gram { return gram(s[i])<<16 | gram(s[i+1])<<8 | gram(s[i+2]) }

// gramsOf returns the distinct grams of a word in into.
func gramsOf(into []gram, s string) []gram {
	for i := 0; i+gramSize <= len(s); i++ {
		if g := gramAt(s, i); !slices.Contains(into, g) {
			into = append(into, g)
		}
	}
	return into
}

// list enters a new word under its grams.
func (l *lexicon) list(id uint32, s string) {
	if len(s) > maxGrammed {
		return
	}
	var room [maxGrammed]gram
	for _, g := range gramsOf(room[:0], s) {
		l.words[id].places = append(l.words[id].places, uint32(len(l.grams[g])))
		l.grams[g] = append(l.grams[g], id)
	}
}

// unlist takes a word off the lists of its grams. The last word of a list takes
// its place, and its own record of that place is updated.
func (l *lexicon) unlist(id uint32) {
	w := &l.words[id]
	if len(w.places) == 0 {
		return
	}
	var room, moved [maxGrammed]gram
	for i, g := range gramsOf(room[:0], string(l.text(id))) {
		list := l.grams[g]
		last := len(list) - 1
		if other := list[last]; other != id {
			list[w.places[i]] = other
			nth := slices.Index(gramsOf(moved[:0], string(l.text(other))), g)
			l.words[other].places[nth] = w.places[i]
		}
		if l.grams[g] = list[:last]; last == 0 {
			delete(l.grams, g)
		}
	}
}

// rarest returns the words of the piece's rarest gram: every word of at most
// maxGrammed bytes that contains the piece is among them. False when the piece
// is too short to have one.
func (g grams) rarest(piece string) (words []uint32, ok bool) {
	for i := 0; i+gramSize <= len(piece); i++ {
		if list := g[gramAt(piece, i)]; !ok || len(list) < len(words) {
			words, ok = list, true
		}
	}
	return words, ok
}

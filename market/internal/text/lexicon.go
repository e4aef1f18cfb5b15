package text

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// chunkSize is how much text of words lies together: large enough to be
// searched at full speed, small enough to be rewritten in passing.
const chunkSize = 16 << 10

// word is an entry of the lexicon. Its number stays the same while a document
// holds it, and is given to another word afterwards.
type word struct {
	// The text is chunks[chunk].text[off : off+len].
	chunk, off, len uint32
	// added is the last addition that held the word, so that it is listed once
	// per document.
	added uint32
	// docs lists the documents that hold the word, in no order. Removed
	// documents stay until the cleaner comes by.
	docs []uint32
	// places are where the word stands in the lists of its grams, in their order
	// in the word.
	places []uint32
}

// chunk holds the text of some words, each followed by a line feed.
type chunk struct {
	text []byte
	// starts and words tell which word lies where, in ascending order.
	starts, words []uint32
	// dead counts the bytes of words that are gone; they are line feeds now.
	dead int
	// long is set when its words are too long for grams.
	long bool
}

// lexicon holds the distinct words of all documents. A hash table finds a word
// by its whole text, a scan of the chunks, or of the words of a gram, finds those that contain a piece.
type lexicon struct {
	seed   maphash.Seed
	words  []word
	unused []uint32
	chunks []chunk
	// vacant are the numbers of empty chunks, current and currentLong those that
	// grow, with words that grams find and with longer ones.
	vacant               []uint32
	current, currentLong int
	grams                grams
	// table is open-addressed with linear probing. An entry is 0 or the upper
	// half of a word's hash beside its number plus one.
	table []uint64
	count int
	// stored are the words that were recently stored or moved.
	stored journal
}

func newLexicon() lexicon {
	return lexicon{
		seed: maphash.MakeSeed(), chunks: []chunk{{}, {long: true}}, currentLong: 1,
		grams: grams{}, table: make([]uint64, 64),
	}
}

func (l *lexicon) text(id uint32) []byte {
	w := &l.words[id]
	return l.chunks[w.chunk].text[w.off : w.off+w.len]
}

func (l *lexicon) hash(s string) uint64 { return maphash.String(l.seed, s) &^ (1<<32 - 1) }

func (l *lexicon) home(entry uint64) int { return int(entry>>32) & (len(l.table) - 1) }

// find returns the number of a word, or the place in the table where it
// belongs.
func (l *lexicon) find(s string, hash uint64) (id uint32, ok bool, place int) {
	for i := l.home(hash); ; i = (i + 1) & (len(l.table) - 1) {
		e := l.table[i]
		if e == 0 {
			return 0, false, i
		}
		if e&^(1<<32-1) == hash {
			if id := uint32(e) - 1; string(l.text(id)) == s {
				return id, true, i
			}
		}
	}
}

// intern returns the number of a word, a new one when it is not known yet.
func (l *lexicon) intern(s string) uint32 {
	hash := l.hash(s)
	id, ok, place := l.find(s, hash)
	if ok {
		return id
	}
	id = l.number()
	l.store(id, s)
	l.list(id, s)
	l.table[place] = hash | uint64(id+1)
	if l.count++; l.count*4 > len(l.table)*3 {
		l.rehash(len(l.table) * 2)
	}
	return id
}

func (l *lexicon) number() uint32 {
	if n := len(l.unused); n > 0 {
		id := l.unused[n-1]
		l.unused = l.unused[:n-1]
		return id
	}
	l.words = append(l.words, word{})
	return uint32(len(l.words) - 1)
}

// store puts the text of a word into the current chunk of its kind, or into a
// new one.
func (l *lexicon) store(id uint32, s string) {
	current := &l.current
	if len(s) > maxGrammed {
		current = &l.currentLong
	}
	c := &l.chunks[*current]
	if len(c.text) > 0 && len(c.text)+len(s)+1 > chunkSize {
		*current = l.open()
		c = &l.chunks[*current]
		c.long = len(s) > maxGrammed
	}
	l.stored.write(id)
	w := &l.words[id]
	w.chunk, w.off, w.len = uint32(*current), uint32(len(c.text)), uint32(len(s))
	c.starts = append(c.starts, w.off)
	c.words = append(c.words, id)
	if need := len(c.text) + len(s) + 1; need > cap(c.text) {
		c.text = slices.Grow(c.text, max(need, min(chunkSize, 2*need))-len(c.text))
	}
	c.text = append(append(c.text, s...), '\n')
}

// open returns the number of an empty chunk.
func (l *lexicon) open() int {
	if n := len(l.vacant); n > 0 {
		number := int(l.vacant[n-1])
		l.vacant = l.vacant[:n-1]
		return number
	}
	l.chunks = append(l.chunks, chunk{})
	return len(l.chunks) - 1
}

// forget takes a word out that no document holds any more.
func (l *lexicon) forget(id uint32) {
	l.unlink(id)
	l.unlist(id)
	w := l.words[id]
	c := &l.chunks[w.chunk]
	for i := w.off; i < w.off+w.len; i++ {
		c.text[i] = '\n'
	}
	c.dead += int(w.len) + 1
	l.words[id] = word{}
	l.unused = append(l.unused, id)
	if 2*c.dead > len(c.text) && int(w.chunk) != l.current && int(w.chunk) != l.currentLong {
		l.rewrite(w.chunk)
	}
}

// rewrite moves what is left of a chunk into the current one.
func (l *lexicon) rewrite(n uint32) {
	old := l.chunks[n]
	l.chunks[n] = chunk{}
	l.vacant = append(l.vacant, n)
	for i, id := range old.words {
		if w := &l.words[id]; old.text[old.starts[i]] != '\n' {
			l.store(id, string(old.text[w.off:w.off+w.len]))
		}
	}
}

// unlink takes a word out of the table and closes the gap, so that probing
// still finds what was pushed past it.
func (l *lexicon) unlink(id uint32) {
	s := string(l.text(id))
	_, _, gap := l.find(s, l.hash(s))
	mask := len(l.table) - 1
	for i := (gap + 1) & mask; l.table[i] != 0; i = (i + 1) & mask {
		if home := l.home(l.table[i]); (i-home)&mask >= (i-gap)&mask {
			l.table[gap], gap = l.table[i], i
		}
	}
	l.table[gap] = 0
	if l.count--; len(l.table) > 64 && l.count*8 < len(l.table) {
		l.rehash(len(l.table) / 2)
	}
}

func (l *lexicon) rehash(size int) {
	old := l.table
	l.table = make([]uint64, size)
	for _, e := range old {
		if e == 0 {
			continue
		}
		i := l.home(e)
		for l.table[i] != 0 {
			i = (i + 1) & (size - 1)
		}
		l.table[i] = e
	}
}

// containing yields the numbers of the chunk's words that contain the piece.
func (c *chunk) containing(piece []byte, yield func(uint32) bool) bool {
	word := 0
	for at := 0; ; {
		n := bytes.Index(c.text[at:], piece)
		if n < 0 {
			return true
		}
		at += n
		word += gallop(c.starts[word:], uint32(at))
		if !yield(c.words[word]) {
			return false
		}
		if word++; word == len(c.starts) {
			return true
		}
		at = int(c.starts[word])
	}
}

// gallop returns the index of the last start that is not after at. starts
// begins with one that is not. The result is usually near the beginning.
func gallop(starts []uint32, at uint32) int {
	const near = 8
	for i := 1; i < near; i++ {
		if i == len(starts) || starts[i] > at {
			return i - 1
		}
	}
	n, found := slices.BinarySearch(starts, at)
	if found {
		return n
	}
	return n - 1
}

package text

import "slices"

// cleaner takes removed documents out of the lists of words. It goes round the
// whole lexicon, a few entries with every change, and starts a round when a
// quarter of the documents are gone: so each change costs the same, however
// many documents there are, and no list remembers where it is listed.
type cleaner struct {
	// waiting are documents removed since the round began.
	waiting []uint32
	// round are the documents that the round takes out, gone the same as bits;
	// no round is under way when there are none.
	round []uint32
	gone  []uint64
	// The round is at this entry of this word and goes quota entries a time.
	word, at int
	quota    int
}

// minRound is how many documents are worth a round.
const minRound = 64

// clean does one step of a round, or starts one when it is time.
func (x *Index) clean() {
	c := &x.cleaner
	if len(c.round) == 0 {
		if len(c.waiting) < max(minRound, x.live/4) {
			return
		}
		x.startRound()
	}
	for left := c.quota; left > 0; {
		if c.word == len(x.lex.words) {
			x.endRound()
			return
		}
		left -= x.cleanWord(left)
	}
}

func (x *Index) startRound() {
	c := &x.cleaner
	c.round, c.waiting = c.waiting, nil
	c.gone = slices.Grow(c.gone[:0], (len(x.docs)+63)/64)[:(len(x.docs)+63)/64]
	clear(c.gone)
	for _, doc := range c.round {
		c.gone[doc/64] |= 1 << (doc % 64)
	}
	c.word, c.at = separators, 0
	// Done before half as many documents again have gone.
	c.quota = 2*(x.entries+4*len(x.lex.words))/len(c.round) + 1
}

func (x *Index) endRound() {
	c := &x.cleaner
	x.free = append(x.free, c.round...)
	c.round = nil
}

// cleanWord looks at about limit entries of one word and returns what that
// cost.
func (x *Index) cleanWord(limit int) (cost int) {
	c := &x.cleaner
	w := &x.lex.words[c.word]
	docs, end := w.docs, c.at+limit
	for c.at < len(docs) && c.at < end {
		if c.isGone(docs[c.at]) {
			docs[c.at] = docs[len(docs)-1]
			docs = docs[:len(docs)-1]
			cost++
			continue
		}
		c.at++
	}
	x.entries -= len(w.docs) - len(docs)
	w.docs = docs
	cost += c.at - (end - limit) + 4
	if c.at < len(docs) {
		return cost
	}
	if len(docs) == 0 && w.len > 0 {
		x.lex.forget(uint32(c.word))
	} else if cap(docs) > 4*len(docs) && cap(docs) > 16 {
		w.docs = slices.Clip(slices.Clone(docs))
	}
	c.word, c.at = c.word+1, 0
	return cost
}

// isGone reports whether the round takes the document out; documents added
// since it began may lie beyond its bits.
func (c *cleaner) isGone(doc uint32) bool {
	return int(doc/64) < len(c.gone) && c.gone[doc/64]>>(doc%64)&1 != 0
}

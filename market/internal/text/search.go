package text

import (
	"iter"
	"math/bits"
	"slices"
)

// Search finds the documents that contain all of some terms, in an Index that
// may change meanwhile. The caller holds a lock that changes of the Index need
// too, so a Search can be interrupted: Resume says how much may be done before
// the lock is released; after that the Search is Tired and its answers mean
// nothing. Then release the lock, take it again, Resume, and ask again: what was
// found out is kept, and only what has changed is looked at again. So in the end
// every answer is as of one instant.
//
// A Search belongs to one goroutine. The zero value is not ready: call Begin
// first.
type Search struct {
	index *Index
	terms []term
	// effort is what is left to do before Tired, tests counts the documents that
	// were looked into.
	effort, tests int
	tired         bool
	// words and docs tell how much of the journals was read.
	words, docs int
	// tested has the bit of each document that was looked into, found of those
	// of them that have all terms.
	tested, found []uint64
	listing       listing
	ahead         ahead
}

// listing gathers the documents of the rarest term along the lists of its words.
type listing struct {
	// term is nil before the listing has begun.
	term *term
	docs []uint64
	// word is the next one, done is set when there is none.
	word uint32
	done bool
}

// Begin prepares to search the Index for folded terms.
func (s *Search) Begin(x *Index, terms []string) {
	s.index, s.tests, s.ahead = x, 0, ahead{}
	s.terms = slices.Grow(s.terms[:0], len(terms))[:len(terms)]
	for i := range s.terms {
		s.terms[i].reset(terms[i])
	}
	s.words = x.lex.stored.written
	s.forget()
}

// Of reports whether the Search was begun on the Index.
func (s *Search) Of(x *Index) bool { return s.index == x }

// End drops the Index, and keeps the memory for another Begin.
func (s *Search) End() { s.index = nil }

// forget makes every document unknown again.
func (s *Search) forget() {
	s.docs = s.index.added.written
	s.listing = listing{docs: s.listing.docs[:0]}
	s.tested, s.found = s.tested[:0], s.found[:0]
	s.widen()
}

// Resume allows this much effort, about one per nanosecond, after the Index may
// have changed.
func (s *Search) Resume(effort int) {
	s.effort, s.tired = effort, false
	words, complete := s.index.lex.stored.since(s.words)
	if !complete {
		s.restart()
		return
	}
	for id := range words {
		s.renew(id)
	}
	s.words = s.index.lex.stored.written
	docs, complete := s.index.added.since(s.docs)
	if !complete {
		s.forget()
		return
	}
	s.widen()
	for doc := range docs {
		s.replace(doc)
	}
	s.docs = s.index.added.written
	// However much has changed meanwhile, the Search makes progress.
	s.effort = max(s.effort, effort/2)
}

// restart starts over, after more has changed than is remembered.
func (s *Search) restart() {
	for i := range s.terms {
		s.terms[i].reset(s.terms[i].text)
	}
	s.words = s.index.lex.stored.written
	s.forget()
}

func (s *Search) renew(word uint32) {
	for i := range s.terms {
		for j := range s.terms[i].pieces {
			s.terms[i].pieces[j].renew(&s.index.lex, word)
			s.effort -= wordEffort
		}
	}
}

// replace records that another document has the number.
func (s *Search) replace(doc uint32) {
	s.tested[doc/64] &^= 1 << (doc % 64)
	if s.listing.term == nil {
		return
	}
	s.listing.docs[doc/64] &^= 1 << (doc % 64)
	if _, is := s.index.apart[doc]; is {
		return
	}
	in, effort := s.listing.term.in(s.index, doc)
	if in {
		s.listing.docs[doc/64] |= 1 << (doc % 64)
	}
	s.effort -= effort
}

// widen makes room for all documents.
func (s *Search) widen() {
	words := s.index.Cap()/64 + 1
	s.tested, s.found = widened(s.tested, words), widened(s.found, words)
	if s.listing.term != nil {
		s.listing.docs = widened(s.listing.docs, words)
	}
}

// widened returns the set with so many words, the new ones empty.
func widened(set []uint64, words int) []uint64 {
	if n := len(set); n < words {
		if cap(set) < words {
			set = slices.Grow(set, words+words/4-n)
		}
		set = set[:words]
		clear(set[n:])
	}
	return set
}

// Ready looks up the words that contain the terms, until one has none. False
// when Tired.
func (s *Search) Ready() bool {
	for i := range s.terms {
		t := &s.terms[i]
		for j := range t.pieces {
			if s.effort = t.pieces[j].lookUp(&s.index.lex, s.effort); s.effort < 0 {
				s.tired = true
				return false
			}
		}
		if t.size() == 0 {
			break
		}
	}
	return true
}

// Tired reports that something was left undone since Resume.
func (s *Search) Tired() bool { return s.tired }

// Size is at least the number of documents that contain all terms, once Ready.
func (s *Search) Size() int {
	if t := s.rarest(); t != nil {
		return t.size() + len(s.index.wholes)
	}
	return s.index.Len()
}

func (s *Search) rarest() (best *term) {
	for i := range s.terms {
		if best == nil || s.terms[i].size() < best.size() {
			best = &s.terms[i]
		}
	}
	return best
}

// Has reports whether a document contains all terms, once Ready.
func (s *Search) Has(doc uint32) bool {
	w, bit := doc/64, uint64(1)<<(doc%64)
	if s.tested[w]&bit != 0 {
		return s.found[w]&bit != 0
	}
	if s.effort < 0 {
		s.tired = true
		return false
	}
	s.tests++
	s.tested[w] |= bit
	if s.test(doc) {
		s.found[w] |= bit
		return true
	}
	s.found[w] &^= bit
	return false
}

func (s *Search) test(doc uint32) bool {
	sure := s.surely(doc)
	for i := range s.terms {
		if &s.terms[i] == sure {
			continue
		}
		in, effort := s.terms[i].in(s.index, doc)
		if s.effort -= effort; !in {
			return false
		}
	}
	return true
}

// surely returns a term that the document contains for certain, because it was
// listed for one of its words.
func (s *Search) surely(doc uint32) *term {
	t := s.listing.term
	if t == nil || t.phrase != nil || s.listing.docs[doc/64]>>(doc%64)&1 == 0 {
		return nil
	}
	if _, whole := s.index.wholes[doc]; whole {
		return nil
	}
	return t
}

// Listed returns the bits of documents among which are all that contain all
// terms, once Ready. Removed documents may be among them. False when Tired.
func (s *Search) Listed() ([]uint64, bool) {
	l := &s.listing
	if l.term == nil {
		l.term = s.rarest()
		l.docs = widened(l.docs[:0], s.index.Cap()/64+1)
	}
	if l.done {
		return l.docs, true
	}
	var set []uint64
	if p := l.term.rarest(); p != nil {
		set = p.set
	}
	for s.effort >= 0 {
		id, ok := nextBit(set, l.word)
		if !ok {
			l.addWholes(s.index)
			return l.docs, true
		}
		docs := s.index.lex.words[id].docs
		for _, doc := range docs {
			l.docs[doc/64] |= 1 << (doc % 64)
		}
		l.word = id + 1
		s.effort -= len(docs) + 4
	}
	s.tired = true
	return nil, false
}

func (l *listing) addWholes(x *Index) {
	l.done = true
	for doc := range x.wholes {
		l.docs[doc/64] |= 1 << (doc % 64)
	}
}

// nextBit returns the first bit from n on.
func nextBit(set []uint64, n uint32) (uint32, bool) {
	i := int(n / 64)
	if i >= len(set) {
		return 0, false
	}
	w := set[i] >> (n % 64) << (n % 64)
	for w == 0 {
		if i++; i == len(set) {
			return 0, false
		}
		w = set[i]
	}
	return uint32(i*64 + bits.TrailingZeros64(w)), true
}

// Bits yields the bits that are set, in order.
func Bits(set []uint64) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range set {
			for ; w != 0; w &= w - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

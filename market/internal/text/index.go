package text

// Index finds the documents that contain a term, exactly. It holds the distinct
// words of all documents, for each word the documents that hold it, and for each
// document the words in order; it holds no texts, except for documents whose words
// hardly any other has.
//
// Adding and removing cost time that grows with the document alone: a removed
// document is forgotten in passing, while others come and go.
//
// Methods that change the Index need exclusive access; the others may run
// concurrently.
type Index struct {
	lex lexicon
	// docs holds the words and separators of each document in order; nil when
	// there is none.
	docs [][]uint32
	// wholes are the documents that are kept whole; these have no words.
	wholes map[uint32]string
	// apart are the documents that no list names: see AddApart.
	apart map[uint32]apart
	// free are numbers of documents that nothing refers to any more.
	free []uint32
	live int
	// additions counts, entries is how long all lists of words are.
	additions uint32
	entries   int
	cleaner   cleaner
	// added are the numbers of the documents that came lately.
	added journal
}

// The separators have the first numbers of the lexicon.
const (
	otherID = iota
	spaceID
	separators
)

// NewIndex returns an empty Index.
func NewIndex() *Index {
	x := &Index{lex: newLexicon(), wholes: map[uint32]string{}, apart: map[uint32]apart{}}
	x.lex.intern(sepOther)
	x.lex.intern(sepSpace)
	return x
}

// Len counts the documents.
func (x *Index) Len() int { return x.live }

// Cap is above the number of every document.
func (x *Index) Cap() int { return len(x.docs) }

// Words counts the distinct words, those of documents that were removed lately
// included.
func (x *Index) Words() int { return x.lex.count - separators }

// Add adds a document and returns its number. Numbers are small; those of
// removed documents come back some time later.
func (x *Index) Add(d Document) uint32 {
	x.clean()
	doc := x.number()
	x.live++
	x.list(doc, d)
	return doc
}

// list makes the document the one with the number.
func (x *Index) list(doc uint32, d Document) {
	x.added.write(doc)
	if x.keepsWhole(&d) {
		x.wholes[doc], x.docs[doc] = d.whole(), []uint32{}
		return
	}
	x.nextAddition()
	seq := make([]uint32, len(d.items))
	for i, item := range d.items {
		id := x.lex.intern(item)
		seq[i] = id
		w := &x.lex.words[id]
		if id < separators || w.added == x.additions {
			continue
		}
		w.added = x.additions
		w.docs = append(w.docs, doc)
		x.entries++
	}
	x.docs[doc] = seq
}

// nextAddition clears the marks of earlier additions before the counter wraps
// around.
func (x *Index) nextAddition() {
	if x.additions++; x.additions == 0 {
		for i := range x.lex.words {
			x.lex.words[i].added = 0
		}
		x.additions = 1
	}
}

func (x *Index) number() uint32 {
	if n := len(x.free); n > 0 {
		doc := x.free[n-1]
		x.free = x.free[:n-1]
		return doc
	}
	x.docs = append(x.docs, nil)
	return uint32(len(x.docs) - 1)
}

// Remove takes a document out. Its number is not given to another one while a
// Term may still name it.
func (x *Index) Remove(doc uint32) {
	x.docs[doc] = nil
	delete(x.wholes, doc)
	delete(x.apart, doc)
	x.live--
	x.cleaner.waiting = append(x.cleaner.waiting, doc)
	x.clean()
}

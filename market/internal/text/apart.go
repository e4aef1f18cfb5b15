package text

// apart is a document that is not listed: it is kept whole, beside what List needs.
type apart struct {
	Document
	text string
}

// AddApart adds a document that only those find who ask for it by its number: it has
// a part in no list, so that others do not pay for it. List makes it like others.
func (x *Index) AddApart(d Document) uint32 {
	x.clean()
	doc := x.number()
	x.live++
	x.added.write(doc)
	x.apart[doc], x.docs[doc] = apart{d, d.whole()}, []uint32{}
	return doc
}

// List lists a document that was added apart; others are listed already.
func (x *Index) List(doc uint32) {
	if d, ok := x.apart[doc]; ok {
		delete(x.apart, doc)
		x.list(doc, d.Document)
	}
}

// whole returns the text of a document that is kept whole.
func (x *Index) whole(doc uint32) (text string, is bool) {
	if d, ok := x.apart[doc]; ok {
		return d.text, true
	}
	text, is = x.wholes[doc]
	return text, is
}

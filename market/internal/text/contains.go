package text

import (
	"bytes"
	"strings"
)

// Contains reports whether one document contains all folded terms, and the effort of
// finding out, about one per nanosecond. It reads that document alone, where a Search
// begins with all words of the Index.
func (x *Index) Contains(doc uint32, terms []string) (found bool, effort int) {
	for _, t := range terms {
		in, cost := x.contains(doc, t)
		if effort += cost; !in {
			return false, effort
		}
	}
	return true, effort
}

func (x *Index) contains(doc uint32, t string) (found bool, effort int) {
	if text, whole := x.whole(doc); whole {
		return strings.Contains(text, t), testEffort + len(text)/wholeEffort
	}
	seq := x.docs[doc]
	if strings.Contains(t, " ") {
		phrase := strings.Split(t, " ")
		for i := range seq {
			if x.phraseAt(seq, i, phrase) {
				return true, testEffort + phraseEffort*i
			}
		}
		return false, testEffort + phraseEffort*len(seq)
	}
	piece := []byte(t)
	for i, id := range seq {
		if bytes.Contains(x.lex.text(id), piece) {
			return true, testEffort + wordEffort*i
		}
	}
	return false, testEffort + wordEffort*len(seq)
}

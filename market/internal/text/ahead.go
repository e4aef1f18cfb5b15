package text

import "iter"

// ahead says how many documents to look into before a Search that grew tired is
// asked again: twice as many as were looked into so far. So few attempts are
// wasted, and hardly more is looked into than necessary.
type ahead struct {
	tests int
	// place is how many of the documents were passed already.
	place int
}

// GoAhead says that the next attempt will ask about documents in the order of
// those that Ahead is told.
func (s *Search) GoAhead() { s.ahead.tests = max(2*s.tests, 1) }

// Ahead looks into some of the documents, the same ones each time or nearly so,
// before they are asked about. False when Tired.
func (s *Search) Ahead(docs iter.Seq[uint32]) bool {
	if s.tests >= s.ahead.tests {
		return true
	}
	place := 0
	for doc := range docs {
		if place++; place <= s.ahead.place {
			continue
		}
		if s.Has(doc); s.tired {
			break
		}
		if s.ahead.place = place; s.tests >= s.ahead.tests {
			break
		}
	}
	return !s.tired
}

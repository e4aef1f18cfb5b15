package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Document is what an Index needs to know about a few texts that are searched
// together. Making one needs no Index and thus no lock.
type Document struct {
	// items are the folded texts in order: words, which hold no white space,
	// and between them separators, which are nothing else. A single space
	// between two words is left out.
	items []string
	// folded are the texts themselves.
	folded []string
}

// Separators differ in whether they end with a space, which is all that a
// folded term can ask of them: the white space that NFKC makes is U+0020, and
// something always follows it.
const (
	sepOther = "\t"
	sepSpace = "\t "
)

// NewDocument folds and splits texts. A term is contained in the document when
// one of the texts contains it.
func NewDocument(texts ...string) Document {
	var d Document
	for i, t := range texts {
		if i > 0 {
			d.items = append(d.items, sepOther)
		}
		d.folded = append(d.folded, Fold(t))
		d.split(d.folded[i])
	}
	return d
}

func (d *Document) split(folded string) {
	if d.items == nil {
		d.items = make([]string, 0, len(folded)/6+1)
	}
	rest := folded
	for rest != "" {
		n := spaceLen(rest)
		if n > 0 && (n != 1 || rest[0] != ' ' || len(rest) >= len(folded) || len(rest) <= 1) {
			d.items = append(d.items, separator(rest[:n]))
		}
		rest = rest[n:]
		if n = wordLen(rest); n > 0 {
			d.items = append(d.items, rest[:n])
			rest = rest[n:]
		}
	}
}

func separator(space string) string {
	if strings.HasSuffix(space, " ") {
		return sepSpace
	}
	return sepOther
}

// spaceLen is the length of the white space that s begins with.
func spaceLen(s string) int {
	for i, r := range s {
		if !unicode.IsSpace(r) {
			return i
		}
	}
	return len(s)
}

// wordLen is the length of what comes before the first white space in s.
func wordLen(s string) int {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			return i
		case c >= utf8.RuneSelf:
			if n := strings.IndexFunc(s[i:], unicode.IsSpace); n >= 0 {
				return i + n
			}
			return len(s)
		}
	}
	return len(s)
}

package answer

import "strings"

// maxDepth bounds the nesting that is read. Answers have two or three levels.
const maxDepth = 100

// scanner reads values of a forgiving JSON. Each method that reads returns
// false where the text is not such a value; pos is then where that was noticed.
type scanner struct {
	text  string
	pos   int
	depth int

	field string
	kind  Kind
	// result is the object found, which begins at from.
	result Object
	from   int
	found  bool
	// seen has a bit for each brace that has been read as the beginning of an
	// object. Reading it again would end in the same way.
	seen []uint64
	// work counts the bytes that were looked at in vain.
	work int
}

func newScanner(text string) *scanner {
	return &scanner{text: text, seen: make([]uint64, len(text)/64+1)}
}

func (s *scanner) hasSeen(at int) bool { return s.seen[at/64]>>(at%64)&1 != 0 }

// object reads an object and keeps it if it has the field.
func (s *scanner) object() bool {
	from, value := s.pos, -1
	s.seen[from/64] |= 1 << (from % 64)
	ok := s.items('}', func() bool {
		begin := s.pos
		if !s.stringToken() {
			return false
		}
		name := s.text[begin+1 : s.pos-1]
		if !s.skip() || !s.take(':') || !s.skip() {
			return false
		}
		if name == s.field && s.pos < len(s.text) && s.kind.begins(s.text[s.pos]) {
			value = s.pos - from
		}
		return s.value()
	})
	if ok && value >= 0 && (!s.found || from < s.from) {
		s.result, s.from, s.found = Object{s.text[from:s.pos], s.field, value}, from, true
	}
	return ok
}

// items reads the items between brackets, separated by commas; a trailing comma
// is allowed.
func (s *scanner) items(end byte, item func() bool) bool {
	if s.depth++; s.depth > maxDepth {
		return false
	}
	s.pos++
	for s.skip() {
		if s.take(end) {
			s.depth--
			return true
		}
		if !item() || !s.skip() {
			return false
		}
		if !s.take(',') && !s.at(end) {
			return false
		}
	}
	return false
}

func (s *scanner) value() bool {
	if s.pos >= len(s.text) {
		return false
	}
	switch s.text[s.pos] {
	case '{':
		return s.object()
	case '[':
		return s.items(']', s.value)
	case '"':
		return s.stringToken()
	}
	return s.literal()
}

// stringToken reads a string. Raw control characters in it are forgiven.
func (s *scanner) stringToken() bool {
	if !s.take('"') {
		return false
	}
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '"':
			s.pos++
			return true
		case '\\':
			if !s.escape() {
				return false
			}
		default:
			s.pos++
		}
	}
	return false
}

func (s *scanner) escape() bool {
	rest := s.text[s.pos:]
	if len(rest) < 2 {
		return false
	}
	if rest[1] != 'u' {
		s.pos += 2
		return strings.IndexByte(`"\/bfnrt`, rest[1]) >= 0
	}
	if len(rest) < 6 {
		return false
	}
	for i := 2; i < 6; i++ {
		if c := rest[i] | 0x20; (rest[i] < '0' || rest[i] > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	s.pos += 6
	return true
}

// literal reads a number, true, false or null.
func (s *scanner) literal() bool {
	begin := s.pos
	for s.pos < len(s.text) && isLiteral(s.text[s.pos]) {
		s.pos++
	}
	word := s.text[begin:s.pos]
	if word == "" {
		return false
	}
	return word[0] == '-' || word[0] >= '0' && word[0] <= '9' || word == "true" || word == "false" || word == "null"
}

func isLiteral(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.'
}

// skip goes over white space and comments; false at the end of the text.
func (s *scanner) skip() bool {
	for s.pos < len(s.text) {
		switch rest := s.text[s.pos:]; {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			s.pos++
		case strings.HasPrefix(rest, "//"):
			s.over(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			s.over(rest, "*/")
		default:
			return true
		}
	}
	return false
}

// over goes behind the end of a comment.
func (s *scanner) over(rest, end string) {
	if i := strings.Index(rest[2:], end); i >= 0 {
		s.pos += 2 + i + len(end)
		return
	}
	s.pos = len(s.text)
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.text) && s.text[s.pos] == c }

func (s *scanner) take(c byte) bool {
	if !s.at(c) {
		return false
	}
	s.pos++
	return true
}

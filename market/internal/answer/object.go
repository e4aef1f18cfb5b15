package answer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Object is an object that Find found. If a name occurs twice, the last value
// counts.
type Object struct {
	text string
	// field is what Find looked for; its value begins at.
	field string
	at    int
}

// value returns the text of a member and maybe more, or "".
func (o Object) value(field string) (text string) {
	if field == o.field {
		return o.text[o.at:]
	}
	s := newScanner(o.text)
	s.items('}', func() bool {
		begin := s.pos
		s.stringToken()
		name := o.text[begin+1 : s.pos-1]
		s.skip()
		s.take(':')
		s.skip()
		begin = s.pos
		ok := s.value()
		if name == field {
			text = o.text[begin:s.pos]
		}
		return ok
	})
	return text
}

// Bool returns a member that is true or false.
func (o Object) Bool(field string) (value, ok bool) {
	text := o.value(field)
	value = strings.HasPrefix(text, "true")
	return value, value || strings.HasPrefix(text, "false")
}

// String returns a member that is a string, else "".
func (o Object) String(field string) string {
	text := o.value(field)
	if text == "" || text[0] != '"' {
		return ""
	}
	return unquote(text)
}

// Strings returns the strings among the first elements of a member that is a
// list; at most limit elements are looked at. ok is false when it is not a
// list.
func (o Object) Strings(field string, limit int) (list []string, ok bool) {
	text := o.value(field)
	if text == "" || text[0] != '[' {
		return nil, false
	}
	s := newScanner(text)
	s.items(']', func() bool {
		begin := s.pos
		if limit--; limit < 0 || !s.value() {
			return false
		}
		if text[begin] == '"' {
			list = append(list, unquote(text[begin:s.pos]))
		}
		return true
	})
	return list, true
}

// unquote decodes a string that the scanner has read.
func unquote(token string) string {
	if strings.IndexByte(token, '\\') < 0 {
		return token[1 : len(token)-1]
	}
	var s string
	if json.Unmarshal([]byte(escapeControls(token)), &s) != nil {
		return ""
	}
	return s
}

// escapeControls makes strict JSON of a string with raw control characters.
func escapeControls(token string) string {
	var b strings.Builder
	for i := range len(token) {
		if c := token[i]; c < ' ' {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

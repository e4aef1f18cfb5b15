// Package answer finds the JSON object that a language model meant in its
// answer: bare, in a fenced block, with prose around it, inside another object.
//
//	o, ok := answer.Find("Sure!\n```json\n{\"ranked_agents\": [\"ag-1\",], }\n```", "ranked_agents", answer.List)
//	o.Strings("ranked_agents", 20) // ["ag-1"]
//
// Models write JSON almost right, so trailing commas, comments and raw line
// ends in strings are forgiven. What they mean is never guessed: "true" is not
// a boolean, and single quotes do not make a string.
package answer

import "strings"

// Kind is the type that a field must have.
type Kind int

// The kinds of fields.
const (
	// List is an array of any values.
	List Kind = iota
	// Boolean is true or false.
	Boolean
)

func (k Kind) begins(c byte) bool {
	if k == List {
		return c == '['
	}
	return c == 't' || c == 'f'
}

// Find returns the first complete object in the text, by where it begins, that
// has the field in the right kind. Objects within objects count. Text between
// <think> and </think> was not meant to be read, so it counts only when no
// answer follows it. An object inside a JSON string is found when there is none
// outside of strings.
//
// The time is linear in the length of the text, whatever the text.
func Find(text, field string, kind Kind) (Object, bool) {
	if _, said, thought := cutLast(text, "</think>"); thought {
		if o, ok := find(said, field, kind); ok {
			return o, true
		}
	}
	if o, ok := find(text, field, kind); ok {
		return o, true
	}
	if strings.Contains(text, `\"`+field+`\"`) {
		return find(unescaper.Replace(text), field, kind)
	}
	return Object{}, false
}

var unescaper = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n", `\t`, "\t", `\r`, "\r", `\/`, "/")

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// maxWork bounds the bytes that are looked at, as a multiple of the text: a
// text may be made so that it reads as a long object from many places.
const maxWork = 3

// beginning is what a new beginning costs, in bytes.
const beginning = 8

// opens reports whether what follows a brace may belong to an object, which
// rules out most braces in text that is not JSON.
func opens(rest string) bool {
	return rest != "" && strings.IndexByte("\"}/ \t\r\n", rest[0]) >= 0
}

func find(text, field string, kind Kind) (Object, bool) {
	if !strings.Contains(text, `"`+field+`"`) {
		return Object{}, false
	}
	s := newScanner(text)
	s.field, s.kind = field, kind
	s.search()
	return s.result, s.found
}

// search looks for the object from one brace after the other.
func (s *scanner) search() {
	for at := 0; s.work <= maxWork*len(s.text); {
		next := strings.IndexByte(s.text[at:], '{')
		if next < 0 {
			return
		}
		at += next
		if !opens(s.text[at+1:]) || s.hasSeen(at) {
			at++
			continue
		}
		s.pos, s.depth = at, 0
		complete := s.object()
		if s.found {
			return
		}
		s.work += s.pos - at + beginning
		if at++; complete {
			at = s.pos
		}
	}
}

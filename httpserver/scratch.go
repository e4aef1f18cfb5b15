package httpserver

import (
	"bytes"
	"encoding/json"
	"sync"
)

// scratch is memory that requests reuse one after another: a buffer, an encoder
// that writes into it, and room for the members of a body.
type scratch struct {
	bytes.Buffer
	encoder *json.Encoder
	members []member
}

var scratches = sync.Pool{New: func() any {
	s := &scratch{}
	s.encoder = json.NewEncoder(&s.Buffer)
	s.encoder.SetEscapeHTML(false)
	return s
}}

const (
	// maxKept is the largest buffer that is kept, in bytes.
	maxKept = 64 << 10
	// maxKeptMembers is more than any endpoint has fields.
	maxKeptMembers = 64
)

// addIgnored adds the ignored names of a request to the JSON object in the
// buffer.
func (s *scratch) addIgnored(names []string) {
	object := bytes.TrimRight(s.Bytes(), "\n")
	if len(names) == 0 || len(object) < 2 || object[len(object)-1] != '}' {
		return
	}
	s.Truncate(len(object) - 1)
	if object[len(object)-2] != '{' {
		s.WriteByte(',')
	}
	s.WriteString(`"ignored":`)
	_ = s.encoder.Encode(names) // strings do not fail
	s.Truncate(s.Len() - 1)
	s.WriteString("}\n")
}

func borrow() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) giveBack() {
	if s.Cap() > maxKept || cap(s.members) > maxKeptMembers {
		return
	}
	s.Reset()
	clear(s.members)
	s.members = s.members[:0]
	scratches.Put(s)
}

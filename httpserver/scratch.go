package httpserver

import (
	"bytes"
	"encoding/json"
	"sync"
)

// scratch is memory that one request borrows and leaves to the next: a buffer,
// an encoder that writes into it, and room for the members of a body.
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

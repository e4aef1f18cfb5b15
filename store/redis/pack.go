package redis

import (
	"errors"
	"strconv"
	"time"
)

// Stored documents are packed: a row of name=length:value, where the value is a
// text, a decimal number or another document. Reading one allocates only what
// the result points to, unknown names are ignored, and fields with a zero value
// are left out. Fields may be added; none may change its name or meaning
// without a new layoutVersion.

var errPacked = errors.New("redis: a stored document is damaged")

// packer writes a document.
type packer struct{ doc []byte }

func newPacker() *packer { return &packer{doc: make([]byte, 0, 384)} }

// String is the document so far.
func (p *packer) String() string { return string(p.doc) }

func (p *packer) head(name string, length int) {
	p.doc = append(p.doc, name...)
	p.doc = append(p.doc, '=')
	p.doc = strconv.AppendInt(p.doc, int64(length), 10)
	p.doc = append(p.doc, ':')
}

// put writes a text.
func put[S ~string](p *packer, name string, s S) {
	if s == "" {
		return
	}
	p.head(name, len(s))
	p.doc = append(p.doc, s...)
}

// putAll writes a list of texts, one after the other.
func putAll[S ~string](p *packer, name string, list []S) {
	for _, s := range list {
		p.head(name, len(s))
		p.doc = append(p.doc, s...)
	}
}

func (p *packer) number(name string, n int64) {
	if n == 0 {
		return
	}
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], n, 10)
	p.head(name, len(text))
	p.doc = append(p.doc, text...)
}

func (p *packer) flag(name string, b bool) {
	if b {
		p.head(name, 1)
		p.doc = append(p.doc, '1')
	}
}

// optional writes a boolean that may be nil.
func (p *packer) optional(name string, b *bool) {
	if b != nil {
		p.head(name, 1)
		p.doc = append(p.doc, flag(*b)...)
	}
}

// yearOne is the zero time in microseconds of the Unix epoch.
const yearOne = -62135596800000000

// instant writes a time as microseconds since the zero time, which is left out.
func (p *packer) instant(name string, t time.Time) {
	if !t.IsZero() {
		p.number(name, t.UnixMicro()-yearOne)
	}
}

// part writes a document within the document, even an empty one.
func (p *packer) part(name string, write func()) {
	outer := p.doc
	p.doc = nil
	write()
	inner := p.doc
	p.doc = outer
	p.head(name, len(inner))
	p.doc = append(p.doc, inner...)
}

// unpack calls field for each field of a document, in order.
func unpack(doc string, field func(name, value string)) error {
	for i := 0; i < len(doc); {
		name := i
		for i < len(doc) && doc[i] != '=' {
			i++
		}
		end := i
		length := 0
		for i++; i < len(doc) && doc[i] != ':'; i++ {
			if doc[i] < '0' || doc[i] > '9' || length > len(doc) {
				return errPacked
			}
			length = length*10 + int(doc[i]-'0')
		}
		i++
		if i > len(doc) || length > len(doc)-i {
			return errPacked
		}
		field(doc[name:end], doc[i:i+length])
		i += length
	}
	return nil
}

func unpackInstant(s string) time.Time {
	return time.UnixMicro(integer(s) + yearOne).UTC()
}

func unpackOptional(s string) *bool {
	b := s == "1"
	return &b
}

// micros is a time in scores, arguments and the heads of values, where scripts
// compare it: microseconds of the Unix epoch, exact in a double until 2255.
func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

func fromMicros(s string) time.Time { return time.UnixMicro(integer(s)).UTC() }

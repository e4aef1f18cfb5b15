package httpserver

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// member is a field of a body, in JSON whatever the body's own format was.
type member struct {
	name string
	json []byte
}

// decode reads the body into a struct.
func (c *call) decode(fields *fields, into reflect.Value) error {
	memory := borrow()
	defer memory.giveBack()
	if err := c.readBody(&memory.Buffer); err != nil {
		return err
	}
	spec := c.route.Body
	data := bytes.TrimPrefix(memory.Bytes(), byteOrderMark)
	if len(bytes.TrimSpace(data)) == 0 {
		return missing(spec, nil)
	}
	if !utf8.Valid(data) {
		return refuse(market.CodeInvalid, "body: must be valid UTF-8")
	}
	var misread, err error
	b := sent{data: data, fields: fields, names: c.server.names, text: spec.Text, object: spec.Object}
	if memory.members, misread, err = c.members(memory.members, &b); err != nil {
		return err
	}
	elements := strangers{names: c.server.names, route: c.route}
	if err := both(misread, fields.fill(into, memory.members, &elements)); err != nil {
		return err
	}
	c.ignored = append(c.ignored, elements.ignored...)
	return missing(spec, memory.members)
}

// members appends the fields of a body to list, and collects the names that are
// not fields. misread refuses those of them that read like one.
func (c *call) members(list []member, b *sent) (_ []member, misread, err error) {
	isJSON, err := b.format(c.request.Header.Get("Content-Type"))
	if err != nil {
		return list, nil, err
	}
	if isJSON && b.object {
		if with, done := objects(list, b.data, b.text); done {
			return with, nil, nil
		}
	}
	others := strangers{names: b.names, route: c.route, fields: b.fields.names, body: b.fields}
	if isJSON {
		list, err = jsonMembers(list, b.data, b.fields, &others)
	} else {
		list, err = markdownMembers(list, b.data, b.text, b.fields, &others)
	}
	if err == nil && isJSON && b.object {
		err = asText(list, b.text)
	}
	c.ignored = append(c.ignored, others.ignored...)
	return list, others.refusal(), err
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// missing refuses a body without one of its required fields.
func missing(spec *Body, members []member) error {
required:
	for _, name := range spec.Required {
		for _, m := range members {
			if m.name == name && string(m.json) != "null" {
				continue required
			}
		}
		if of := fieldsOf(spec.Type).byName[name].plain; of.Kind() != reflect.String {
			return invalid(name, "is required, as %s", wire.Kind(of))
		}
		return invalid(name, "is required")
	}
	return nil
}

func (c *call) readBody(into *bytes.Buffer) error {
	r, most := c.request, c.server.options.MaxBodyBytes
	if err := c.server.checkLength(r); err != nil {
		return err
	}
	if r.ContentLength > 0 {
		into.Grow(int(min(r.ContentLength, maxKept)) + bytes.MinRead)
	}
	_, err := into.ReadFrom(http.MaxBytesReader(c.ResponseWriter, r.Body, most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return bodyTooLarge(most)
	case err != nil:
		return &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Message: "body: could not be read to its end", Cause: err}
	}
	return nil
}

// checkLength refuses what headers alone say cannot be read.
func (s *Server) checkLength(r *http.Request) error {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return refuse(market.CodeUnsupportedMediaType, "Content-Encoding %.50q is not supported, send the body as it is", encoding)
	}
	if r.ContentLength > s.options.MaxBodyBytes {
		return bodyTooLarge(s.options.MaxBodyBytes)
	}
	return nil
}

func bodyTooLarge(most int64) error {
	switch {
	case most%(1<<20) == 0:
		return refuse(market.CodeTooLarge, "The body is larger than %d MiB", most>>20)
	case most%(1<<10) == 0:
		return refuse(market.CodeTooLarge, "The body is larger than %d KiB", most>>10)
	}
	return refuse(market.CodeTooLarge, "The body is larger than %d bytes", most)
}

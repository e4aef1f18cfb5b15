package httpserver

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

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
	isJSON, err := formatOf(c.request.Header.Get("Content-Type"), data)
	if err != nil {
		return err
	}
	if isJSON {
		memory.members, err = jsonMembers(memory.members, data, fields)
	} else {
		memory.members, err = markdownMembers(memory.members, data, spec.Text, fields)
	}
	if err != nil {
		return err
	}
	if err := fields.fill(into, memory.members); err != nil {
		return err
	}
	return missing(spec, memory.members)
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
		return invalid(name, "is required")
	}
	return nil
}

func (c *call) readBody(into *bytes.Buffer) error {
	r, most := c.request, c.server.options.MaxBodyBytes
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return refuse(market.CodeUnsupportedMediaType, "Content-Encoding %.50q is not supported, send the body as it is", encoding)
	}
	if r.ContentLength > most {
		return bodyTooLarge(most)
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

func bodyTooLarge(most int64) error {
	if most%(1<<20) == 0 {
		return refuse(market.CodeTooLarge, "The body is larger than %d MiB", most>>20)
	}
	return refuse(market.CodeTooLarge, "The body is larger than %d bytes", most)
}

// formatOf decides between JSON and markdown (contract §11). The first byte
// decides unless the content type is markdown, so that curl -d '{…}', which calls
// everything a form, works as it is.
func formatOf(contentType string, data []byte) (isJSON bool, err error) {
	kind := contentType
	if kind != "application/json" {
		kind, _, _ = mime.ParseMediaType(contentType)
	}
	text := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case kind == "text/markdown", kind == "text/x-markdown":
		return false, nil
	case kind == "application/json", strings.HasSuffix(kind, "+json"), text[0] == '{':
		return true, nil
	case text[0] == '[' && validJSON(data) == nil:
		return false, refuse(market.CodeInvalid, "body: must be a JSON object, not a list; a text that looks like this needs the content type text/markdown")
	case contentType == "", kind == "text/plain", kind == "application/x-www-form-urlencoded":
		return false, nil
	}
	return false, refuse(market.CodeUnsupportedMediaType, "Content-Type %.100q is not supported, send application/json or text/markdown", contentType)
}

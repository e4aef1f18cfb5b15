package httpserver

import (
	"bytes"
	"encoding/json"
	"mime"
	"reflect"
	"regexp"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// Language models wrap what they send: a fence around the object, a sentence before
// it, a blank line before the frontmatter. Taken literally that becomes the text of
// a task or a result, which is charged and final. A clear wrapper is removed; a
// possible one is refused with a hint.

const (
	meantAsText = "; a text that looks like this needs Content-Type: text/markdown"
	blanks      = " \t\r\n"
)

var (
	errLines = refuse(market.CodeInvalid, "body: fields stand between two lines of ---, above the text and with nothing before them"+meantAsText)
	errProse = refuse(market.CodeInvalid, "body: holds fields of this endpoint among other text; send the JSON object alone"+meantAsText)
)

// sent is a body that is being parsed.
type sent struct {
	data   []byte
	fields *fields
	names  vocabulary
	text   string // the field that a text fills
	object bool   // which may be given as an object
}

// format finds out whether the body is JSON, and removes what is wrapped around
// it. The first byte decides unless the content type does, so that curl -d '{…}',
// which labels everything a form, works without options.
func (b *sent) format(contentType string) (isJSON bool, err error) {
	kind := contentType
	if kind != "application/json" {
		kind, _, _ = mime.ParseMediaType(contentType)
	}
	switch {
	case kind == "text/markdown", kind == "text/x-markdown":
		b.bareFrontmatter()
		return false, nil
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		b.bareObject()
		return true, nil
	case contentType != "" && kind != "text/plain" && kind != "application/x-www-form-urlencoded" && !b.startsWith('{'):
		return false, refuse(market.CodeUnsupportedMediaType, "Content-Type %.100q is not supported, send JSON as application/json or text as text/markdown", contentType)
	case b.startsWith('{') || b.bareObject():
		return true, nil
	case b.bareFrontmatter():
		return false, nil
	}
	return false, b.checkText()
}

func (b *sent) startsWith(first byte) bool { return bytes.TrimLeft(b.data, blanks)[0] == first }

func noObject(of *fields) error {
	return refuse(market.CodeInvalid, "body: must be a JSON object, such as %s%s", of.example(), meantAsText)
}

// checkText refuses a text that was probably meant as fields.
func (b *sent) checkText() error {
	switch {
	case json.Valid(b.data):
		return noObject(b.fields)
	case b.isForm():
		return refuse(market.CodeInvalid, "body: forms are not read here; send a JSON object, such as %s%s", b.fields.example(), meantAsText)
	case b.holdsFields():
		return errProse
	case b.holdsLines():
		return errLines
	case b.holdsArguments():
		return errProse
	}
	return nil
}

var formField = regexp.MustCompile(`^[A-Za-z][\w.\-]*=`)

// maxFormFields is how many fields of what may be a form are looked at.
const maxFormFields = 20

// isForm recognises need=…&max_credits=5: one of its names must be the endpoint's,
// since x=5 may begin a text.
func (b *sent) isForm() bool {
	rest := bytes.TrimLeft(b.data, blanks)
	for range maxFormFields {
		part, more, found := bytes.Cut(rest, []byte("&"))
		name := formField.Find(part)
		if name == nil {
			return false
		}
		if b.reads(string(name[:len(name)-1])) {
			return true
		}
		if rest = more; !found {
			return false
		}
	}
	return false
}

// reads reports whether a name is one of the endpoint's or reads like one.
func (b *sent) reads(name string) bool {
	_, known := b.fields.byName[name]
	return known || len(b.names.meant(name, b.fields.names)) > 0
}

// holdsFields looks for a JSON member that means something to this endpoint:
// its text, or a field with an unmistakable name. It need not be valid JSON.
func (b *sent) holdsFields() bool {
	for _, name := range b.fields.names {
		if name != b.text && !strings.Contains(name, "_") {
			continue
		}
		if holdsMember(b.data, name, b.fields.byName[name].plain.Kind()) {
			return true
		}
	}
	return false
}

// holdsMember finds "name": followed by what a value of the kind begins with,
// behind a brace or a comma.
func holdsMember(data []byte, name string, kind reflect.Kind) bool {
	quoted := []byte(`"` + name + `"`)
	for at := 0; ; {
		i := bytes.Index(data[at:], quoted)
		if i < 0 {
			return false
		}
		before := bytes.TrimRight(data[:at+i], blanks)
		at += i + len(quoted)
		after := bytes.TrimLeft(data[at:], blanks)
		if len(before) == 0 || len(after) == 0 || after[0] != ':' {
			continue
		}
		value := bytes.TrimLeft(after[1:], blanks)
		if last := before[len(before)-1]; (last == '{' || last == ',') && begins(value, kind) {
			return true
		}
	}
}

func begins(value []byte, kind reflect.Kind) bool {
	if len(value) == 0 {
		return false
	}
	first := value[0]
	switch kind {
	case reflect.String:
		return first == '"'
	case reflect.Bool:
		return first == 't' || first == 'f'
	case reflect.Slice:
		return first == '['
	}
	return first == '-' || first >= '0' && first <= '9'
}

// holdsArguments finds max_credits=5: a field with an unmistakable name, as some language
// passes it to a function.
func (b *sent) holdsArguments() bool {
	for _, name := range b.fields.names {
		if !strings.Contains(name, "_") {
			continue
		}
		if _, value, found := bytes.Cut(b.data, []byte(name+"=")); found && begins(value, b.fields.byName[name].plain.Kind()) {
			return true
		}
	}
	return false
}

// firstLines is how far fields reach that were meant to stand above a text.
const firstLines = 8

// holdsLines recognises fields that were meant as a frontmatter: the first lines of the
// text without the lines around them, or a frontmatter with something before it.
func (b *sent) holdsLines() bool {
	data := bytes.TrimLeft(b.data, blanks)
	if b.areFields(data) {
		return true
	}
	_, below, found := bytes.Cut(data, []byte("\n---"))
	if !found {
		return false
	}
	line, rest := cutLine(below)
	return len(bytes.TrimSpace(line)) == 0 && bytes.Contains(rest, []byte("\n---")) && b.areFields(rest)
}

// areFields reports whether the first lines of a text give one field of the endpoint with
// an unmistakable name, or two.
func (b *sent) areFields(text []byte) bool {
	found := 0
	for range firstLines {
		var line []byte
		line, text = cutLine(text)
		name := line[:max(bytes.IndexAny(line, ":="), 0)]
		if _, known := b.fields.byName[string(bytes.TrimRight(name, " "))]; known {
			if found++; found == 2 || bytes.IndexByte(name, '_') >= 0 {
				return true
			}
		} else if isFence(line) {
			break
		}
	}
	return false
}

// bareObject removes a code fence around a JSON object, but only if the object
// has a field of this endpoint, since a result may itself be a fenced block.
func (b *sent) bareObject() bool {
	inside, fenced := insideFence(b.data)
	if !fenced || len(inside) == 0 || inside[0] != '{' || !json.Valid(inside) {
		return false
	}
	says := false
	seen := 0
	_ = eachMember(inside, func(name string, _ []byte) error {
		if seen++; seen <= maxJudged {
			says = says || b.reads(name)
		}
		return nil
	})
	if says {
		b.data = inside
	}
	return says
}

var (
	opening  = regexp.MustCompile("^(`{3,}|~{3,})[ \t]*[\\w+.#\\-]*[ \t]*\r?\n?")
	yamlName = regexp.MustCompile(`(?m)^["']?([A-Za-z][\w.\-]*)["']?[ \t]*:`)
)

// insideFence returns the content of a code fence that spans all of the data.
func insideFence(data []byte) ([]byte, bool) {
	data = bytes.Trim(data, blanks)
	open := opening.FindSubmatch(data)
	if open == nil {
		return nil, false
	}
	inside := data[len(open[0]):]
	if !bytes.HasSuffix(inside, open[1]) {
		return nil, false
	}
	inside = bytes.TrimRight(inside, string(open[1][:1]))
	return bytes.Trim(inside, blanks), true
}

// bareFrontmatter removes text before a frontmatter, and a fence around it or
// around the whole body. It reports whether there is a frontmatter.
func (b *sent) bareFrontmatter() bool {
	trimmed := bytes.TrimLeft(b.data, blanks)
	if line, _ := cutLine(trimmed); isFence(line) {
		b.data = trimmed
		return true
	}
	open := opening.FindSubmatch(trimmed)
	if open == nil {
		return false
	}
	inside := bytes.TrimLeft(trimmed[len(open[0]):], blanks)
	if line, _ := cutLine(inside); !isFence(line) {
		return false
	}
	front, text, err := splitFrontmatter(inside)
	if err != nil || !b.namesField(front) {
		return false
	}
	text, closed := withoutClosing(text, open[1])
	if closed {
		b.data = bytes.Join([][]byte{[]byte("---"), bytes.Trim(front, "\r\n"), []byte("---"), text}, []byte("\n"))
	}
	return closed
}

// withoutClosing removes a closing fence from the beginning or the end of a
// text.
func withoutClosing(text, mark []byte) ([]byte, bool) {
	start := bytes.TrimLeft(text, blanks)
	if line, rest := cutLine(start); bytes.Equal(bytes.TrimSpace(line), mark) {
		return rest, true
	}
	end := bytes.TrimRight(text, blanks)
	if bytes.HasSuffix(end, append([]byte("\n"), mark...)) {
		return end[:len(end)-len(mark)], true
	}
	return text, false
}

// namesField reports whether a frontmatter has a line for this endpoint.
func (b *sent) namesField(front []byte) bool {
	for _, found := range yamlName.FindAllSubmatch(front, maxJudged) {
		if b.reads(string(found[1])) {
			return true
		}
	}
	return false
}

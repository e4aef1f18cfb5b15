package httpserver

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// textFields are the fields that become the text below the frontmatter: the
// first of them that is there (rule 14.9).
var textFields = []string{"result", "need", "message"}

// writeMarkdown writes a JSON object as frontmatter and text. With a note, that
// is the text, and all fields are frontmatter. Fields that are null are left out.
func writeMarkdown(out *bytes.Buffer, object []byte, note string) {
	field, text := textField(object)
	if note != "" {
		field, text = "", note
	}
	out.WriteString("---\n")
	_ = eachMember(object, func(name string, value []byte) error {
		if name != field {
			writeYAML(out, "", name, value)
		}
		return nil
	})
	out.WriteString("---\n")
	out.WriteString(text)
}

func textField(object []byte) (name, text string) {
	best := len(textFields)
	_ = eachMember(object, func(n string, value []byte) error {
		for i, candidate := range textFields[:best] {
			if n == candidate && len(value) > 2 && value[0] == '"' {
				best, name, text = i, n, unquote(value)
			}
		}
		return nil
	})
	return name, text
}

// writeYAML writes one field of a mapping. JSON is almost YAML: numbers, true,
// false and most quoted strings are the same in both.
func writeYAML(out *bytes.Buffer, indent, name string, value []byte) {
	if string(value) == "null" {
		return
	}
	out.WriteString(indent)
	writeName(out, name)
	out.WriteByte(':')
	deeper := strings.Repeat(" ", len(indent)+2)
	switch {
	case value[0] == '{' && !isEmpty(value):
		out.WriteByte('\n')
		writeMapping(out, deeper, deeper, value)
	case value[0] == '[' && hasObjects(value):
		out.WriteByte('\n')
		_ = eachElement(value, func(element []byte) error {
			writeMapping(out, deeper+"- ", deeper+"  ", element)
			return nil
		})
	default:
		out.WriteByte(' ')
		writeFlow(out, value)
		out.WriteByte('\n')
	}
}

// writeMapping writes an object's fields, the first with an indent of its own.
func writeMapping(out *bytes.Buffer, first, indent string, object []byte) {
	start := out.Len()
	if object[0] == '{' {
		_ = eachMember(object, func(name string, value []byte) error {
			if out.Len() > start {
				first = indent
			}
			writeYAML(out, first, name, value)
			return nil
		})
	}
	if out.Len() == start { // no object, or one without a field to show
		out.WriteString(first)
		writeFlow(out, object)
		out.WriteByte('\n')
	}
}

func writeName(out *bytes.Buffer, name string) {
	if isPlain([]byte(name)) {
		out.WriteString(name)
	} else {
		writeString(out, quote(name))
	}
}

// writeFlow writes a value in one line.
func writeFlow(out *bytes.Buffer, value []byte) {
	switch value[0] {
	case '"':
		writeString(out, value)
	case '[':
		comma := ""
		out.WriteByte('[')
		_ = eachElement(value, func(element []byte) error {
			out.WriteString(comma)
			comma = ", "
			writeFlow(out, element)
			return nil
		})
		out.WriteByte(']')
	case '{':
		comma := ""
		out.WriteByte('{')
		_ = eachMember(value, func(name string, element []byte) error {
			out.WriteString(comma)
			comma = ", "
			writeName(out, name)
			out.WriteString(": ")
			writeFlow(out, element)
			return nil
		})
		out.WriteByte('}')
	default:
		out.Write(value)
	}
}

// writeString writes a JSON string as a YAML scalar: plain where nothing could
// take it for something else, otherwise in quotes, whose escapes are the same.
func writeString(out *bytes.Buffer, raw []byte) {
	if content := raw[1 : len(raw)-1]; isPlain(content) {
		out.Write(content)
		return
	}
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		if escape := escapeRune(r); escape != "" {
			out.WriteString(escape)
		} else {
			out.Write(raw[i : i+size])
		}
		i += size
	}
}

// escapeRune escapes what JSON allows in a string and YAML does not, or takes
// for a line break.
func escapeRune(r rune) string {
	switch {
	case r == 0x7f || r >= 0x80 && r < 0xa0:
		return `\x` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15])
	case r == 0xfeff:
		return `\ufeff`
	case r == 0xfffe:
		return `\ufffe`
	case r == 0xffff:
		return `\uffff`
	}
	return ""
}

// isPlain accepts words that start with a letter, with single characters in
// between that mean nothing in YAML.
func isPlain(content []byte) bool {
	if len(content) == 0 || !isLetter(content[0]) || content[len(content)-1] == ' ' {
		return false
	}
	for _, b := range content {
		if !isLetter(b) && (b < '0' || b > '9') && strings.IndexByte(" -_./()!?'", b) < 0 {
			return false
		}
	}
	return len(content) > 5 || !resolves[strings.ToLower(string(content))]
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// resolves are the words that some YAML parser takes for another type.
var resolves = map[string]bool{
	"null": true, "true": true, "false": true, "yes": true, "no": true,
	"on": true, "off": true, "y": true, "n": true,
}

func isEmpty(value []byte) bool { return value[nextToken(value, 1)] == value[0]+2 }

func hasObjects(array []byte) bool { return array[nextToken(array, 1)] == '{' }

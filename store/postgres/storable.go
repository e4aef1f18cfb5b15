package postgres

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// strange stands for what Postgres cannot keep; no id holds it.
const strange = "\ufffd"

// storable returns a text with NUL and what is not valid UTF-8 replaced, so that
// an id which nobody can have is looked up and not found.
func storable(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, strange), "\x00", strange)
}

func allStorable(list []string) []string {
	if !slices.ContainsFunc(list, func(s string) bool { return storable(s) != s }) {
		return list
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = storable(s)
	}
	return out
}

// storableJSON does the same for a document: encoding has left nothing of what is
// not valid but escaped NULs.
func storableJSON(doc string) string {
	const null = `\u0000`
	if !strings.Contains(doc, null) {
		return doc
	}
	var out strings.Builder
	for rest := doc; rest != ""; {
		i := strings.IndexByte(rest, '\\')
		if i < 0 || i+1 == len(rest) {
			out.WriteString(rest)
			break
		}
		out.WriteString(rest[:i])
		if rest = rest[i:]; strings.HasPrefix(rest, null) {
			out.WriteString(strange)
			rest = rest[len(null):]
			continue
		}
		// An escape of two characters, the second of which may be a backslash.
		out.WriteString(rest[:2])
		rest = rest[2:]
	}
	return out.String()
}

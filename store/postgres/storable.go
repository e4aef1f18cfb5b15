package postgres

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// strange stands for what Postgres cannot keep; no id holds it.
const strange = "\ufffd"

// storable returns a text with NUL and what is not valid UTF-8 replaced, so that
// an id that cannot exist is looked up and not found.
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

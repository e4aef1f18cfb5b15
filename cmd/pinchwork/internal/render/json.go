package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
)

// WriteJSON writes v as JSON, indented where indent is not empty. Programs read
// exactly what v holds; what could control a terminal is escaped, though, since
// people look at JSON too.
func WriteJSON(w io.Writer, v any, indent string) error {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escaped(plain.Bytes()))
	return err
}

// escaped replaces runes that occur only in strings: encoding/json leaves DEL,
// C1 controls and marks of direction as they are.
func escaped(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for _, r := range string(data) {
		if r != '\n' && (unicode.IsControl(r) || steers(r)) {
			out = fmt.Appendf(out, `\u%04x`, r)
			continue
		}
		out = append(out, string(r)...)
	}
	return out
}

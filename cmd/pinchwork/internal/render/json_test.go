package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// A terminal shows JSON without obeying it; a program gets the very text.
func TestJSONCannotSteerTheTerminal(t *testing.T) {
	for _, indent := range []string{"", "  "} {
		text := "a\x1b[31m\u009b31m\x7f\u202ed <b> 日本 🎉\r\n\t\"\\"
		var out bytes.Buffer
		if err := WriteJSON(&out, map[string]string{"need": text}, indent); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\u009b\x7f\u202e\r\t") || !strings.Contains(out.String(), "<b> 日本 🎉") {
			t.Errorf("written as %q", out.String())
		}
		var back map[string]string
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["need"] != text {
			t.Errorf("read back as %q, %v", back, err)
		}
	}
}

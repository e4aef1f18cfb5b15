package answer

import (
	"strings"
	"testing"
	"time"
)

// Hostile are texts that make naive readers quadratic or recurse without end.
func Hostile(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) + `"tags"` }
	return map[string]string{
		"braces":           fill("{"),
		"nested objects":   fill(`{"a":`),
		"nested fields":    fill(`{"tags":[`),
		"brackets":         `{"tags":` + fill("["),
		"open strings":     fill(`{"`),
		"both parities":    fill(`{":":":`),
		"quotes":           `{"` + fill(`\"{`),
		"comments":         fill("{/*"),
		"line comments":    fill("{//"),
		"pairs":            fill("{}"),
		"members":          `{"a":0` + fill(`,"a":{}`),
		"many wrong lists": fill(`{"tags":1}`),
		"numbers":          `{"tags":[` + fill("1,"),
		"a long list":      `{"tags":[` + fill("1,") + `]}`,
		"escapes":          fill(`{\`),
		"thoughts":         fill("</think>{"),
	}
}

// Half a million characters are looked at a few times, whatever they are: a few
// milliseconds, as BenchmarkHostile shows. Bytes are counted, since the machine may
// have other work; the time would show only what is quadratic.
func TestHostileTextsCostLittle(t *testing.T) {
	for name, text := range Hostile(500_000) {
		t.Run(name, func(t *testing.T) {
			s := newScanner(text)
			s.field = "tags"
			s.search()
			if most := (maxWork+1)*len(text) + beginning; s.work > most {
				t.Errorf("looked at %d bytes of %d", s.work, len(text))
			}
			began := time.Now()
			if o, ok := Find(text, "tags", List); ok {
				o.Strings("tags", 200)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, text := range Hostile(500_000) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if o, ok := Find(text, "tags", List); ok {
					o.Strings("tags", 200)
				}
			}
		})
	}
}

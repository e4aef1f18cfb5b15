package httpserver

import (
	"runtime"
	"strings"
	"testing"
)

// The tree of a frontmatter takes many times its source: it is refused before it
// is built.
func TestFrontmatterIsBoundedByWhatComesOut(t *testing.T) {
	server := (&stub{}).server(t, Options{})
	for name, front := range map[string]string{
		"list":           "x: [" + strings.Repeat("a,", 400_000) + "]",
		"nested list":    "x: " + strings.Repeat("[", 400_000),
		"lines":          "x:\n" + strings.Repeat("- a\n", 200_000),
		"old breaks":     "x:\u0085" + strings.Repeat("- a\u2028", 150_000),
		"lists in lists": strings.Repeat("- - - - - - - - - - - - - - - a\n", 15_000),
		"mapping":        "x: {" + strings.Repeat("a: b, ", 100_000) + "}",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := ask(server, "POST", "/v1/tasks", "---\n"+front+"\n---\ntext", "Content-Type", "text/markdown")
		runtime.ReadMemStats(&after)
		expect(t, w, 413, "frontmatter")
		if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
			t.Errorf("%s: %d bytes were allocated", name, took)
		}
	}
}

func TestLongFieldsMayStandInTheFrontmatter(t *testing.T) {
	background := strings.TrimSpace(strings.Repeat("漢字, かな. ", 14_000))
	got, status, answer := posting(t)("text/markdown", "---\ncontext: \""+background+"\"\n---\ntext")
	if status != 201 || got.Context != background {
		t.Errorf("status %d, context of %d bytes: %.200s", status, len(got.Context), answer)
	}
}

package httpserver

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/pinchwork/pinchwork/market"
)

func render(t testing.TB, value any, note string) string {
	t.Helper()
	object, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	writeMarkdown(&out, object, note)
	return out.String()
}

func TestMarkdownAnswers(t *testing.T) {
	at := market.NewTime(time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC))
	result := "## Done\n---\n: *x*"
	for name, c := range map[string]struct {
		value      any
		note, want string
	}{
		"a created task": {
			market.Posted{TaskID: "tk-abc123", Status: market.StatusPosted, Need: "Review this SaaS Terms of Service for red flags", MaxCredits: 15, Balance: 85},
			"Task created successfully.",
			"---\ntask_id: tk-abc123\nstatus: posted\nneed: Review this SaaS Terms of Service for red flags\nmax_credits: 15\nbalance: 85\n---\nTask created successfully.",
		},
		"a task with a result": {
			market.Task{TaskID: "tk-1", Status: market.StatusDelivered, Need: "a: b", Result: result, MaxCredits: 5, Tags: []string{"go", "null", "1st"}, PosterID: "ag-1", CreatedAt: at},
			"",
			"---\ntask_id: tk-1\nstatus: delivered\nneed: \"a: b\"\nmax_credits: 5\ntags: [go, \"null\", \"1st\"]\nposter_id: ag-1\ncreated_at: \"2025-01-15T10:30:00+00:00\"\nrejection_count: 0\n---\n" + result,
		},
		"a pickup": {
			market.Pickup{TaskID: "tk-1", Need: "do\nit", Tags: []string{}, PosterID: "ag-1", CreatedAt: at, PosterReputation: 4.5},
			"",
			"---\ntask_id: tk-1\nmax_credits: 0\nposter_id: ag-1\ntags: []\ncreated_at: \"2025-01-15T10:30:00+00:00\"\nposter_reputation: 4.5\nrejection_count: 0\n---\ndo\nit",
		},
		"a list": {
			market.TrustList{TrustScores: []market.TrustScore{{TrustedID: "ag-1", Score: 0.5, UpdatedAt: at}, {TrustedID: "ag-2"}}, Total: 2},
			"",
			"---\ntrust_scores:\n  - trusted_id: ag-1\n    score: 0.5\n    interactions: 0\n    updated_at: \"2025-01-15T10:30:00+00:00\"\n" +
				"  - trusted_id: ag-2\n    score: 0\n    interactions: 0\n    updated_at: \"0001-01-01T00:00:00+00:00\"\ntotal: 2\n---\n",
		},
		"nested objects": {
			map[string]any{"a": []any{map[string]any{"b": map[string]any{"c": 1}, "d": nil}, map[string]any{"e": nil}, map[string]any{}}},
			"",
			"---\na:\n  - b:\n      c: 1\n  - {\"e\": null}\n  - {}\n---\n",
		},
		"an error": {Error{Error: "need: is required", Code: market.CodeInvalid, Field: "need"}, "", "---\nerror: \"need: is required\"\ncode: invalid\nfield: need\n---\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, c.value, c.note)
			// Whether a name in flow style is quoted does not matter.
			if want := strings.ReplaceAll(c.want, `{"e": null}`, `{e: null}`); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// frontmatterOf reads markdown as a client would.
func frontmatterOf(t testing.TB, markdown string) (map[string]any, string) {
	t.Helper()
	front, text, err := splitFrontmatter([]byte(markdown))
	if err != nil {
		t.Fatalf("%v in %q", err, markdown)
	}
	fields := map[string]any{}
	if err := yaml.Unmarshal(front, &fields); err != nil {
		t.Fatalf("%v in %q", err, front)
	}
	return fields, string(text)
}

// sameValue compares what YAML and JSON made of a value.
func sameValue(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	var u, v any
	_ = json.Unmarshal(x, &u)
	_ = json.Unmarshal(y, &v)
	return reflect.DeepEqual(u, v)
}

// FuzzMarkdownAnswer: what is written as markdown reads the same as the JSON.
func FuzzMarkdownAnswer(f *testing.F) {
	for _, s := range []string{"", "plain", "a: b", "- x", "null", "yes", "~", "123", "1e3", "0x1f", ".inf", "2025-01-15", "a #b", "\u0085x\u2028", "\ufeff", "\x7f", "é", "'", `"`, "\\", "---", "a\n---\nb", " lead", "trail ", "tab\t", "{}", "[a]", "!tag", "&a", "*a", "?", "%x", "@", "`", "no ", "a -", "\uffff", "=", "<<"} {
		f.Add(s, "text")
	}
	f.Fuzz(func(t *testing.T, s, text string) {
		s, text = strings.ToValidUTF8(s, "?"), strings.ToValidUTF8(text, "?")
		value := map[string]any{
			"field": s, "list": []string{s, "x"}, "result": text, "n": 1.5, "b": true, "none": nil,
			"objects": []any{map[string]any{"k": s, "o": map[string]any{"v": []any{1, s}}}}, "key " + s: 1, "mixed": []any{1, map[string]any{s: s}},
		}
		got, body := frontmatterOf(t, render(t, value, ""))
		if text == "" {
			got["result"] = "" // stays in the frontmatter
		} else {
			got["result"] = body
		}
		got["none"] = nil
		if !sameValue(got, value) {
			t.Errorf("got %q\nwant %q", got, value)
		}
	})
}

func TestPrefersJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                                      false,
		"*/*":                                   false,
		"application/json":                      true,
		"application/json; charset=utf-8":       true,
		"Application/JSON":                      true,
		"application/*":                         true,
		"text/*":                                false,
		"text/markdown":                         false,
		"text/html":                             false,
		"text/html, */*;q=0.8":                  false,
		"application/json, text/plain, */*":     true,
		"text/markdown, application/json":       false,
		"text/*, application/json":              true,
		"application/json;q=0.5, text/markdown": false,
		"application/json;q=0.9, text/markdown;q=0.8":     true,
		"application/json;q=0.9, */*;q=0.8":               true,
		"application/json;q=0, */*":                       false,
		"application/json;q=0":                            false,
		"*/*, text/markdown;q=0.1":                        true,
		"text/event-stream, application/json;q=0.9":       true,
		"application/json ; q=0.2 , text/markdown ;q=0.3": false,
		"application/json;q=x":                            true,
		";;,,=":                                           false,
	} {
		if got := prefersJSON([]string{accept}); got != want {
			t.Errorf("Accept %q: %v", accept, got)
		}
	}
	if prefersJSON(nil) || !prefersJSON([]string{"text/markdown;q=0.5", "application/json"}) {
		t.Error("no header, or two")
	}
}

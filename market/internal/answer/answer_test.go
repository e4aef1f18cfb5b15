package answer_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pinchwork/pinchwork/market/internal/answer"
)

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
		ok   bool
	}{
		{`{"tags": ["a", "b"]}`, []string{"a", "b"}, true},
		{`x {"tags": ["a",],} y`, []string{"a"}, true},
		{`{"tags": [1, "a", {"tags": ["b"]}, null]}`, []string{"a"}, true},
		{`{"tags": "a"} {"tags": ["b"]}`, []string{"b"}, true},
		{`{"x": {"tags": ["inner"]}, "tags": ["outer"]}`, []string{"outer"}, true},
		{`{"x": {"tags": ["inner"]}, "broken`, []string{"inner"}, true},
		{`{"tags": ["a"] /* { */ , // }` + "\n}", []string{"a"}, true},
		{`{"tags": ["line` + "\n" + `end"]}`, []string{"line\nend"}, true},
		{`{"tags": ["\u0041\ud83d\ude00"]}`, []string{"A😀"}, true},
		{`{"r": "{\"tags\": [\"a\"]}"}`, []string{"a"}, true},
		{`<think>{"tags": ["a"]}</think>{"tags": ["b"]}`, []string{"b"}, true},
		{`{"tags": ["a"]`, nil, false},
		{`{"tags": ["a" "b"]}`, nil, false},
		{`{"tags": [,]}`, nil, false},
		{`{"tags": ["\x"]}`, nil, false},
		{`{"tags": [maybe]}`, nil, false},
		{`{"tags"}`, nil, false},
		{`{`, nil, false},
		{``, nil, false},
	} {
		o, ok := answer.Find(tt.text, "tags", answer.List)
		if ok != tt.ok {
			t.Errorf("Find(%q) = %v", tt.text, ok)
			continue
		}
		if got, _ := o.Strings("tags", 10); ok && !slices.Equal(got, tt.want) {
			t.Errorf("in %q there are %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestStringsIsBounded(t *testing.T) {
	o, _ := answer.Find(`{"tags": ["a", 1, "b"]}`, "tags", answer.List)
	if got, ok := o.Strings("tags", 2); !ok || !slices.Equal(got, []string{"a"}) {
		t.Errorf("the first two hold %q, %v", got, ok)
	}
}

// What is strict JSON is read as encoding/json reads it.
func TestAgreesWithJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tags := rapid.SliceOf(rapid.String()).Draw(t, "tags")
		data, err := json.Marshal(map[string]any{"tags": tags, "x": rapid.String().Draw(t, "x"), "y": []any{1, -2.5e3, nil, true}})
		if err != nil {
			t.Fatal(err)
		}
		o, ok := answer.Find("so: "+string(data)+"!", "tags", answer.List)
		got, _ := o.Strings("tags", len(tags)+1)
		var want struct{ Tags []string }
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if !ok || !slices.Equal(got, want.Tags) {
			t.Fatalf("%s: %q, want %q", data, got, want.Tags)
		}
	})
}

func FuzzFind(f *testing.F) {
	for _, text := range answer.Hostile(1_000) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if o, ok := answer.Find(text, "tags", answer.List); ok {
			if _, list := o.Strings("tags", 10); list {
				return
			}
			// A name given twice: the last one need not be the list.
			if strings.Count(text, "tags") < 2 {
				t.Errorf("%q has no list", text)
			}
		}
	})
}

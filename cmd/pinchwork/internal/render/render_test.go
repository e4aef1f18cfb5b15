package render_test

import (
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
)

func TestTextCannotSteerTheTerminal(t *testing.T) {
	evil := "a\x1b[2Jb\x07\u009b1m\u202ec\rd\r\ne\tf\x00"
	if got := render.Clean(evil); got != "a[2Jb1mcd\ne\tf" {
		t.Errorf("clean is %q", got)
	}
	if got := render.Line(" a \n\x1b[31m b\u2028c"); got != "a [31m b c" {
		t.Errorf("line is %q", got)
	}
}

func TestCutCountsCells(t *testing.T) {
	for _, tc := range []struct {
		in    string
		cells int
		want  string
	}{
		{"hello", 5, "hello"}, {"hello!", 5, "hell…"}, {"日本語", 6, "日本語"}, {"日本語文", 6, "日本…"}, {"日本語文", 5, "日本…"}, {"", 3, ""}, {"ab cdef", 4, "ab…"},
	} {
		if got := render.Cut(tc.in, tc.cells); got != tc.want {
			t.Errorf("%q in %d cells is %q, want %q", tc.in, tc.cells, got, tc.want)
		}
	}
}

func sample() *render.Table {
	return &render.Table{
		Columns: []render.Column{{Title: "Task"}, {Title: "Credits", Right: true}, {Title: "Need", Flex: true}},
		Rows: [][]string{
			{"tk-1", "5", "Short"},
			{"tk-22", "1500", "日本語の長い説明がここにあります。" + strings.Repeat("x", 100)},
			{"tk-3", "7", "two\nlines\x1b[31m"},
		},
	}
}

func write(t *testing.T, w interface {
	Write(*strings.Builder) error
},
) string {
	t.Helper()
	var b strings.Builder
	if err := w.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type tableIn struct {
	t     *render.Table
	style render.Style
}

func (x tableIn) Write(b *strings.Builder) error { return x.t.Write(b, x.style) }

func TestTableFitsTheTerminal(t *testing.T) {
	for _, width := range []int{200, 80, 60, 40, 32, 24, 20} {
		out := write(t, tableIn{sample(), render.Style{Width: width}})
		for line := range strings.Lines(out) {
			line = strings.TrimSuffix(line, "\n")
			if got := text.StringWidthWithoutEscSequences(line); got > max(width, 24) {
				t.Errorf("width %d: line of %d cells: %q", width, got, line)
			}
			if strings.HasSuffix(line, " ") {
				t.Errorf("width %d: trailing space in %q", width, line)
			}
		}
		if !strings.Contains(out, "tk-22") || strings.Contains(out, "\x1b") {
			t.Errorf("width %d:\n%s", width, out)
		}
	}
}

func TestTableLooksLikeThis(t *testing.T) {
	want := "TASK   CREDITS  NEED\ntk-1         5  Short\ntk-22     1500  日本語の長い説…\ntk-3         7  two lines[31m\n"
	if got := write(t, tableIn{sample(), render.Style{Width: 32}}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestColumnsGoBeforeTheTable(t *testing.T) {
	for width, want := range map[int]string{
		56: "TASK  TAGS           WHEN        NEED\nt1    one,two,three  2025-01-15  A need of some words\n",
		40: "TASK  TAGS           NEED\nt1    one,two,three  A need of some wor…\n",
		30: "TASK  NEED\nt1    A need of some words\n",
	} {
		table := &render.Table{
			Columns: []render.Column{{Title: "Task"}, {Title: "Tags", Drop: true}, {Title: "When", Drop: true}, {Title: "Need", Flex: true}},
			Rows:    [][]string{{"t1", "one,two,three", "2025-01-15", "A need of some words"}},
		}
		if got := write(t, tableIn{table, render.Style{Width: width}}); got != want {
			t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestNarrowTerminalGetsBlocks(t *testing.T) {
	out := write(t, tableIn{sample(), render.Style{Width: 24}})
	if !strings.HasPrefix(out, "Task:    tk-1\nCredits: 5\nNeed:    Short\n\nTask:") {
		t.Errorf("got\n%s", out)
	}
}

func TestColorOnlyWhenAsked(t *testing.T) {
	r := render.Record{}
	r.Add("Name", "x")
	var plain, colored strings.Builder
	if err := r.Write(&plain, render.Style{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(&colored, render.Style{Color: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(colored.String(), "\x1b[") {
		t.Errorf("plain %q, colored %q", &plain, &colored)
	}
}

func TestRecord(t *testing.T) {
	r := render.Record{}
	r.Add("Task", "tk-1")
	r.Add("Worker", "")
	r.Add("Feedback", "good work and more words")
	r.Section("Result", "line 1\nline 2\x1b[0m\n\n")
	var b strings.Builder
	if err := r.Write(&b, render.Style{Width: 25}); err != nil {
		t.Fatal(err)
	}
	want := "Task:     tk-1\nFeedback: good work and\n          more words\n\nResult:\nline 1\nline 2[0m\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

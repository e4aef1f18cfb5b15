package render

import (
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Record is one thing with named fields; empty fields are left out.
type Record struct {
	fields   []field
	sections []field
}

type field struct{ title, value string }

// Add adds a field of one line.
func (r *Record) Add(title, value string) {
	if value = Line(value); value != "" {
		r.fields = append(r.fields, field{title, value})
	}
}

// Section adds a longer text, which is printed below the fields as it is.
func (r *Record) Section(title, value string) {
	if value = strings.TrimRight(Clean(value), "\n"); value != "" {
		r.sections = append(r.sections, field{title, value})
	}
}

// Write renders the record.
func (r *Record) Write(w io.Writer, style Style) error {
	widest := 0
	for _, f := range r.fields {
		widest = max(widest, cells(f.title))
	}
	var b strings.Builder
	for _, f := range r.fields {
		b.WriteString(bold(f.title+":", style) + strings.Repeat(" ", widest-cells(f.title)+1))
		b.WriteString(hang(f.value, widest+2, style.Width) + "\n")
	}
	for i, f := range r.sections {
		if i > 0 || len(r.fields) > 0 {
			b.WriteString("\n")
		}
		b.WriteString(bold(f.title+":", style) + "\n" + f.value + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// hang wraps a value so that its further lines are aligned with its first.
func hang(value string, indent, width int) string {
	room := width - indent
	if width == 0 || room < leastFlex/2 {
		return value
	}
	return strings.Join(wrap(value, room), "\n"+strings.Repeat(" ", indent))
}

// wrap breaks a line into lines of at most room cells, between words where
// there are any.
func wrap(line string, room int) []string {
	var lines []string
	for cells(line) > room {
		end, used := 0, 0
		for i, r := range line {
			if used += text.RuneWidth(r); used > room {
				break
			}
			end = i + len(string(r))
		}
		if space := strings.LastIndexByte(line[:min(end+1, len(line))], ' '); space > 0 {
			end = space
		}
		lines = append(lines, strings.TrimRight(line[:end], " "))
		line = strings.TrimLeft(line[end:], " ")
	}
	return append(lines, line)
}

func bold(s string, style Style) string {
	if !style.Color {
		return s
	}
	return text.Bold.EscapeSeq() + s + text.Reset.EscapeSeq()
}

// Package render writes tables and records for people. The values come from
// strangers, so nothing in them may control the terminal.
package render

import (
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Clean removes what could control a terminal: control characters except
// newline and tab, and marks that change the direction of text.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), steers(r):
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

func steers(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f
}

// Line is s on one line, with white space folded.
func Line(s string) string { return strings.Join(strings.Fields(Clean(s)), " ") }

// Cut shortens a line to a number of terminal cells, wide characters counted
// as two, with an ellipsis where something is missing.
func Cut(s string, cells int) string {
	if text.StringWidthWithoutEscSequences(s) <= cells {
		return s
	}
	used, end := 1, 0 // the ellipsis takes one
	for i, r := range s {
		if used += text.RuneWidth(r); used > cells {
			break
		}
		end = i + len(string(r))
	}
	return strings.TrimRight(s[:end], " ") + "…"
}

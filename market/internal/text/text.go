// Package text says when a search term is contained in a text (rule 6.11),
// and indexes texts so that a marketplace full of them can be searched at once.
//
// Everything is compared in folded form: NFKC, then full Unicode case folding.
// NFKC may write a single character as eighteen; a text that grows by more than
// a sixteenth and 4 KiB is normalized up to there, and the rest is compared as
// it is. A term has no white space, but its folded form may: U+00A8 becomes a
// space and a combining mark. What counts is always whether Fold(text) contains
// Fold(term).
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

var folder = cases.Fold()

// Fold returns the form in which texts are compared: NFKC, then full case
// folding. ASCII text without capitals is returned as it is.
func Fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return folder.String(normalize(s))
		}
	}
	return strings.ToLower(s)
}

const (
	// growthShare and growthFree bound how much longer a text may become.
	growthShare = 16
	growthFree  = 4 << 10
	// normalizedAtOnce is how much is normalized between two looks at the growth.
	normalizedAtOnce = 512
)

// normalize is NFKC with the bound on growth.
func normalize(s string) string {
	done := norm.NFKC.QuickSpanString(s)
	if done == len(s) {
		return s
	}
	out := append(make([]byte, 0, len(s)+growthFree), s[:done]...)
	most := len(s)/growthShare + growthFree
	for done < len(s) && len(out)-done <= most {
		n := runeStart(s, done+normalizedAtOnce)
		out = norm.NFKC.AppendString(out, s[done:n])
		done = n
	}
	return string(append(out, s[done:]...))
}

// runeStart is the first index not below i at which a character begins.
func runeStart(s string, i int) int {
	for i < len(s) && !utf8.RuneStart(s[i]) {
		i++
	}
	return min(i, len(s))
}

// FoldTag returns the form in which tags are compared.
func FoldTag(tag string) string { return Fold(tag) }

// Terms returns the distinct terms of a search, folded, in order of first
// appearance. A text matches a search when it contains every one of them
// (rule 6.11).
func Terms(search string) []string {
	return distinct(strings.Fields(search), Fold)
}

// Words returns the distinct words of a text, folded, in order of first
// appearance: the maximal runs of letters, digits and combining marks.
func Words(s string) []string {
	return distinct(strings.FieldsFunc(Fold(s), separates), func(w string) string { return w })
}

// IsWord reports whether s is surely a single word in folded form: small ASCII
// letters and digits alone.
func IsWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func separates(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
}

func distinct(words []string, fold func(string) string) []string {
	seen := make(map[string]struct{}, len(words))
	out := words[:0]
	for _, w := range words {
		w = fold(w)
		if _, dup := seen[w]; !dup {
			seen[w] = struct{}{}
			out = append(out, w)
		}
	}
	return out
}

package matcher

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/pinchwork/pinchwork/market"
)

// minKeyword is the length in characters below which words do not count.
const minKeyword = 3

var folder = cases.Fold()

var stopWords = func() map[string]struct{} {
	m := map[string]struct{}{}
	for _, w := range market.StopWords() {
		m[w] = struct{}{}
	}
	return m
}()

// StopWords returns the words that never count as keywords, in alphabetical
// order and lower case: market.StopWords.
func StopWords() []string { return market.StopWords() }

// Keywords returns the distinct words of a text that count for a match, in
// order of first appearance and folded (NFKC, then case folding): maximal runs
// of letters, digits and combining marks, at least 3 characters long, that are
// not among StopWords.
func Keywords(text string) []string {
	words := strings.FieldsFunc(fold(text), separates)
	seen := make(map[string]struct{}, len(words))
	out := words[:0]
	for _, w := range words {
		if _, dup := seen[w]; dup || !counts(w) {
			continue
		}
		seen[w] = struct{}{}
		out = append(out, w)
	}
	return out
}

func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return folder.String(norm.NFKC.String(s))
		}
	}
	return strings.ToLower(s)
}

func separates(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
}

func counts(word string) bool {
	_, stop := stopWords[word]
	return !stop && utf8.RuneCountInString(word) >= minKeyword
}

// Package keyword says which words of a text and of a tag count when agents are
// matched to tasks, and when two of them are the same word (rule 6.9).
//
//	keyword.Of("Translating user manuals")  // "transl", "user", "manual"
//	keyword.OfTag("code-review")            // "code", "review", "codereview"
package keyword

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Short is the length in characters below which a word never counts alone.
const Short = 3

// Of returns the distinct stems of the words of a text, in order of first
// appearance, without StopWords.
func Of(s string) []string { return stems(text.Words(s)) }

// OfTag returns the distinct stems of the words of a tag: it is divided at what
// is no letter or digit, and before capitals. A tag of several words is a word as
// a whole, too: "front-end" and "TypeScript" are also "frontend" and "typescript".
func OfTag(tag string) []string {
	words := text.Words(divided(tag))
	if len(words) > 1 {
		words = append(words, strings.Join(text.Words(tag), ""))
	}
	return stems(words)
}

// divided puts a space before each capital that follows a small letter or a digit.
func divided(tag string) string {
	var b strings.Builder
	before := ' '
	for _, r := range tag {
		if unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

func stems(words []string) []string {
	out := words[:0]
	seen := make(map[string]struct{}, len(words))
	for _, w := range words {
		if IsStop(w) {
			continue
		}
		w = Stem(w)
		if _, dup := seen[w]; !dup {
			seen[w] = struct{}{}
			out = append(out, w)
		}
	}
	return out
}

// IsShort reports whether a word never counts alone.
func IsShort(word string) bool {
	return len(word) < Short*utf8.UTFMax && utf8.RuneCountInString(word) < Short
}

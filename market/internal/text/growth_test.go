package text

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// U+FDFA is 18 characters in NFKC.
func TestNormalizingHardlyGrows(t *testing.T) {
	for name, s := range map[string]string{
		"ligature of a sentence": strings.Repeat("\ufdfa", 50_000),
		"words in a square":      strings.Repeat("㌖", 50_000),
		"after plain words":      strings.Repeat("plain ", 1000) + strings.Repeat("\ufdfa", 10_000),
	} {
		got := len(normalize(s))
		if most := len(s) + len(s)/growthShare + growthFree + 18*normalizedAtOnce; got > most {
			t.Errorf("%s: %d bytes became %d, more than %d", name, len(s), got, most)
		}
	}
	short := strings.Repeat("\ufdfa", 100)
	if got := normalize(short); got != norm.NFKC.String(short) {
		t.Errorf("a short text is not normalized to its end: %q", got)
	}
}

func TestNormalizingIsNFKC(t *testing.T) {
	letters := rapid.StringOfN(rapid.SampledFrom([]rune("aÅA\u030aﬁ①\u0301\u0327ｶﾞ한ᄒ\u1161漢½ ")), 0, 2000, -1)
	rapid.Check(t, func(t *rapid.T) {
		s := letters.Draw(t, "text")
		if got, want := normalize(s), norm.NFKC.String(s); got != want {
			t.Fatalf("%q became %q, not %q", s, got, want)
		}
	})
}

package keyword

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The steps of Stem: each takes the first of its endings that fits off a word.
// Endings of inflection come before those that make one kind of word of another.
// They are of English, with the commonest ones of German, Spanish, French, Italian
// and Portuguese, written as ending, least bytes before it, and what is put instead.
var steps = [...]step{
	newStep("ies 3 y, sses 2 ss, ss 2 ss, us 2 us, is 2 is, es 3 e, s 3"),
	newStep(`ating 4, ated 4, ators 4, ator 4, ising 4, izing 4, ised 4, ized 4, iser 4, izer 4,
		ing 3, ied 3 y, ed 3, er 4, or 4, ly 4, ungen 4, ung 4, ern 4, en 4`),
	newStep(`isation 4, ization 4, ification 3 ify, ational 4, ation 4, acion 4, acione 4, azione 4, azioni 4, acao 4, acoe 4,
		ition 4, ional 4, ion 4, cion 4 c, cione 4 c, cao 4 c, ment 4, ability 4, ibility 4, able 4, ible 4, ical 4, ic 4, ity 4, ive 4,
		ance 4, ence 4, al 5, ise 4, ize 4, ist 4, ate 4, ary 3 ar, ar 5, ir 5`),
	newStep("e 3, y 3 i, o 4, a 4, i 4"),
}

// step has its endings by their last byte.
type step [utf8.RuneSelf][]ending

type ending struct {
	text, instead string
	least         int
}

func newStep(rules string) (s step) {
	for rule := range strings.SplitSeq(rules, ",") {
		f := append(strings.Fields(rule), "")
		last := f[0][len(f[0])-1]
		s[last] = append(s[last], ending{f[0], f[2], int(f[1][0] - '0')})
	}
	return s
}

// Stem returns what the forms of a folded word have in common, more or less:
// "translating", "translators" and "translation" become one. It is for comparing,
// not for reading.
func Stem(word string) string {
	word = plain(word)
	for i := range steps {
		word = steps[i].off(word)
	}
	if n := len(word); n > 3 && word[n-1] == word[n-2] {
		word = word[:n-1]
	}
	return word
}

func (s *step) off(word string) string {
	if word == "" || word[len(word)-1] >= utf8.RuneSelf {
		return word
	}
	for _, e := range s[word[len(word)-1]] {
		if rest, ok := strings.CutSuffix(word, e.text); ok && len(rest) >= e.least && e.fits(rest) {
			return rest + e.instead
		}
	}
	return word
}

// fits reports whether what is left can be a word: it has a vowel, and no second
// "e" before the ending, as in "engineer".
func (e *ending) fits(rest string) bool {
	return strings.ContainsAny(rest, "aeiouy") && (e.text[0] != 'e' || rest[len(rest)-1] != 'e')
}

// plain takes the accents off Latin letters.
func plain(word string) string {
	for i := range len(word) {
		if word[i] >= utf8.RuneSelf {
			return unaccented(word)
		}
	}
	return word
}

func unaccented(word string) string {
	var b strings.Builder
	latin := false
	for _, r := range norm.NFD.String(word) {
		if latin && unicode.Is(unicode.Mn, r) {
			continue
		}
		latin = unicode.Is(unicode.Latin, r)
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

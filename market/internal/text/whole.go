package text

import "strings"

// A document whose words are mostly new to the index would cost many times its
// own size, and nobody else would have a use for them: such a document is kept
// whole, and searched by reading it. So the index of a document costs at most
// wholeShare times its folded text, or wholeFree where that is more.
const (
	wholeShare = 8
	wholeFree  = 64 << 10
)

// What a new word costs, in bytes, roughly: its entry, its place in the table
// and in the lists; each of its grams; and a gram that no word had.
const (
	wordPrice    = 128
	gramPrice    = 12
	newGramPrice = 56
)

// keepsWhole reports whether a document is cheaper to keep whole.
func (x *Index) keepsWhole(d *Document) bool {
	if len(d.items)*(wordPrice+maxGrammed*(gramPrice+newGramPrice)) <= wholeFree {
		return false
	}
	most := max(wholeFree, wholeShare*d.size())
	price, fresh := 0, map[string]struct{}{}
	for _, item := range d.items {
		if _, known, _ := x.lex.find(item, x.lex.hash(item)); known {
			continue
		}
		if _, counted := fresh[item]; counted {
			continue
		}
		fresh[item] = struct{}{}
		if price += x.lex.price(item); price > most {
			return true
		}
	}
	return false
}

func (d *Document) size() (n int) {
	for _, t := range d.folded {
		n += len(t)
	}
	return n
}

// price is about what a new word costs beyond its text.
func (l *lexicon) price(s string) int {
	price := wordPrice
	if len(s) > maxGrammed {
		return price
	}
	for i := 0; i+gramSize <= len(s); i++ {
		price += gramPrice
		if _, known := l.grams[gramAt(s, i)]; !known {
			price += newGramPrice
		}
	}
	return price
}

// whole joins the texts with a line feed, which no term contains.
func (d *Document) whole() string { return strings.Join(d.folded, "\n") }

package text

import (
	"strings"
	"testing"
)

// One character may stand for several words: what a search looks up must not grow
// with them.
func TestAPhraseLooksUpFewWords(t *testing.T) {
	for _, search := range []string{strings.Repeat("ﷺ", 400) + "z", strings.Repeat("ﷺx1", 160), "ﷺ"} {
		var of term
		of.reset(Fold(search))
		if len(of.phrase) < 4 || len(of.pieces) > maxPieces || len(of.pieces) == 0 {
			t.Errorf("%d words of %d are looked up", len(of.pieces), len(of.phrase))
		}
	}
}

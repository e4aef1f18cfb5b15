package near_test

import (
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/near"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "ab", 2},
		{"ab", "", 2},
		{"tags", "tags", 0},
		{"tgas", "tags", 2},
		{"tag", "tags", 1},
		{"togs", "tags", 1},
		{"kitten", "sitting", 3},
		{strings.Repeat("x", 101), "x", 101},
	} {
		if got := near.Distance(c.a, c.b); got != c.want {
			t.Errorf("%q is %d from %q, want %d", c.a, got, c.b, c.want)
		}
	}
}

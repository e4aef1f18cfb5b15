package sample

import "testing"

func TestBounded(t *testing.T) {
	for _, c := range []struct {
		n, bounded int64
		ok         bool
	}{{-1, 0, false}, {0, 0, true}, {1, 1, true}, {2, 2, false}, {3, 3, true}, {4, 3, true}} {
		if n, ok := Bounded(c.n); n != c.bounded || ok != c.ok {
			t.Errorf("%d: %d, %v", c.n, n, ok)
		}
	}
}

//go:build !race

package sim

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"
)

// A replica's background waits for several things at once, and of those that come
// together it is chance which it sees first: its runs are left out. So are builds
// with the race detector, which puts goroutines in a random order.
func TestTheSameSeedIsTheSameRun(t *testing.T) {
	for seed := range uint64(60) {
		if s, _ := settingOf(seed); s.Running {
			continue
		}
		made := func(*Outcome) source { _, g := settingOf(seed); return g }
		told := func(one *Outcome) source { return &retold{one.Actions} }
		for name, again := range map[string]func(*Outcome) source{"in its second run": made, "when it is told again": told} {
			if line, same := sameRun(t, seed, again); !same {
				t.Fatalf("seed %d differs %s at %s", seed, name, line)
			}
		}
	}
}

// slice is how long a goroutine, with those that it wakes, may run before the runtime
// interrupts it. One that is interrupted goes behind those that it has woken, so that
// of two operations of which one lets the other go on it is not the seed which
// decides who comes first, but the clock on the wall.
const slice = 10 * time.Millisecond

// sameRun compares a seed's run with another one of the same. A difference counts
// when neither can have been interrupted, otherwise both are run anew.
func sameRun(t *testing.T, seed uint64, again func(*Outcome) source) (line string, same bool) {
	for left := 100; ; left-- {
		s, g := settingOf(seed)
		one, whole := inOneSlice(t, s, g)
		two, wholeToo := inOneSlice(t, s, again(one))
		if slices.Equal(one.Trace, two.Trace) {
			return "", true
		}
		if whole && wholeToo || left == 0 {
			return difference(one.Trace, two.Trace), false
		}
	}
}

// inOneSlice runs a story; whole is false when it may have been interrupted.
func inOneSlice(t *testing.T, s Setting, from source) (o *Outcome, whole bool) {
	// A slice begins here, and the bubble inherits what is left of it.
	runtime.Gosched()
	began := time.Now()
	o = in(t, s, from)
	return o, time.Since(began) < slice
}

func difference(one, two []string) string {
	for i, line := range one {
		if i >= len(two) || line != two[i] {
			return fmt.Sprintf("line %d: %s", i, line)
		}
	}
	return fmt.Sprintf("line %d, where the first has ended", len(one))
}

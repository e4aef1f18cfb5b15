//go:build !race

package sim

import "testing"

// A replica's background waits for several things at once, and of those that come
// together it is chance which it sees first: its runs are left out. So are builds
// with the race detector, which puts goroutines in a random order.
func TestTheSameSeedIsTheSameRun(t *testing.T) {
	for seed := range uint64(60) {
		s, g := settingOf(seed)
		if s.Running {
			continue
		}
		one := in(t, s, g)
		_, g = settingOf(seed)
		for name, two := range map[string]*Outcome{
			"in its second run": in(t, s, g), "when it is told again": in(t, s, &retold{one.Actions}),
		} {
			for i, line := range one.Trace {
				if i >= len(two.Trace) || line != two.Trace[i] {
					t.Fatalf("seed %d differs %s at line %d: %s", seed, name, i, line)
				}
			}
		}
	}
}

package notify

import (
	"testing"
	"time"
)

func TestRetryDelayDoublesWithJitter(t *testing.T) {
	for attempt, base := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 9: 256 * time.Second,
		10: retryMax, 63: retryMax, 1_000: retryMax,
	} {
		seen := map[time.Duration]bool{}
		for range 100 {
			d := retryDelay(attempt)
			if d < base*3/4 || d > base*5/4 {
				t.Fatalf("retryDelay(%d) = %v, want %v ± 25 %%", attempt, d, base)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("retryDelay(%d) takes %d values in 100 calls: no jitter", attempt, len(seen))
		}
	}
}

package serve

import (
	"testing"
	"time"
)

func TestDurationsHaveDays(t *testing.T) {
	for v, want := range map[string]time.Duration{
		"30d": 30 * day, "0d": 0, "1d12h": 36 * time.Hour, "1d1500ms": day + 1500*time.Millisecond, "72h": 3 * day, "0s": 0, "0": 0, "5m": 5 * time.Minute,
	} {
		if got, err := ParseDuration(v); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", v, got, err, want)
		}
	}
	for _, v := range []string{"", "d", "30", "-1h", "-1d", "1.5d", "1d-1h", "1h1d", "30D", "99999d", "65000d2400000h", "1d1d", "soon"} {
		if got, err := ParseDuration(v); err == nil {
			t.Errorf("%q is %v", v, got)
		}
	}
}

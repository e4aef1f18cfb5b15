package pages

import (
	"testing"
	"time"
)

// Durations are written without the zeros behind them, and with all others.
func TestDurationsOfTheManual(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Minute: "30m", 72 * time.Hour: "72h", 90 * time.Minute: "1h30m", 10 * time.Second: "10s",
		20*time.Minute + 10*time.Second: "20m10s", 100 * time.Hour: "100h", 2 * time.Minute: "2m", 0: "0s",
	} {
		if got := hours(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}

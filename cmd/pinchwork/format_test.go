package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

func TestTimesForPeople(t *testing.T) {
	here := time.Local
	defer func() { time.Local = here }()
	at := market.NewTime(time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC))
	for place, want := range map[*time.Location]string{
		time.UTC:                    "2026-03-29 00:59:59 UTC",
		time.FixedZone("CET", 3600): "2026-03-29 01:59:59 CET",
	} {
		time.Local = place
		if got := when(at); got != want {
			t.Errorf("in %s: %q, want %q", place, got, want)
		}
	}
	if got := when(market.Time{}); got != "" {
		t.Errorf("no time is %q", got)
	}
}

// No command writes times in a form of its own.
func TestOneFormOfTimes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(`\.(Format|AppendFormat|Local)\(`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			switch is := own.MatchString(line) && !strings.HasSuffix(file, "_test.go"); {
			case is && file == "format.go":
				found++
			case is:
				t.Errorf("%s:%d: %s: write it with when", file, i+1, strings.TrimSpace(line))
			}
		}
	}
	if found != 1 {
		t.Errorf("format.go has %d forms", found)
	}
}

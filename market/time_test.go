package market_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

func TestTimesAreWrittenInOneForm(t *testing.T) {
	east := time.FixedZone("east", 2*60*60)
	for want, at := range map[string]time.Time{
		`"2025-01-15T10:30:00+00:00"`:        time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC),
		`"2025-01-15T10:30:00.120000+00:00"`: time.Date(2025, 1, 15, 12, 30, 0, 120_000_000, east),
		`"2025-01-15T10:30:00.000001+00:00"`: time.Date(2025, 1, 15, 10, 30, 0, 1_999, time.UTC),
		`"2025-01-15T10:30:01+00:00"`:        time.Date(2025, 1, 15, 10, 30, 1, 999, time.UTC),
		`"0001-01-01T00:00:00+00:00"`:        {},
	} {
		got, err := json.Marshal(market.NewTime(at))
		if err != nil || string(got) != want {
			t.Errorf("%s is written %s (%v), want %s", at, got, err, want)
		}
		var back market.Time
		if err := json.Unmarshal(got, &back); err != nil || !back.Equal(at.Truncate(time.Microsecond)) || back.Location() != time.UTC {
			t.Errorf("%s is read as %s in %s (%v)", got, back, back.Location(), err)
		}
		if text := market.NewTime(at).String(); `"`+text+`"` != want {
			t.Errorf("%s prints as %s", at, text)
		}
	}
}

func TestTimesAreReadInEveryForm(t *testing.T) {
	want := time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)
	for _, form := range []string{`"2025-01-15T10:30:00Z"`, `"2025-01-15T10:30:00+00:00"`, `"2025-01-15T12:30:00.000+02:00"`} {
		var got struct {
			At *market.Time `json:"at"`
		}
		if err := json.Unmarshal([]byte(`{"at":`+form+`}`), &got); err != nil || got.At == nil || got.At.Time != want {
			t.Errorf("%s is read as %v (%v)", form, got.At, err)
		}
	}
	for _, bad := range []string{`"yesterday"`, `1736937000`, `"2025-01-15"`} {
		if err := json.Unmarshal([]byte(bad), new(market.Time)); err == nil {
			t.Errorf("%s passes for a time", bad)
		}
	}
	if _, err := json.Marshal(market.NewTime(time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC))); err == nil {
		t.Error("a year of five digits is written")
	}
}

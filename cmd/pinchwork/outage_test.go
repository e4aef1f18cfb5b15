package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

func TestOutagesAreToldOnce(t *testing.T) {
	away := &market.Error{Kind: market.ErrUnavailable, Message: "away", Cause: errors.New("refused")}
	busy := &market.Error{Kind: market.ErrRateLimited, Message: "busy", RetryAfter: 7 * time.Second}
	type heard struct {
		at    time.Duration
		err   error
		again time.Duration
	}
	ms := time.Millisecond
	for name, c := range map[string]struct {
		demandsOnly bool
		heard       []heard
		want        []string
	}{
		"a blip":     {heard: []heard{{0, away, 200 * ms}, {300 * ms, away, 400 * ms}, {800 * ms, nil, 0}}},
		"an outage":  {heard: []heard{{0, away, 200 * ms}, {time.Second, away, 2 * time.Second}, {4 * time.Second, away, time.Minute}, {64 * time.Second, nil, 0}, {65 * time.Second, nil, 0}}, want: []string{"away; trying again until it answers", "the server answers again, after 1m4s"}},
		"twice":      {heard: []heard{{0, away, 3 * time.Second}, {3 * time.Second, nil, 0}, {4 * time.Second, away, 3 * time.Second}, {7 * time.Second, nil, 0}}, want: []string{"away; trying again until it answers", "the server answers again, after 3s", "away; trying again until it answers", "the server answers again, after 3s"}},
		"a demand":   {heard: []heard{{0, busy, 7 * time.Second}, {7 * time.Second, nil, 0}}, want: []string{"busy; going on in 7s, as the server asks", "the server answers again, after 7s"}},
		"for worker": {demandsOnly: true, heard: []heard{{0, away, time.Minute}, {time.Minute, busy, 7 * time.Second}, {67 * time.Second, nil, 0}}, want: []string{"busy; going on in 7s, as the server asks"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			now := time.Unix(0, 0)
			o := &outage{
				note: func(f string, v ...any) { got = append(got, fmt.Sprintf(f, v...)) },
				now:  func() time.Time { return now }, demandsOnly: c.demandsOnly,
			}
			for _, h := range c.heard {
				now = time.Unix(0, 0).Add(h.at)
				o.heard(h.err, h.again)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("told %q, want %q", got, c.want)
			}
		})
	}
}

// Who has named no server hears how; who has named one knows.
func TestAnAbsentServerThatNobodyNamed(t *testing.T) {
	err := absent(defaultServer, errors.New("refused"))
	for _, unchosen := range []bool{true, false} {
		var out strings.Builder
		a := &app{stderr: &out, used: session{unchosen: unchosen}}
		if code := a.exit(nil, err); code != exitUnreachable {
			t.Errorf("exit code %d", code)
		}
		want := "pinchwork: The server at http://127.0.0.1:8000 cannot be reached: refused\n"
		if unchosen {
			want += chooseServer + "\n"
		}
		if out.String() != want {
			t.Errorf("unchosen %v: %q", unchosen, out.String())
		}
	}
}

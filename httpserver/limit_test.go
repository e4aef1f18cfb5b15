package httpserver

import (
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]Limit{
		"5/h": {5, time.Hour}, "30/m": {30, time.Minute}, "30/min": {30, time.Minute}, "1/s": {1, time.Second},
		"7/d": {7, 24 * time.Hour}, "100/15m": {100, 15 * time.Minute}, "3/1m30s": {3, 90 * time.Second}, "off": Unlimited,
	} {
		got, err := ParseLimit(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		again, err := ParseLimit(got.String())
		if err != nil || again != want {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{"", "5", "5/", "/h", "0/h", "-1/h", "5/x", "5/0s", "5/-1h", "5/25h", "1.5/h", "on", "OFF", "1000001/h", "5/h/h", " 5/h"} {
		if got, err := ParseLimit(text); err == nil {
			t.Errorf("%q was taken for %v", text, got)
		}
	}
	var l Limit
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.TextVar(&l, "rate", Limit{5, time.Hour}, "")
	if err := flags.Parse([]string{"-rate", "9/m"}); err != nil || l != (Limit{9, time.Minute}) {
		t.Errorf("flag: %v, %v", l, err)
	}
}

// Each limit does what it is set to, and zero means the default.
func TestConfiguredLimitsAreUsed(t *testing.T) {
	s := &stub{
		register: func(market.RegisterInput) (market.Registration, error) { return market.Registration{}, nil },
		browse:   func(market.BrowseQuery) (market.BrowseList, error) { return market.BrowseList{}, nil },
	}
	limits := Limits{Register: Limit{7, time.Hour}, Read: Unlimited}
	server := s.server(t, Options{Limits: limits})
	expect(t, ask(server, "POST", "/v1/register", `{"name": "a"}`), 201)
	expect(t, ask(server, "GET", "/v1/tasks/available", ""), 200)
	expect(t, ask(server, "GET", "/v1/admin/reports", "", "Authorization", "Bearer wrong"), 403)
	want := []market.Charge{
		{Bucket: "register:192.0.2.1", Every: time.Hour / 7, Burst: 7},
		{Bucket: "admin-denied:192.0.2.1", Every: 2 * time.Second, Burst: 30},
	}
	if len(s.charged) != len(want) || s.charged[0] != want[0] || s.charged[1] != want[1] {
		t.Errorf("charged %+v, want %+v", s.charged, want)
	}
	for _, bad := range []Limits{{Read: Limit{Count: -2, Per: time.Hour}}, {Admin: Limit{Count: 5}}, {Create: Limit{Per: time.Hour}}} {
		if _, err := newServer(s, Options{Limits: bad}); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

// A refusal with 429 says when to come back, on every way to it.
func TestEveryRateLimitRefusalSaysWhenToComeBack(t *testing.T) {
	s := &stub{charge: func(c market.Charge) (market.Admitted, error) {
		return market.Admitted{Remaining: 0, RetryAfter: 1500 * time.Millisecond, ResetAfter: 59 * time.Second}, nil
	}}
	server := s.server(t, Options{})
	for _, c := range []struct{ method, path, limit string }{
		{"POST", "/v1/register", "5"},
		{"GET", "/v1/agents", "120"},
		{"POST", "/v1/tasks", "30"},
		{"POST", "/v1/tasks/pickup", "60"},
		{"POST", "/v1/tasks/pickup/batch", "60"},
		{"POST", "/v1/tasks/tk-1/pickup", "60"},
		{"POST", "/v1/tasks/tk-1/deliver", "30"},
		{"GET", "/v1/me", "120"},
		{"GET", "/v1/events", "120"},
		{"POST", "/v1/tasks/tk-1/approve", "120"},
	} {
		w := ask(server, c.method, c.path, "{}")
		expect(t, w, 429, `{"error":"`)
		h := w.Header()
		if h.Get("Retry-After") != "2" || h.Get("RateLimit-Limit") != c.limit || h.Get("RateLimit-Remaining") != "0" || h.Get("RateLimit-Reset") != "59" {
			t.Errorf("%s %s: %v", c.method, c.path, h)
		}
	}
	expect(t, ask(server, "GET", "/v1/admin/audit", "", "Authorization", "Bearer "+adminKey), 429)
	expect(t, ask(server, "GET", "/v1/admin/audit", "", "Authorization", "Bearer guess"), 429)

	// Refusals of the market that do not say for how long still get the header.
	s = &stub{cancel: func(market.TaskID) (market.Task, error) {
		return market.Task{}, &market.Error{Kind: market.ErrRateLimited, Message: "too many"}
	}}
	w := ask(s.server(t, Options{}), "POST", "/v1/tasks/tk-1/cancel", "")
	expect(t, w, 429)
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// Guessing keys is limited by client address, and costs the agents behind that
// address nothing.
func TestUnknownKeysAreLimited(t *testing.T) {
	onEveryStore(t, func(t *testing.T, with pinchwork.Option) {
		s := newSite(t, Options{Limits: Limits{Read: Limit{3, time.Hour}}}, with)
		honest := s.agent("honest", false)
		guesser := &person{site: s, key: "pwk-" + strings.Repeat("x", 41)}
		for range 3 {
			guesser.send("GET", "/v1/me", nil, "").is(401)
		}
		if guesser.send("POST", "/v1/tasks", object{"need": "x"}, "").is(429).header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		honest.send("GET", "/v1/me", nil, "").is(200)
		s.stranger(false).send("GET", "/v1/agents", nil, "").is(200)
	})
}

func TestLimiterThatCannotBeReached(t *testing.T) {
	var log strings.Builder
	s := &stub{
		charge: func(market.Charge) (market.Admitted, error) {
			return market.Admitted{}, &market.Error{Kind: market.ErrUnavailable, Message: "no", Cause: errors.New("dial tcp: refused")}
		},
		register: func(in market.RegisterInput) (market.Registration, error) {
			return market.Registration{AgentID: "ag-1"}, nil
		},
	}
	server := s.server(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	expect(t, ask(server, "POST", "/v1/register", `{"name": "a"}`), 201)
	if !strings.Contains(log.String(), "rate limiter not reachable") || !strings.Contains(log.String(), "dial tcp") {
		t.Errorf("log: %s", log.String())
	}
}

func TestClientAddress(t *testing.T) {
	s := &stub{}
	server := s.server(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}})
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.7:1234", "", "192.0.2.7"},
		{"192.0.2.7:1234", "1.2.3.4", "192.0.2.7"}, // not a proxy of ours
		{"10.1.1.1:1234", "", "10.1.1.1"},
		{"10.1.1.1:1234", "1.2.3.4", "1.2.3.4"},
		{"10.1.1.1:1234", "6.6.6.6, 1.2.3.4", "1.2.3.4"}, // the client wrote the first
		{"10.1.1.1:1234", "6.6.6.6, 1.2.3.4, 10.2.2.2", "1.2.3.4"},
		{"10.1.1.1:1234", "10.3.3.3, 10.2.2.2", "10.3.3.3"},
		{"10.1.1.1:1234", "6.6.6.6, rubbish, 10.2.2.2", "10.2.2.2"},
		{"10.1.1.1:1234", "1.2.3.4:99", "1.2.3.4"},
		{"[fd00::1]:1234", "[2001:db8::1]:80", "2001:db8::1"},
		{"[::ffff:10.1.1.1]:1", "::ffff:1.2.3.4", "1.2.3.4"},
		{"@", "1.2.3.4", "invalid IP"},
	} {
		r := newRequest(c.peer, c.forwarded)
		if got := server.ClientAddress(r).String(); got != c.want {
			t.Errorf("peer %s, forwarded for %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
	if a, b := addressBucket(netip.MustParseAddr("2001:db8::1")), addressBucket(netip.MustParseAddr("2001:db8::ffff:1")); a != b {
		t.Errorf("two addresses of one IPv6 network: %s and %s", a, b)
	}
	if a, b := addressBucket(netip.MustParseAddr("2001:db8::1")), addressBucket(netip.MustParseAddr("2001:db8:0:1::1")); a == b {
		t.Error("two IPv6 networks share a bucket")
	}
}

package httpserver

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// sessions is a host program whose header X-User names one of its users.
type sessions struct{ *site }

func (s *sessions) agent(r *http.Request) (market.AgentID, error) {
	switch user := r.Header.Get("X-User"); user {
	case "":
		return "", nil
	case "mallory":
		return "", errors.New("no such session in the secret table")
	case "away":
		return "", &market.Error{Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Message: "Sessions cannot be read"}
	case "ghost":
		return "ag-0000000000000000", nil
	default:
		got, err := s.market.Ensure(r.Context(), user, market.RegisterInput{Name: user})
		return got.AgentID, err
	}
}

func newSessions(t *testing.T, o Options, with ...pinchwork.Option) *sessions {
	s := new(sessions)
	o.Authenticate = s.agent
	s.site = newSite(t, o, with...)
	return s
}

// Users of a host program are agents without a key, beside agents that have one.
func TestAHostSaysWhoCalls(t *testing.T) { onEveryStore(t, checkHostSaysWhoCalls) }

func checkHostSaysWhoCalls(t *testing.T, with pinchwork.Option) {
	var log bytes.Buffer
	s := newSessions(t, Options{Limits: NoLimits(), Logger: slog.New(slog.NewTextHandler(&log, nil))}, with)
	bob, nobody := s.site.agent("bob", false), s.stranger(false)
	ada := nobody.send("GET", "/v1/me", nil, "", "X-User", "ada").is(200).has("name", "ada")
	nobody.send("GET", "/v1/me", nil, "", "X-User", "ada").is(200).has("id", ada.text("id"))
	task := nobody.send("POST", "/v1/tasks", object{"need": "work"}, "", "X-User", "ada").is(201).text("task_id")
	bob.send("POST", "/v1/tasks/"+task+"/pickup", nil, "").is(200)
	nobody.send("GET", "/v1/tasks/"+task, nil, "", "X-User", "ada").is(200).has("worker_id", bob.id)
	bob.send("GET", "/v1/me", nil, "", "X-User", "ada").is(200).has("name", "ada")

	nobody.send("GET", "/v1/me", nil, "").is(401)
	nobody.send("GET", "/v1/me", nil, "", "X-User", "ghost").is(401).has("code", "unauthorized")
	nobody.send("GET", "/v1/me", nil, "", "X-User", "away").is(503).has("code", "unavailable")
	refused := bob.send("GET", "/v1/me", nil, "", "X-User", "mallory").is(401).has("code", "unauthorized")
	if strings.Contains(refused.raw, "secret table") || !strings.Contains(log.String(), "secret table") {
		t.Errorf("the client is told %s, the log says %s", refused.raw, log.String())
	}
	suspend := market.SuspendInput{AgentID: market.AgentID(ada.text("id")), Suspended: true}
	if _, err := s.market.Suspend(t.Context(), suspend); err != nil {
		t.Fatal(err)
	}
	nobody.send("GET", "/v1/me", nil, "", "X-User", "ada").is(403).has("code", "suspended")
}

func TestWithoutKeysTheHostAloneSaysWhoCalls(t *testing.T) {
	s := newSessions(t, Options{NoKeys: true, Limits: NoLimits()})
	bob := s.site.agent("bob", false)
	bob.send("GET", "/v1/me", nil, "").is(401).has("code", "unauthorized")
	bob.send("GET", "/v1/me", nil, "", "X-User", "ada").is(200).has("name", "ada")
	s.operator(false).send("GET", "/v1/admin/reports", nil, "").is(200)
	if _, err := New(s.market, Options{NoKeys: true}); err == nil {
		t.Error("a server that nobody can call was made")
	}
}

// An agent has one limit, whether it comes with its key or the host says who it is;
// failed sessions are limited by address.
func TestAHostsCallersAreLimited(t *testing.T) {
	s := newSessions(t, Options{Limits: Limits{Read: Limit{4, time.Hour}, Register: Unlimited}})
	made, err := s.market.Ensure(t.Context(), "ada", market.RegisterInput{Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	byKey, nobody := &person{site: s.site, key: string(made.APIKey)}, s.stranger(false)
	for i := range 4 {
		if i%2 == 0 {
			byKey.send("GET", "/v1/me", nil, "").is(200)
		} else {
			nobody.send("GET", "/v1/me", nil, "", "X-User", "ada").is(200).headers("RateLimit-Limit", "4")
		}
	}
	byKey.send("GET", "/v1/me", nil, "").is(429)
	nobody.send("GET", "/v1/me", nil, "", "X-User", "ada").is(429).headers("RateLimit-Remaining", "0")
	for range 4 {
		nobody.send("GET", "/v1/me", nil, "", "X-User", "mallory").is(401)
	}
	nobody.send("GET", "/v1/me", nil, "", "X-User", "mallory").is(429)
	nobody.send("GET", "/v1/me", nil, "", "X-User", "bob").is(200)
}

// A route that is off is nowhere: neither served nor described.
func TestRoutesCanBeOff(t *testing.T) {
	s := (&stub{}).server(t, Options{Off: []string{"register", "searchAgents", "audit"}})
	for _, c := range []struct{ method, path string }{{"POST", "/v1/register"}, {"GET", "/v1/agents"}, {"GET", "/v1/admin/audit"}} {
		if w := ask(s, c.method, c.path, `{"name": "x"}`); w.Code != http.StatusNotFound {
			t.Errorf("%s %s is %d", c.method, c.path, w.Code)
		}
	}
	documents := ask(s, "GET", "/v1/capabilities", "").Body.String() + ask(s, "GET", "/openapi.json", "").Body.String()
	for _, name := range []string{`"path":"/v1/register"`, `"/v1/register":`, `"searchAgents"`, `"/v1/admin/audit"`} {
		if strings.Contains(documents, name) {
			t.Errorf("the documents have %s", name)
		}
	}
	if got, all := len(s.Routes()), len(Routes()); got != all-3 {
		t.Errorf("%d of %d routes are left", got, all)
	}
	expect(t, ask(s, "GET", "/v1/agents/ag-1", ""), 404, "Agent not found")
	if _, err := newServer(&stub{}, Options{Off: []string{"registre"}}); err == nil || !strings.Contains(err.Error(), "registre") {
		t.Errorf("an unknown route: %v", err)
	}
}

// The new key works, the old one too until its time, and neither is given again under
// an Idempotency-Key, since keys are not kept.
func TestAKeyIsRotated(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()})
	for _, markdown := range []bool{false, true} {
		old := s.agent("ada", markdown)
		first := old.send("POST", "/v1/me/key/rotate", nil, "", "Idempotency-Key", "k").is(200)
		second := old.send("POST", "/v1/me/key/rotate", object{"overlap_minutes": 1}, "", "Idempotency-Key", "k").is(200)
		for key, status := range map[string]int{old.key: 200, first.text("api_key"): 401, second.text("api_key"): 200} {
			(&person{site: s, key: key}).send("GET", "/v1/me", nil, "").is(status)
		}
		hour, err := time.Parse(time.RFC3339, first.text("old_key_valid_until"))
		if left := time.Until(hour); err != nil || left > time.Hour || left < 50*time.Minute {
			t.Errorf("without an overlap the old key works until %q, %v", first.text("old_key_valid_until"), err)
		}
		newest := &person{site: s, key: second.text("api_key")}
		newest.send("POST", "/v1/me/key/rotate", object{"overlap": 0}, "").is(400).has("field", "overlap")
		newest.send("POST", "/v1/me/key/rotate", nil, "").is(200)
		old.send("GET", "/v1/me", nil, "").is(401)
		third := newest.send("POST", "/v1/me/key/rotate", object{"overlap_minutes": 0}, "").is(200).has("old_key_valid_until", "")
		newest.send("GET", "/v1/me", nil, "").is(401)
		(&person{site: s, key: third.text("api_key")}).send("GET", "/v1/me", nil, "").is(200).has("name", "ada")
		for _, overlap := range []any{-1, 1_441, int64(1) << 40} {
			(&person{site: s, key: third.text("api_key")}).send("POST", "/v1/me/key/rotate", object{"overlap_minutes": overlap}, "").is(400).has("field", "overlap_minutes")
		}
	}
}

func TestRegistrationByInvitation(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()}, pinchwork.WithPolicy(func(p *market.Policy) { p.Registration = market.RegistrationInvite }))
	token := s.invite(t, false)
	for _, markdown := range []bool{false, true} {
		p := s.stranger(markdown)
		p.send("POST", "/v1/register", object{"name": "ada"}, "").is(403).has("code", "invite_invalid")
		status := map[bool]int{false: 201, true: 403}[markdown] // it lets one in
		p.send("POST", "/v1/register", object{"name": "ada", "invite": token}, "").is(status)
	}
	s.operator(false).send("POST", "/v1/admin/invites", object{"valid_for": int64(1) << 40}, "").is(400).has("field", "valid_for")
}

package httpserver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
)

func TestANearPathIsNamed(t *testing.T) {
	server := newSite(t, Options{Limits: NoLimits()}).server
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"POST", "/tasks", 404, "POST /v1/tasks?"},
		{"GET", "/tasks/tk-abc123", 404, "GET /v1/tasks/{id}?"},
		{"GET", "/tasks/available", 404, "GET /v1/tasks/available?"},
		{"POST", "/register", 404, "POST /v1/register?"},
		{"POST", "/api/v1/tasks", 404, "POST /v1/tasks?"},
		{"POST", "/api/tasks", 404, "POST /v1/tasks?"},
		{"POST", "/v2/tasks", 404, "POST /v1/tasks?"},
		{"POST", "//v1/tasks", 404, "POST /v1/tasks?"},
		{"GET", "/me", 404, "GET /v1/me?"},
		{"POST", "/v1/tasks/tk-1/accept", 404, "POST /v1/tasks/{id}/pickup to take it, POST /v1/tasks/{id}/approve"},
		{"POST", "/v1/tasks/tk-1/claim", 404, "POST /v1/tasks/{id}/pickup?"},
		{"POST", "/tasks/tk-1/claim", 404, "POST /v1/tasks/{id}/pickup?"},
		{"POST", "/v1/tasks/tk-1/submit", 404, "POST /v1/tasks/{id}/deliver?"},
		{"POST", "/v1/tasks/tk-1/complete", 404, "POST /v1/tasks/{id}/deliver?"},
		{"POST", "/v1/tasks/tk-1/delivr", 404, "POST /v1/tasks/{id}/deliver?"},
		{"POST", "/v1/tasks/tk-1/delete", 404, "POST /v1/tasks/{id}/cancel?"},
		{"POST", "/v1/tasks/tk-1/message", 404, "POST /v1/tasks/{id}/messages?"},
		{"GET", "/v1/tasks/tk-1/question", 404, "GET /v1/tasks/{id}/questions?"},
		{"POST", "/v1/task", 404, "POST /v1/tasks?"},
		{"POST", "/v1/signup", 404, "POST /v1/register?"},
		{"GET", "/v1/agent/ag-1", 404, "GET /v1/agents/{id}?"},
		{"DELETE", "/v1/tasks/tk-1", 405, "POST /v1/tasks/{id}/cancel?"},
		{"GET", "/v1/tasks", 405, "GET /v1/tasks/available for open tasks"},
		{"POST", "/v1/tasks/claim", 405, "POST /v1/tasks/pickup?"},
		{"POST", "/v1/tasks/create", 405, "POST /v1/tasks?"},
		{"POST", "/v1/agents", 405, "POST /v1/register?"},
		{"GET", "/v1/register", 405, "use POST"},
	} {
		w := ask(server, c.method, c.path, "", "Accept", "application/json")
		expect(t, w, c.status, c.says)
		if (c.status == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, w.Header().Get("Allow"))
		}
	}
}

func TestAFarPathIsNotGuessed(t *testing.T) {
	server := newSite(t, Options{Limits: NoLimits()}).server
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/xyz", "/xyz", "/v1/tasks/tk-1/xyz", "/v1/tasks/tk-1/pickup/xyz/a/b/c/d/e/f", "/" + strings.Repeat("tasks/", 5000), "/v1/" + strings.Repeat("t", 60_000)} {
		began := time.Now()
		w := ask(server, "POST", path, "", "Accept", "application/json")
		if w.Code != 404 || strings.Contains(w.Body.String(), "did you mean") {
			t.Errorf("%.50s: %d %s", path, w.Code, w.Body)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%.50s took %v", path, took)
		}
	}
}

// The form alone decides: what exists makes no difference.
func TestIdsAndKeysOfAnotherFormAreExplained(t *testing.T) {
	site := newSite(t, Options{Limits: NoLimits()})
	p := site.agent("a", false)
	key := []string{"Authorization", "Bearer " + p.key, "Accept", "application/json"}
	bare := strings.TrimPrefix(p.post("x", "max_credits", 1), "tk-")
	for _, c := range []struct{ method, path, says string }{
		{"GET", "/v1/tasks/" + bare, "begins with tk-"},
		{"POST", "/v1/tasks/ag-1/pickup", "begins with tk-"},
		{"POST", "/v1/tasks/17/cancel", "begins with tk-"},
		{"GET", "/v1/agents/17", "begins with ag-"},
	} {
		w := ask(site.server, c.method, c.path, "", key...)
		expect(t, w, 404, c.says, `"code":"not_found"`)
		if strings.Contains(w.Body.String(), bare) {
			t.Errorf("the id is repeated: %s", w.Body)
		}
	}
	for _, path := range []string{"/v1/tasks/tk-abcdefghijkl", "/v1/agents/ag-abcdefghijkl"} {
		if w := ask(site.server, "GET", path, "", key...); w.Code != 404 || strings.Contains(w.Body.String(), "begins") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	secret := strings.TrimPrefix(p.key, "pwk-")
	w := ask(site.server, "GET", "/v1/me", "", "Authorization", "Bearer "+secret)
	expect(t, w, 401, "begins with pwk-")
	if strings.Contains(w.Body.String(), secret) {
		t.Error("the key is repeated")
	}
	w = ask(site.server, "GET", "/v1/me", "", "Authorization", "Bearer pwk-"+strings.Repeat("x", 41))
	expect(t, w, 401, "Invalid API key")
	expect(t, ask(site.server, "GET", "/v1/me", "", "Authorization", "Basic x"), 401, "Authorization: Bearer")
}

func TestHintsWorkBelowPages(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	var api *Server
	s, err := New(m, Options{Limits: NoLimits(), Pages: func(s *Server) http.Handler {
		api = s
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { api.NoPage(w, r) })
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	expect(t, ask(s, "POST", "/tasks", ""), 404, "POST /v1/tasks?")
	expect(t, ask(s, "POST", "/nothing", ""), 405, "GET, HEAD")
	expect(t, ask(s, "GET", "/nothing", ""), 404)
}

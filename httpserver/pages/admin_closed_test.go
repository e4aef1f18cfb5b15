package pages

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
)

// Every page of the operator's but the login itself sends away whoever has no
// session, or one that is bound to another key; the table says which pages there are.
func TestEveryOperatorsPageWantsASession(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	var p *pages
	api, err := httpserver.New(m, httpserver.Options{AdminKey: "operator-key", Pages: func(s *httpserver.Server) http.Handler {
		p = &pages{market: m, api: s, binding: s.AdminSecret("session")}
		return http.NotFoundHandler()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	forged, err := m.LogIn(t.Context(), []byte("another key's secret"), sessionLife)
	if err != nil {
		t.Fatal(err)
	}
	for route, serve := range p.adminRoutes() {
		method, path, _ := strings.Cut(route, " ")
		if path == "/admin" || path == "/admin/login" {
			continue
		}
		for name, cookie := range map[string]string{"no cookie": "", "nonsense": "x", "another key's": string(forged)} {
			r := httptest.NewRequest(method, strings.ReplaceAll(path, "{id}", "ag-1"), http.NoBody)
			r.AddCookie(&http.Cookie{Name: cookieName, Value: cookie})
			w := httptest.NewRecorder()
			serve(w, r)
			at, err := url.Parse(w.Header().Get("Location"))
			if err != nil || w.Code != http.StatusSeeOther || at.Host != "" || at.Path != "/admin" {
				t.Fatalf("%s with %s: %d %s", route, name, w.Code, at)
			}
			// Where it leads back to is a page that can be loaded.
			back := at.Query().Get("to")
			page := strings.ReplaceAll(back, "ag-1", "{id}")
			if _, is := p.adminRoutes()["GET "+page]; back != "" && (!is || backTo(back) != back) || at.Query().Has("lost") != (method == http.MethodPost && path != "/admin/logout") {
				t.Errorf("%s with %s leads to %s", route, name, at)
			}
		}
	}
}

// A log-in leads to pages of the desk and to nothing else, whatever a link says.
func TestALogInLeadsToTheDeskAlone(t *testing.T) {
	for to, want := range map[string]string{
		"": "/admin", "/admin": "/admin", "/admin/tasks/tk-1": "/admin/tasks/tk-1", "/admin/tasks?of=reported&search=a%20b": "/admin/tasks?of=reported&search=a%20b",
		"/admin/agents/ag-1?x=1#balance": "/admin/agents/ag-1?x=1",
		"https://evil.example/admin":     "/admin", "//evil.example/admin": "/admin", "/\\evil.example": "/admin", "/admin\\evil.example": "/admin", "javascript:alert(1)": "/admin",
		"/tasks": "/admin", "/administer": "/admin", "/admin/../me": "/admin", "/admin//evil.example": "/admin", "/admin/%2e%2e/me": "/admin",
		"/admin/login": "/admin", "/admin/logout": "/admin", "admin/tasks": "/admin", "/admin/tasks\r\nSet-Cookie: a=b": "/admin", "http://user@/admin": "/admin", "%": "/admin",
	} {
		if got := backTo(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

package pages

import (
	"net/http"
	"net/http/httptest"
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
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/admin" {
				t.Errorf("%s with %s: %d %s", route, name, w.Code, w.Header().Get("Location"))
			}
		}
	}
}

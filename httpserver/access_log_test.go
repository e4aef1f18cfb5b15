package httpserver

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// The log has the path of a request, without what may be a secret in it.
func TestLoggedPathsTellNoSecrets(t *testing.T) {
	s := &Server{options: Options{AdminKey: "the-admin-key"}}
	long := strings.Repeat("x", maxLoggedPart+1)
	for path, want := range map[string]string{
		"/v1/tasks/tk-1/deliver":        "/v1/tasks/tk-1/deliver",
		"/":                             "/",
		"/v1/tasks/pwk-abc/deliver":     "/v1/tasks/(hidden)/deliver",
		"/x/pwo-abc":                    "/x/(hidden)",
		"/v1/the-admin-key/x":           "/v1/(hidden)/x",
		"/" + long + "/y":               "/(hidden)/y",
		strings.Repeat("/aaaaaaaa", 20): strings.Repeat("/aaaaaaaa", 6) + "/(hidden)",
		"/\xff":                         "/?",
	} {
		if got := s.loggedPath(path); got != want {
			t.Errorf("%.40q is logged as %q, want %q", path, got, want)
		}
	}
}

// A client behind a trusted proxy is logged by its own address, and health checks that
// went well only for those who ask for everything.
func TestLogTellsTheClientAndNoHealthChecks(t *testing.T) {
	for level, probes := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelDebug: true} {
		var log lockedBuffer
		m, err := pinchwork.New()
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(m, Options{
			Logger:         slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level})),
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, path := range []string{"/health", "/readyz", "/v1/tags?search=SECRET", "/nowhere"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr = "10.1.2.3:4567"
			r.Header.Set("X-Forwarded-For", "192.0.2.66, 198.51.100.7")
			s.ServeHTTP(httptest.NewRecorder(), r)
		}
		text := log.String()
		for _, want := range []string{"path=/v1/tags ", "path=/nowhere ", "client=198.51.100.7"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not in\n%s", want, text)
			}
		}
		if strings.Contains(text, "path=/health") != probes || strings.Contains(text, "path=/readyz status=200") != probes || strings.Contains(text, "SECRET") {
			t.Errorf("at %v:\n%s", level, text)
		}
	}
}

// Each request is one line, which has what went wrong, and whoever somebody turned out to be.
func TestTheLogHasOneLineForARequest(t *testing.T) {
	away := &market.Error{Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Message: "away", Cause: errors.New("dial tcp: refused")}
	s := &stub{
		ready: away,
		register: func(in market.RegisterInput) (market.Registration, error) {
			if in.Name == "late" {
				return market.Registration{}, away
			}
			return market.Registration{AgentID: "ag-new"}, nil
		},
	}
	var log lockedBuffer
	server := s.server(t, Options{
		AdminKey: "the-admin-key", Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Pages: func(s *Server) http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /{$}", func(http.ResponseWriter, *http.Request) {})
			mux.HandleFunc("GET /tasks/{id}", func(http.ResponseWriter, *http.Request) {})
			mux.HandleFunc("POST /admin", func(w http.ResponseWriter, r *http.Request) {
				_, _ = s.AdmitOperator(struct{ http.ResponseWriter }{w}, r, "wrong")
				_, _ = s.AdmitOperator(w, r, "the-admin-key")
			})
			mux.HandleFunc("GET /admin", func(w http.ResponseWriter, r *http.Request) {
				_ = s.ChargeOperator(w, r, market.Operator{Name: "ada"})
			})
			mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) { s.Visit(w, r, "ag-owner") })
			mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
			return mux
		},
	})
	for _, tc := range []struct {
		method, path, body string
		want               []string
	}{
		{"POST", "/v1/register", `{"name": "a"}`, []string{"level=INFO msg=request ", "route=/v1/register ", "status=201 ", "agent_id=ag-new "}},
		{"POST", "/v1/register", `{"name": "late"}`, []string{`level=ERROR msg="request failed" `, "status=503 ", `error="dial tcp: refused"`}},
		{"GET", "/readyz", "", []string{`level=WARN msg="not ready" `, "status=503 ", `error="dial tcp: refused"`}},
		{"GET", "/", "", []string{"level=INFO msg=request ", "route=/ "}},
		{"GET", "/tasks/tk-1", "", []string{"route=/tasks/{id} ", "path=/tasks/tk-1 "}},
		{"POST", "/admin", "", []string{"route=/admin ", "operator=root "}},
		{"GET", "/admin", "", []string{"route=/admin ", "operator=ada "}},
		{"GET", "/me", "", []string{"route=/me ", "agent_id=ag-owner "}},
		{"GET", "/made/up", "", []string{"route=none ", "status=404 "}},
	} {
		log.Reset()
		r := httptest.NewRequest(tc.method, tc.path, strings.NewReader(tc.body))
		r.Pattern = "/the/host's" // of a program that serves the market below its own paths
		r.Header.Set("Content-Type", "application/json")
		server.ServeHTTP(httptest.NewRecorder(), r)
		text := log.String()
		if n := strings.Count(text, "\n"); n != 1 {
			t.Errorf("%s %s: %d lines", tc.method, tc.path, n)
		}
		for _, want := range tc.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s %s: %s is not in\n%s", tc.method, tc.path, want, text)
			}
		}
	}
}

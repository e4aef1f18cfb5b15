package httpserver

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
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

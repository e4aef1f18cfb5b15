package serve

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
)

// What the server measures of its requests is at /metrics.
func TestRequestsAreInTheMetrics(t *testing.T) {
	metrics, err := newMetrics("127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.close()
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	api, err := newAPI(m, &Settings{}, metrics.telemetry(), "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/health", nil))
	w := httptest.NewRecorder()
	metrics.server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	want := `pinchwork_http_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/health"`
	if !strings.Contains(w.Body.String(), want) {
		t.Errorf("there is no %s in\n%s", want, w.Body)
	}
}

package sqlite_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// While the disk is full a server answers writes with 503 and says that it is not
// ready; it goes on by itself once there is room, and what it refused was not done.
func TestAServerOnAFullDisk(t *testing.T) {
	d, name := newDisk(t)
	m, err := pinchwork.New(pinchwork.WithStore(openAt(t, filepath.Join(t.TempDir(), "market.db"), sqlite.Through(name))))
	if err != nil {
		t.Fatal(err)
	}
	ada, err := m.Register(t.Context(), market.RegisterInput{Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	markettest.Eventually(t, "the market to be ready", func() bool { return m.Ready(t.Context()) == nil })
	api, err := httpserver.New(m, httpserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	ask := func(method, path string, want int) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(`{"need": "review"}`))
		r.Header.Set("Authorization", "Bearer "+string(ada.APIKey))
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != want || want == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
		}
	}
	ask(http.MethodGet, "/readyz", http.StatusOK)
	d.fail(sqlite3.FULL)
	ask(http.MethodPost, "/v1/tasks", http.StatusServiceUnavailable)
	ask(http.MethodGet, "/readyz", http.StatusServiceUnavailable)
	ask(http.MethodGet, "/health", http.StatusOK)
	d.fail(nil)
	ask(http.MethodGet, "/readyz", http.StatusOK)
	ask(http.MethodPost, "/v1/tasks", http.StatusCreated)
	if me, err := m.As(ada.AgentID).Credits(t.Context(), market.Page{}); err != nil || me.Total != 2 {
		t.Errorf("the ledger has %d entries, %v", me.Total, err)
	}
}

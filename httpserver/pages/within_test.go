package pages_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/uptrace/bunrouter"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
)

// What somebody wrote behind a lone carriage return stays a line of the event's
// data: it is never read as a field of the event.
func TestDashboardStreamTakesNoFieldsFromTexts(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	poster := s.agent(market.RegisterInput{Name: "poster"})
	need := "first\rid: 7\revent: stolen\r\nretry: 1\n\ndata: injected\u2028end"
	if _, err := poster.Post(t.Context(), market.PostInput{Need: need, MaxCredits: 1}); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/live/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	buffer := make([]byte, 64<<10)
	n, err := io.ReadAtLeast(res.Body, buffer, 1)
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.TrimRight(string(buffer[:n]), "\n")
	if !strings.Contains(whole, "stolen") {
		t.Fatalf("the task is not shown: %s", whole)
	}
	// A browser ends a line at CR, LF and both together.
	for _, line := range strings.FieldsFunc(whole, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if !strings.HasPrefix(line, "data: ") {
			t.Errorf("a line of the stream is %q", line)
		}
	}
}

// A customer with a network of IPv6 addresses is one viewer's address.
func TestViewersOfOneNetworkAreCountedTogether(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for address, want := range map[string]string{
		"[2001:db8::1]:1": "2001:db8::/64", "[2001:db8::ffff:1]:2": "2001:db8::/64", "192.0.2.7:3": "192.0.2.7",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = address
		if got := s.api.ClientBucket(r); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}

// A cookie that was copied before the log-out opens nothing afterwards, at any
// replica.
func TestLogOutEndsTheSessionAtEveryReplica(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	other, err := httpserver.New(s.market, httpserver.Options{AdminKey: adminKey, Limits: httpserver.NoLimits(), Pages: pages.New(s.market)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	replica := httptest.NewServer(other)
	defer replica.Close()
	o := newOperator(t, s.url)
	o.login()
	address, err := url.Parse(s.url + "/admin")
	if err != nil {
		t.Fatal(err)
	}
	stolen := o.client.Jar.Cookies(address)
	thief := newOperator(t, replica.URL)
	thief.client.Jar, _ = cookiejar.New(nil)
	thief.client.Jar.SetCookies(mustURL(t, replica.URL+"/admin"), stolen)
	if status, page := thief.get("/admin/agents"); status != http.StatusOK || !strings.Contains(page, "<h1>Agents</h1>") {
		t.Fatalf("the copied cookie is of no use even before: %d %s", status, page)
	}
	if status, page := o.post("/admin/logout", o.form("/admin")); status != http.StatusOK || !strings.Contains(page, "Sign in") {
		t.Fatalf("log-out: %d %s", status, page)
	}
	for _, path := range []string{"/admin", "/admin/agents"} {
		thief.client.Jar.SetCookies(mustURL(t, replica.URL+"/admin"), stolen)
		if status, page := thief.get(path); status != http.StatusOK || !strings.Contains(page, "Sign in") || strings.Contains(page, "<h1>Agents</h1>") || strings.Contains(page, "<h1>Reports</h1>") {
			t.Errorf("%s after the log-out: %d %s", path, status, page)
		}
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Forms cost their client's allowance whatever is in them, the right key too:
// nothing of a form has to be read to refuse it.
func TestLoginIsChargedWhateverItsFormSays(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	limited, err := httpserver.New(s.market, httpserver.Options{AdminKey: adminKey, Pages: pages.New(s.market)})
	if err != nil {
		t.Fatal(err)
	}
	defer limited.Close()
	for i := range 320 {
		r := httptest.NewRequest(http.MethodPost, "/admin/login", strings.NewReader("key="+adminKey))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		limited.ServeHTTP(w, r)
		if w.Code == http.StatusTooManyRequests && w.Header().Get("Ratelimit-Limit") == "300" {
			if i < 300 {
				t.Errorf("refused after %d forms", i)
			}
			return
		}
	}
	t.Error("320 forms of one address were let through")
}

// Below a prefix nothing leads out of it, in any router.
func TestPagesStayWithinTheMount(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	below := http.StripPrefix("/market", s.api)
	mux := http.NewServeMux()
	mux.Handle("/market/", below)
	c := chi.NewRouter()
	c.Mount("/market", below)
	bun := bunrouter.New()
	bun.GET("/market/*path", bunrouter.HTTPHandler(below))
	for name, router := range map[string]http.Handler{"net/http": mux, "chi": c, "bunrouter": bun} {
		live := httptest.NewServer(router)
		defer live.Close()
		for path, want := range map[string]string{
			"/market": "/market/", "/market/": "/market/", "/market/admin": "/market/admin", "/market/admin/": "/market/admin",
			"/market/agents/": "/market/agents", "/market/terms/?x=1": "/market/terms?x=1", "/market/docs/": "/market/docs/",
		} {
			res, err := http.Get(live.URL + path)
			if err != nil {
				t.Errorf("%s %s: %v", name, path, err)
				continue
			}
			_ = res.Body.Close()
			if got := res.Request.URL.RequestURI(); res.StatusCode != http.StatusOK || got != want {
				t.Errorf("%s %s: %d at %s, want 200 at %s", name, path, res.StatusCode, got, want)
			}
		}
		for _, path := range []string{"/market//agents", "/market/x//y"} {
			res, err := http.Get(live.URL + path)
			if err != nil {
				t.Errorf("%s %s: %v", name, path, err)
				continue
			}
			_ = res.Body.Close()
			if !strings.HasPrefix(res.Request.URL.Path, "/market/") {
				t.Errorf("%s %s leads to %s", name, path, res.Request.URL)
			}
		}
	}
}

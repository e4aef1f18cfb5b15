package pages_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

func (s *site) agent(in market.RegisterInput) *market.Handle {
	s.t.Helper()
	r, err := s.market.Register(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.market.As(r.AgentID)
}

const attack = `<script>alert("x")</script>`

// Needs are cut and escaped; nothing else of a task is public (rule 4.21).
func TestPagesEscapeAndCutNeeds(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	poster := s.agent(market.RegisterInput{Name: attack, GoodAt: attack})
	_, err := poster.Post(t.Context(), market.PostInput{
		Need: attack + strings.Repeat(" word", 40) + " SECRET-END", Context: "SECRET-CONTEXT", MaxCredits: 10, Tags: []string{"go"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/live", "/agents", "/agents?search=%3Cscript%3E", "/agents/" + string(poster.ID())} {
		res, page := s.get(path)
		if res.StatusCode != http.StatusOK || strings.Contains(page, attack) || strings.Contains(page, "SECRET") {
			t.Errorf("%s: %s\n%s", path, res.Status, page)
		}
		if strings.Contains(page, "pwk-") || path != "/" && path != "/live" && strings.Contains(page, ">90<") {
			t.Errorf("%s shows a key or credits", path)
		}
	}
	_, page := s.get("/")
	if !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, "…") {
		t.Errorf("the need is not there: %s", page)
	}
}

func TestPagesAreConfined(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	outside := regexp.MustCompile(`(?:src|href|action)="(?:https?:)?//`)
	for _, path := range []string{"/", "/agents", "/agents/ag-nobody", "/nothing", "/docs"} {
		res, page := s.get(path, "Accept", "text/html")
		csp := res.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: policy %q", path, csp)
		}
		if strings.Contains(csp, "script-src 'self' 'unsafe-inline'") || path != "/docs" && (strings.Contains(csp, "unsafe") || strings.Contains(page, " style=") || strings.Contains(page, "<script>")) {
			t.Errorf("%s needs what its policy forbids", path)
		}
		if outside.MatchString(page) {
			t.Errorf("%s loads from elsewhere", path)
		}
	}
	for path, status := range map[string]int{"/agents/ag-nobody": 404, "/nothing": 404, "/assets/none.css": 404, "/assets/..%2fpages.go": 404, "/agents?search=" + strings.Repeat("x", 501): 400} {
		if res, _ := s.get(path); res.StatusCode != status {
			t.Errorf("%s: %s, want %d", path, res.Status, status)
		}
	}
}

func TestPagesBelowAPrefix(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{Pages: pages.New(m)})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/market/", http.StripPrefix("/market", api))
	live := httptest.NewServer(mux)
	defer func() { api.Close(); live.Close() }()
	s := &site{t, m, live.URL, api}
	link := regexp.MustCompile(`(?:href|src|action|data-source)="([^"#]+)"`)
	for _, path := range []string{"/market/", "/market/agents", "/market/docs"} {
		_, page := s.get(path)
		links := link.FindAllStringSubmatch(page, -1)
		if len(links) == 0 {
			t.Errorf("%s has no links", path)
		}
		for _, l := range links {
			if !strings.HasPrefix(l[1], "/market/") {
				t.Errorf("%s links to %s", path, l[1])
			} else if strings.HasPrefix(l[1], "/market/live/stream") {
				if first := s.firstEvent(l[1]); !strings.Contains(first, "Newest tasks") {
					t.Errorf("the stream begins with %q", first)
				}
			} else if res, _ := s.get(l[1]); res.StatusCode != http.StatusOK {
				t.Errorf("%s links to %s: %s", path, l[1], res.Status)
			}
		}
	}
	if _, manual := s.get("/market/skill.md"); !strings.Contains(manual, live.URL+"/market/v1/tasks") {
		t.Error("the manual has not the prefix")
	}
}

// counting counts the reads that a dashboard costs.
type counting struct {
	market.Store
	totals int
	down   bool
}

func (c *counting) Totals(ctx context.Context) (store.Totals, error) {
	if c.down {
		return store.Totals{}, context.DeadlineExceeded
	}
	c.totals++
	return c.Store.Totals(ctx)
}

// Many viewers cost the store one look a second; without the store the page
// says so.
func TestViewersShareOneLook(t *testing.T) {
	store := &counting{Store: memory.New()}
	m, err := pinchwork.New(pinchwork.WithStore(store))
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{Pages: pages.New(m)})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	get := func() int {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/live", nil))
		return w.Code
	}
	began := time.Now()
	for range 200 {
		if got := get(); got != http.StatusOK {
			t.Fatalf("status %d", got)
		}
	}
	if most := 2 * (2 + int(time.Since(began)/time.Second)); store.totals > most {
		t.Errorf("200 viewers cost %d reads of the totals", store.totals)
	}
	store.down = true
	deadline := time.Now().Add(10 * time.Second)
	for get() != http.StatusServiceUnavailable {
		if time.Now().After(deadline) {
			t.Fatal("the page never says that the store is away")
		}
	}
}

// Programs get refusals as everywhere else; browsers get a page.
func TestUnknownPathsAnswerInKind(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for accept, want := range map[string]string{
		"application/json": "application/json", "text/markdown": "text/markdown; charset=utf-8", "": "text/markdown; charset=utf-8",
		"text/html,application/xhtml+xml,*/*;q=0.8": "text/html; charset=utf-8",
	} {
		res, body := s.get("/nope", "Accept", accept)
		if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusNotFound || got != want || !strings.Contains(strings.ToLower(body), "not found") {
			t.Errorf("Accept %q: %s %s %s", accept, res.Status, got, body)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.url+"/agents", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("PUT: %s %q", res.Status, res.Header.Get("Allow"))
	}
}

// Whoever hangs up while the dashboard is read takes nothing from the others.
func TestAViewerWhoHangsUpHurtsNobody(t *testing.T) {
	store := &slow{Store: memory.New(), begun: make(chan struct{}, 1), goOn: make(chan struct{})}
	m, err := pinchwork.New(pinchwork.WithStore(store))
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{Pages: pages.New(m)})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	get := func(ctx context.Context) <-chan int {
		status := make(chan int, 1)
		go func() {
			w := httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
			status <- w.Code
		}()
		return status
	}
	first, hangUp := context.WithCancel(t.Context())
	get(first)
	<-store.begun
	impatient, leave := context.WithCancel(t.Context())
	left, second := get(impatient), get(t.Context())
	leave()
	if got := <-left; got != http.StatusServiceUnavailable { // does not wait for the read
		t.Errorf("who left got %d", got)
	}
	hangUp()
	close(store.goOn)
	if got := <-second; got != http.StatusOK {
		t.Errorf("another viewer got %d", got)
	}
}

// slow is a store whose totals take until goOn, or until nobody wants them.
type slow struct {
	market.Store
	begun, goOn chan struct{}
}

func (s *slow) Totals(ctx context.Context) (store.Totals, error) {
	select {
	case s.begun <- struct{}{}:
	default:
	}
	select {
	case <-s.goOn:
	case <-ctx.Done():
		return store.Totals{}, ctx.Err()
	}
	return s.Store.Totals(ctx)
}

// The pages that look something up cost a visitor as much as the API does.
func TestVisitorsAreLimited(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	limits := httpserver.NoLimits()
	limits.Read = httpserver.Limit{Count: 2, Per: time.Hour}
	api, err := httpserver.New(m, httpserver.Options{Pages: pages.New(m), Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	for i, want := range []int{http.StatusOK, http.StatusNotFound, http.StatusTooManyRequests} {
		w := httptest.NewRecorder()
		path := []string{"/agents?search=x", "/tasks/tk-1", "/agents/ag-1"}[i]
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || want == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v, want %d", path, w.Code, w.Header(), want)
		}
	}
}

package httpserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/uptrace/bunrouter"

	"github.com/pinchwork/pinchwork/market"
)

func TestPathsAndMethods(t *testing.T) {
	s := &stub{
		me:     func(context.Context) (market.Me, error) { return market.Me{ID: stubAgent, Name: "stub"}, nil },
		cancel: func(id market.TaskID) (market.Task, error) { return market.Task{TaskID: id}, nil },
	}
	server := s.server(t, Options{})
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/v1/me", 200, ""},
		{"GET", "/v1/me/", 200, ""},
		{"HEAD", "/v1/me", 200, ""},
		{"DELETE", "/v1/me", 405, "GET, HEAD, PATCH"},
		{"BREW", "/v1/me", 405, "GET, HEAD, PATCH"},
		{"OPTIONS", "/v1/me", 405, "GET, HEAD, PATCH"},
		{"GET", "/v1/tasks/pickup", 405, "POST"},
		{"POST", "/v1/tasks/available", 405, "GET, HEAD"},
		{"GET", "/v1/tasks/pickup/batch", 405, "POST"},
		{"GET", "/v1/tasks/tk-1/cancel", 405, "POST"},
		{"GET", "/v1/register", 405, "POST"},
		{"POST", "/health", 405, "GET, HEAD"},
		{"GET", "/", 404, ""},
		{"GET", "/v1", 404, ""},
		{"GET", "/v1/", 404, ""},
		{"GET", "/v2/me", 404, ""},
		{"GET", "/v1/nothing", 404, ""},
		{"GET", "/health/", 404, ""},
		{"POST", "/v1/tasks/tk-1/cancel", 200, ""},
		{"POST", "/v1/tasks/tk-1/cancel/", 200, ""},
		{"POST", "/v1/tasks//cancel", 404, ""},
		{"POST", "/v1/tasks/../tasks/tk-1/cancel", 404, ""},
		{"POST", "//v1/tasks/tk-1/cancel", 404, ""},
		{"POST", "/v1//register", 404, ""},
		{"POST", "/v1/tasks/tk-1/cancel/more", 404, ""},
	} {
		w := ask(server, c.method, c.path, "")
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", c.method, c.path, w.Code, w.Header().Get("Allow"), c.status, c.allow)
		}
		if c.status >= 400 && c.method != "HEAD" && !strings.HasPrefix(w.Body.String(), `{"error":"`) {
			t.Errorf("%s %s: %s", c.method, c.path, w.Body)
		}
	}
	expect(t, ask(server, "POST", "/v1/tasks/a%2Fb%20c/cancel", ""), 200, `"task_id":"a/b c"`)
	head := ask(server, "HEAD", "/v1/me", "")
	if head.Body.Len() != 0 || head.Header().Get("Content-Length") != strconv.Itoa(ask(server, "GET", "/v1/me", "").Body.Len()) {
		t.Errorf("HEAD: %d bytes, %v", head.Body.Len(), head.Header())
	}
}

func TestIDsThatNoStoreTakes(t *testing.T) {
	s := &stub{cancel: func(id market.TaskID) (market.Task, error) {
		if id != "" {
			t.Errorf("id %q came through", id)
		}
		return market.Task{}, &market.Error{Kind: market.ErrNotFound, Message: "Task not found"}
	}}
	for _, id := range []string{"%00", "a%00b", "%ff", "%c3%28"} {
		expect(t, ask(s.server(t, Options{}), "POST", "/v1/tasks/"+id+"/cancel", ""), 404, "Task not found")
	}
}

func TestErrorsBecomeStatuses(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{&market.Error{Kind: market.ErrInvalid, Field: "x", Message: "x: no"}, 400, "x: no"},
		{&market.Error{Kind: market.ErrUnauthorized, Message: "m"}, 401, "m"},
		{&market.Error{Kind: market.ErrInsufficientCredits, Message: "Insufficient credits. Have 1, need 2"}, 402, "Have 1, need 2"},
		{&market.Error{Kind: market.ErrForbidden, Message: "m"}, 403, "m"},
		{&market.Error{Kind: market.ErrSuspended, Message: "Agent suspended"}, 403, "Agent suspended"},
		{&market.Error{Kind: market.ErrNotFound, Message: "m"}, 404, "m"},
		{&market.Error{Kind: market.ErrConflict, Message: "m"}, 409, "m"},
		{&market.Error{Kind: market.ErrRateLimited, Message: "m"}, 429, "m"},
		{&market.Error{Kind: market.ErrNotConfigured, Message: "m"}, 501, "m"},
		{&market.Error{Kind: market.ErrUnavailable, Message: "m", Cause: errors.New("password=hunter2")}, 503, "m"},
		{&market.Error{Kind: errors.New("a new kind"), Message: "secret"}, 500, "Internal error"},
		{errors.New("pq: secret detail"), 500, "Internal error"},
		{context.DeadlineExceeded, 503, "in time"},
	} {
		s := &stub{me: func(context.Context) (market.Me, error) { return market.Me{}, c.err }}
		server := s.server(t, Options{})
		w := ask(server, "GET", "/v1/me", "")
		expect(t, w, c.status, c.says)
		if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%v shows internals: %s", c.err, w.Body)
		}
		if (c.status == 503 || c.status == 429) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%d: Retry-After %q", c.status, w.Header().Get("Retry-After"))
		}
		if (c.status == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%d: WWW-Authenticate %q", c.status, w.Header().Get("WWW-Authenticate"))
		}
		markdown := ask(server, "GET", "/v1/me", "", "Accept", "")
		front, _ := frontmatterOf(t, markdown.Body.String())
		if markdown.Code != c.status || !strings.Contains(front["error"].(string), c.says) {
			t.Errorf("markdown: %d %s", markdown.Code, markdown.Body)
		}
	}
}

func TestPanicIsNotShown(t *testing.T) {
	var log strings.Builder
	s := &stub{me: func(context.Context) (market.Me, error) { panic("a secret") }}
	server := s.server(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	w := ask(server, "GET", "/v1/me", "")
	expect(t, w, 500, `{"error":"Internal error","code":"internal"}`)
	if !strings.Contains(log.String(), "a secret") || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("the log lacks the panic or its stack: %s", log.String())
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	var log strings.Builder
	s := &stub{
		post: func(context.Context, market.PostInput) (market.Posted, error) {
			return market.Posted{TaskID: "tk-1"}, nil
		},
		browse: func(market.BrowseQuery) (market.BrowseList, error) { return market.BrowseList{}, nil },
	}
	server := s.server(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	ask(server, "POST", "/v1/tasks", `{"need": "TOPSECRET need"}`, "X-Request-Id", "req-1")
	ask(server, "GET", "/v1/tasks/available?search=TOPSECRET", "")
	ask(server, "GET", "/v1/pwk-TOPSECRET", "", "X-Request-Id", "pwk-TOPSECRET")
	ask(server, "TOPSECRET", "/v1/me", "", "Authorization", "Bearer pwk-TOPSECRET")
	ask(server, "GET", "/v1/admin/audit", "", "Authorization", "Bearer "+adminKey)
	if text := log.String(); strings.Contains(text, "TOPSECRET") || strings.Contains(text, stubKey) || strings.Contains(text, adminKey) {
		t.Errorf("secrets in the log: %s", text)
	}
	for _, want := range []string{"request_id=req-1", "agent_id=ag-stub", "route=/v1/tasks", "status=201", "method=POST", "duration="} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
}

func TestRequestID(t *testing.T) {
	server := (&stub{}).server(t, Options{})
	if got := ask(server, "GET", "/health", "", "X-Request-Id", "abc-1.2_3:4").Header().Get("X-Request-Id"); got != "abc-1.2_3:4" {
		t.Errorf("the client's id became %q", got)
	}
	seen := map[string]bool{}
	for _, id := range []string{"", "a b", "x\ty", "pwk-abc", strings.Repeat("x", 129)} {
		got := ask(server, "GET", "/health", "", "X-Request-Id", id).Header().Get("X-Request-Id")
		if got == id || len(got) < 16 || seen[got] {
			t.Errorf("%q became %q", id, got)
		}
		seen[got] = true
	}
}

// No admin key, no admin; and no way to break the comparison (rule 15.1).
func TestOnlyTheAdminKeyOpensTheOperatorsRoutes(t *testing.T) {
	for _, key := range []string{" ", "\t", "  \n", "a b", "schlüssel", "a\x00"} {
		if _, err := newServer(&stub{}, Options{AdminKey: key}); err == nil {
			t.Errorf("admin key %q was accepted", key)
		}
	}
	closed, err := newServer(&stub{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, authorization := range []string{"", "Bearer ", "Bearer x"} {
		expect(t, ask(closed, "GET", "/v1/admin/audit", "", "Authorization", authorization), 501)
	}
	server := (&stub{}).server(t, Options{})
	for authorization, status := range map[string]int{
		"":                             401,
		"Bearer":                       401,
		"Bearer ":                      401,
		"Basic " + adminKey:            401,
		adminKey:                       401,
		"Bearer sch\xc3\xbcssel":       401,
		"Bearer \xff\xfe":              401,
		"Bearer a b":                   401,
		"Bearer x":                     403,
		"Bearer " + adminKey + "x":     403,
		"Bearer " + adminKey[:5]:       403,
		"Bearer " + stubKey:            403,
		"bearer " + adminKey + "wrong": 403,
	} {
		if w := ask(server, "POST", "/v1/admin/credits/grant", `{}`, "Authorization", authorization); w.Code != status {
			t.Errorf("%q: %d, want %d", authorization, w.Code, status)
		}
	}
	for _, authorization := range []string{"Bearer " + adminKey, "bearer " + adminKey, "BEARER  " + adminKey + " "} {
		expect(t, ask(server, "POST", "/v1/admin/credits/grant", `{}`, "Authorization", authorization), 400, "agent_id: is required")
	}
}

func TestAgentKey(t *testing.T) {
	server := (&stub{}).server(t, Options{})
	for _, authorization := range []string{"", "Bearer ", "Bearer pwk-wrong", "Bearer " + adminKey, "Token " + stubKey, "Bearer pwk-\xff", stubKey} {
		w := ask(server, "GET", "/v1/me", "", "Authorization", authorization)
		expect(t, w, 401, `{"error":"`)
		if w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%q: no WWW-Authenticate", authorization)
		}
	}
}

// The difference between the two: /health is the process, /readyz asks the store.
func TestHealthIsTheProcessReadyzTheStore(t *testing.T) {
	s := &stub{}
	server := s.server(t, Options{})
	for _, accept := range []string{"", "text/markdown", "application/json"} {
		expect(t, ask(server, "GET", "/health", "", "Accept", accept, "Authorization", ""), 200, `{"status":"ok"}`)
		expect(t, ask(server, "GET", "/readyz", "", "Accept", accept, "Authorization", ""), 200, `{"status":"ok"}`)
	}
	s.ready = &market.Error{Kind: market.ErrUnavailable, Message: "The store is not available", RetryAfter: time.Second}
	expect(t, ask(server, "GET", "/health", ""), 200, `{"status":"ok"}`)
	w := ask(server, "GET", "/readyz", "", "Accept", "")
	expect(t, w, 503, `{"error":"The store is not available","code":"unavailable"}`)
	if w.Header().Get("Retry-After") != "1" {
		t.Error("no Retry-After")
	}
}

// A server that leaves is not ready and keeps no connection, and serves as before.
func TestAServerThatLeavesServesOn(t *testing.T) {
	var log lockedBuffer
	s := &stub{}
	server := s.server(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if w := ask(server, "GET", "/health", ""); w.Header().Get("Connection") != "" {
		t.Error("a connection is closed without a reason")
	}
	server.Leave()
	w := ask(server, "GET", "/readyz", "")
	expect(t, w, 503, `{"error":"The server is about to end; it answers until then","code":"unavailable"}`)
	for _, path := range []string{"/health", "/v1/capabilities", "/nowhere"} {
		w := ask(server, "GET", path, "")
		if w.Header().Get("Connection") != "close" {
			t.Errorf("%s: the connection is kept", path)
		}
		if path != "/nowhere" && w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if text := log.String(); strings.Contains(text, "level=ERROR") || strings.Contains(text, "level=WARN") {
		t.Errorf("leaving is a failure in the log:\n%s", text)
	}
}

// Somebody who waits for a server to be ready leaves no warnings in its log.
func TestWarmingUpIsNoFailureInTheLog(t *testing.T) {
	var log lockedBuffer
	s := &stub{ready: refuse(market.CodeWarming, "warming")}
	server := s.server(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	expect(t, ask(server, "GET", "/readyz", ""), 503, `{"error":"warming","code":"warming"}`)
	if text := log.String(); !strings.Contains(text, "level=INFO") || !strings.Contains(text, "status=503") {
		t.Errorf("the log says\n%s", text)
	}
}

func TestIdempotencyKey(t *testing.T) {
	var got string
	s := &stub{
		post: func(ctx context.Context, _ market.PostInput) (market.Posted, error) {
			got = market.IdempotencyKey(ctx)
			return market.Posted{}, nil
		},
		me: func(ctx context.Context) (market.Me, error) {
			got = market.IdempotencyKey(ctx)
			return market.Me{}, nil
		},
		register: func(market.RegisterInput) (market.Registration, error) { return market.Registration{}, nil },
	}
	server := s.server(t, Options{})
	for key, status := range map[string]int{
		"a": 201, strings.Repeat("é", 255): 201, strings.Repeat("é", 256): 400, strings.Repeat("x", 256): 400, "\xff": 400,
	} {
		got = ""
		w := ask(server, "POST", "/v1/tasks", `{"need": "x"}`, "Idempotency-Key", key)
		if w.Code != status || status == 201 && got != key {
			t.Errorf("key %.10q…: %d, market got %.10q…", key, w.Code, got)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/tasks", strings.NewReader(`{"need": "x"}`))
	r.Header["Idempotency-Key"] = []string{""}
	r.Header.Set("Authorization", "Bearer "+stubKey)
	w := newRecorder()
	server.ServeHTTP(w, r)
	expect(t, w, 400, "Idempotency-Key")

	got = ""
	expect(t, ask(server, "GET", "/v1/me", "", "Idempotency-Key", "a"), 200)
	expect(t, ask(server, "POST", "/v1/register", `{"name": "x"}`, "Idempotency-Key", strings.Repeat("x", 300)), 201)
	if got != "" {
		t.Error("a read took the key")
	}
}

func TestQueries(t *testing.T) {
	var got market.BrowseQuery
	s := &stub{browse: func(q market.BrowseQuery) (market.BrowseList, error) {
		got = q
		return market.BrowseList{Tasks: []market.BrowseItem{}}, nil
	}}
	server := s.server(t, Options{})
	for _, query := range []string{"tags=a,b&tags=c&search=x+y&limit=7&offset=3", "tags=%20a%20,,b&tags=c&limit=07&search=x%20y&offset=3&other=z"} {
		expect(t, ask(server, "GET", "/v1/tasks/available?"+query, ""), 200)
		if strings.Join(got.Tags, " ") != "a b c" || got.Search != "x y" || got.Limit != 7 || got.Offset != 3 {
			t.Errorf("%s: %+v", query, got)
		}
	}
	expect(t, ask(server, "GET", "/v1/tasks/available?limit=0", ""), 200)
	if got.Limit != -1 {
		t.Errorf("a limit of 0 reached the market as %d, which means the default", got.Limit)
	}
	for query, says := range map[string]string{
		"limit=x": "limit: must be a whole number", "limit=": "limit: must be", "limit=1.5": "limit: must be", "offset=1e3": "offset: must be",
		"limit=99999999999999999999": "limit: must be", "limit=1&limit=2": "limit: is given more than once",
		"search=%00": "search: must be valid UTF-8 without NUL", "search=%ff": "search: must be valid", "tags=a%00": "tags: must be valid",
		"search=%zz": "query: is malformed", "search=a;limit=1": "query: is malformed", "search=a&search=b": "search: is given more than once",
	} {
		expect(t, ask(server, "GET", "/v1/tasks/available?"+query, ""), 400, says)
	}
	for query, says := range map[string]string{"wait=1.5": "wait: must be a whole number", "wait=x": "wait: must be"} {
		expect(t, ask(server, "GET", "/v1/tasks/tk-1?"+query, ""), 400, says)
	}
	for _, query := range []string{"min_reputation=NaN", "min_reputation=Inf", "min_reputation=x", "min_reputation=1e999"} {
		expect(t, ask(server, "GET", "/v1/agents?"+query, ""), 400, "min_reputation: must be a number")
	}
}

func TestMountedUnderAPrefix(t *testing.T) {
	s := &stub{me: func(context.Context) (market.Me, error) { return market.Me{ID: stubAgent}, nil }}
	server := s.server(t, Options{Pages: func(s *Server) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "page "+r.URL.Path+" at "+s.BaseURL(r))
		})
	}})
	stripped := http.StripPrefix("/market", server)

	mux := http.NewServeMux()
	mux.Handle("/market/", stripped)

	chiRouter := chi.NewRouter()
	chiRouter.Mount("/market", stripped)

	bun := bunrouter.New()
	for _, method := range methods {
		bun.Handle(method, "/market/*path", bunrouter.HTTPHandler(stripped))
	}

	for name, router := range map[string]http.Handler{"stdlib": mux, "chi": chiRouter, "bunrouter": bun} {
		t.Run(name, func(t *testing.T) {
			live := httptest.NewServer(router)
			defer live.Close()
			fetch := func(method, path string) (int, string) {
				r, _ := http.NewRequest(method, live.URL+path, nil)
				r.Header.Set("Authorization", "Bearer "+stubKey)
				r.Header.Set("Accept", "application/json")
				res, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = res.Body.Close() }()
				body, _ := io.ReadAll(res.Body)
				return res.StatusCode, string(body)
			}
			for _, c := range []struct {
				method, path string
				status       int
				contains     string
			}{
				{"GET", "/market/v1/me", 200, `"id":"ag-stub"`},
				{"GET", "/market/v1/me/", 200, `"id":"ag-stub"`},
				{"DELETE", "/market/v1/me", 405, "GET, HEAD, PATCH"},
				{"GET", "/market/v1/nothing", 404, "error"},
				{"GET", "/market/health", 200, "ok"},
				{"GET", "/market/v1/capabilities", 200, `"base_url":"` + live.URL + `/market"`},
				{"GET", "/market/docs?x=/docs", 200, "page /docs at " + live.URL + "/market"},
				{"GET", "/market/", 200, "page / at " + live.URL + "/market"},
			} {
				if status, body := fetch(c.method, c.path); status != c.status || !strings.Contains(body, c.contains) {
					t.Errorf("%s %s: %d %s", c.method, c.path, status, body)
				}
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	s := &stub{}
	at := func(o Options, peer string, headers ...string) string {
		r := newRequest(peer, "")
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return s.server(t, o).BaseURL(r)
	}
	proxies := Options{TrustedProxies: prefixes("192.0.2.0/24")}
	for _, c := range []struct{ got, want string }{
		{at(Options{}, "192.0.2.1:1"), "http://example.com"},
		{at(Options{PublicURL: "https://pinchwork.dev/x/"}, "192.0.2.1:1"), "https://pinchwork.dev/x"},
		{at(proxies, "192.0.2.1:1", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "a.example, b.example"), "https://a.example"},
		{at(proxies, "198.51.100.1:1", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example"), "http://example.com"},
		{at(proxies, "192.0.2.1:1", "X-Forwarded-Proto", "javascript"), "http://example.com"},
		{at(proxies, "192.0.2.1:1", "X-Forwarded-Host", "$(id)"), ""},
		{at(proxies, "198.51.100.1:1", "X-Forwarded-Host", "$(id)"), "http://example.com"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
	for _, bad := range []string{"pinchwork.dev", "ftp://x", "https://", "https://x?y", "https://u:p@x", "://", "https://x';id", "https://é.example", "https://x/$(id)", "https://x?", "https://x#"} {
		if _, err := newServer(s, Options{PublicURL: bad}); err == nil {
			t.Errorf("public URL %q was accepted", bad)
		}
	}
}

func TestRequestsAreBoundedInTime(t *testing.T) {
	s := &stub{me: func(ctx context.Context) (market.Me, error) {
		<-ctx.Done()
		return market.Me{}, ctx.Err()
	}}
	w := ask(s.server(t, Options{Timeout: time.Millisecond}), "GET", "/v1/me", "")
	expect(t, w, 503)
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestWaits(t *testing.T) {
	waiting := make(chan struct{})
	result := "done"
	s := &stub{post: func(ctx context.Context, in market.PostInput) (market.Posted, error) {
		posted := market.Posted{TaskID: "tk-1", Status: market.StatusPosted, Need: in.Need}
		if in.Wait == time.Second {
			posted.Task = &market.Task{TaskID: "tk-1", Status: market.StatusDelivered, Result: result}
			return posted, nil
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < 300*time.Second {
			t.Error("the request has less time than it asked to wait")
		}
		close(waiting)
		<-ctx.Done()
		return posted, nil
	}}
	server := s.server(t, Options{Timeout: time.Millisecond})
	w := ask(server, "POST", "/v1/tasks", `{"need": "x", "wait": 1}`)
	expect(t, w, 200, `"result":"done"`)
	if w.Header().Get("X-Status") != "delivered" || w.Header().Get("X-Task-Id") != "tk-1" {
		t.Errorf("headers %v", w.Header())
	}
	answered := make(chan *httptest.ResponseRecorder)
	go func() { answered <- ask(server, "POST", "/v1/tasks", `{"need": "x", "wait": 300}`) }()
	<-waiting
	server.Close()
	select {
	case w := <-answered:
		expect(t, w, 201, `"status":"posted"`)
		if w.Header().Get("X-Status") != "posted" {
			t.Errorf("headers %v", w.Header())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close did not end the wait")
	}
}

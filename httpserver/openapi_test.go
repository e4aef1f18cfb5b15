package httpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// document returns what the server serves at /openapi.json.
func documentOf(t testing.TB, s *Server) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://api.example.com/openapi.json", nil))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	return w.Body.Bytes()
}

func plainServer(t testing.TB) *Server {
	t.Helper()
	return (&stub{}).server(t, Options{})
}

func TestOpenAPIIsValid(t *testing.T) {
	data := documentOf(t, plainServer(t))
	d, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Errorf("kin-openapi: %v", err)
	}
	second, err := libopenapi.NewDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(second)
	for _, err := range errs {
		t.Errorf("libopenapi: %v", err)
	}
	if ok, problems := v.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("libopenapi-validator: %s: %s", p.Message, p.Reason)
		}
	}
}

func TestOpenAPIHasEverything(t *testing.T) {
	var d struct {
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			Parameters  []struct{ Name, In string }
			Responses   map[string]any
			RequestBody struct{ Content map[string]any }
		}
	}
	if err := json.Unmarshal(documentOf(t, plainServer(t)), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Servers) != 1 || d.Servers[0].URL != "http://api.example.com" {
		t.Errorf("servers %v", d.Servers)
	}
	for _, r := range Routes() {
		op, there := d.Paths[r.Path][strings.ToLower(r.Method)]
		if !there {
			t.Errorf("%s %s is missing", r.Method, r.Path)
			continue
		}
		if want := len(r.Success) + len(r.Statuses()); len(op.Responses) != want {
			t.Errorf("%s has %d responses, want %d", r.Name, len(op.Responses), want)
		}
		if r.Body != nil && len(r.Body.Fields()) > 0 && len(op.RequestBody.Content) != 2 {
			t.Errorf("%s has the bodies %v", r.Name, op.RequestBody.Content)
		}
		if strings.Count(r.Path, "{") > len(op.Parameters) {
			t.Errorf("%s lacks parameters", r.Name)
		}
	}
}

// checker is a validator that knows only the document.
type checker struct {
	router routers.Router
	mu     sync.Mutex
	routes map[string]bool
}

var checkerOnce = sync.OnceValues(func() (*checker, error) {
	openapi3filter.RegisterBodyDecoder("text/markdown", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	s, err := newServer(&stub{}, Options{})
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(s.OpenAPI("http://any"))
	if err != nil {
		return nil, err
	}
	d, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	d.Servers = nil
	router, err := legacy.NewRouter(d)
	return &checker{router: router, routes: map[string]bool{}}, err
})

// conforms holds an answered request against the document, both ways. What the
// server refuses need not be a valid request.
func conforms(t testing.TB, r *http.Request, body []byte, res *http.Response, answer []byte) {
	t.Helper()
	c, err := checkerOnce()
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		if res.StatusCode < 300 && r.Method != http.MethodHead {
			t.Errorf("%s %s is not in the document: %v", r.Method, r.URL.Path, err)
		}
		return
	}
	c.mu.Lock()
	c.routes[route.Operation.OperationID] = true
	c.mu.Unlock()
	copied := r.Clone(context.Background())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: copied, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if res.StatusCode < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			t.Errorf("%s %s was taken, but by the document: %v", r.Method, r.URL.Path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Options: in.Options}
	out.SetBodyBytes(answer)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s %s %d: the answer is not the document's: %v", r.Method, r.URL.Path, res.StatusCode, err)
	}
}

// conformed reports whether a route's requests were held against the document.
func conformed(t testing.TB, route string) bool {
	t.Helper()
	c, err := checkerOnce()
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.routes[route]
}

// The checker tells when an answer, or a request that was taken, is not the
// document's.
func TestCheckerTells(t *testing.T) {
	request := func(body string) (*http.Request, []byte) {
		r := httptest.NewRequest(http.MethodPost, "/v1/tasks", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		return r, []byte(body)
	}
	answer := func(status int) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}}
	}
	for name, c := range map[string]struct {
		body, answer string
		status       int
	}{
		"a field too much to ask":   {`{"need": "x", "max_credits": 0}`, `{"task_id": "tk-1", "status": "posted", "need": "x"}`, 201},
		"a required field":          {`{"max_credits": 5}`, `{"task_id": "tk-1", "status": "posted", "need": "x"}`, 201},
		"an answer without its id":  {`{"need": "x"}`, `{"status": "posted", "need": "x"}`, 201},
		"an answer of another type": {`{"need": "x"}`, `{"task_id": "tk-1", "status": 7, "need": "x"}`, 201},
		"a status out of the blue":  {`{"need": "x"}`, `{"error": "x"}`, 418},
		"a refusal without a word":  {`{"need": "x"}`, `{}`, 400},
	} {
		r, body := request(c.body)
		fake := &recorder{TB: t}
		conforms(fake, r, body, answer(c.status), []byte(c.answer)) //nolint:bodyclose // it has no body
		if !fake.failed {
			t.Errorf("%s: nothing was told", name)
		}
	}
}

// recorder notes that a test would have failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }

package httpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/market"
)

// site is a running server over a real market.
type site struct {
	t      testing.TB
	market *market.Market
	server *Server
	url    string
	// answered holds the names of the routes that gave a good answer.
	answered map[string]bool
	mu       sync.Mutex
}

func (s *site) note(r *http.Request, status int) {
	if status >= 300 {
		return
	}
	best := (*Route)(nil)
	for i := range table {
		pattern := "^" + pathParam.ReplaceAllString(table[i].Path, "[^/]+") + "$"
		if table[i].Method != r.Method || !regexp.MustCompile(pattern).MatchString(r.URL.Path) {
			continue
		}
		if best == nil || table[i].Path == r.URL.Path {
			best = &table[i]
		}
	}
	if best != nil && s.answered != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answered[best.Name] = true
	}
}

// onEveryStore runs a test on each store. With gives newSite the store, and
// several sites the same one.
func onEveryStore(t *testing.T, test func(t *testing.T, with pinchwork.Option)) {
	t.Helper()
	for _, kind := range everystore.Kinds() {
		t.Run(kind.Name, func(t *testing.T) { test(t, pinchwork.WithStore(kind.Open(t))) })
	}
}

func newSite(t testing.TB, o Options, opts ...pinchwork.Option) *site {
	t.Helper()
	m, err := pinchwork.New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	if o.AdminKey == "" {
		o.AdminKey = adminKey
	}
	if testing.Verbose() && o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	server, err := New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	live := httptest.NewServer(server)
	t.Cleanup(func() {
		server.Close()
		live.Close()
	})
	return &site{t: t, market: m, server: server, url: live.URL, answered: map[string]bool{}}
}

// person is somebody with a key who speaks one of the formats.
type person struct {
	*site
	key      string
	id       market.AgentID
	markdown bool
}

func (s *site) stranger(markdown bool) *person { return &person{site: s, markdown: markdown} }

func (s *site) operator(markdown bool) *person {
	return &person{site: s, key: adminKey, markdown: markdown}
}

func (s *site) agent(name string, markdown bool) *person {
	s.t.Helper()
	p := s.stranger(markdown)
	a := p.send("POST", "/v1/register", object{"name": name}, "").is(201)
	p.key, p.id = a.text("api_key"), market.AgentID(a.text("agent_id"))
	return p
}

type object map[string]any

// reply is an answer, read in the format of the one who asked.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	raw    string
	fields map[string]any
	body   string // the text of a markdown answer
}

// send sends a body whose text is the field named main. In JSON that is a field
// like any other.
func (p *person) send(method, path string, body object, main string, headers ...string) *reply {
	p.t.Helper()
	var data []byte
	if body != nil {
		data = p.encode(body, main)
	}
	r, err := http.NewRequest(method, p.url+path, bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.markdown {
		r.Header.Set("Content-Type", "text/markdown")
	} else {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
	}
	if p.key != "" {
		r.Header.Set("Authorization", "Bearer "+p.key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return p.read(r)
}

func (p *person) encode(body object, main string) []byte {
	if !p.markdown {
		data, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		return data
	}
	front := maps.Clone(body)
	text, _ := front[main].(string)
	delete(front, main)
	data, err := yaml.Marshal(map[string]any(front))
	if err != nil {
		p.t.Fatal(err)
	}
	return []byte("---\n" + string(data) + "---\n" + text)
}

func (p *person) read(r *http.Request) *reply {
	p.t.Helper()
	var sent []byte
	if r.GetBody != nil {
		body, _ := r.GetBody()
		sent, _ = io.ReadAll(body)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	p.note(r, res.StatusCode)
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if r.Method != http.MethodHead {
		conforms(p.t, r, sent, res, raw)
	}
	a := &reply{t: p.t, what: r.Method + " " + r.URL.Path, status: res.StatusCode, header: res.Header, raw: string(raw)}
	if len(raw) == 0 {
		return a
	}
	if want := map[bool]string{false: "application/json", true: "text/markdown; charset=utf-8"}[p.markdown]; res.Header.Get("Content-Type") != want && r.URL.Path != "/health" && r.URL.Path != "/readyz" && r.URL.Path != "/openapi.json" {
		p.t.Errorf("%s: Content-Type %q, want %q", a.what, res.Header.Get("Content-Type"), want)
	}
	if strings.HasPrefix(a.raw, "---\n") {
		a.fields, a.body = frontmatterOf(p.t, a.raw)
	} else if err := json.Unmarshal(raw, &a.fields); err != nil {
		p.t.Fatalf("%s: %v in %s", a.what, err, raw)
	}
	return a
}

func (a *reply) is(status int) *reply {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.what, a.status, status, a.raw)
	}
	if status >= 400 && a.text("error") == "" {
		a.t.Fatalf("%s: %d without an error: %s", a.what, status, a.raw)
	}
	return a
}

// text returns a field, in markdown the text where it is that field.
func (a *reply) text(name string) string {
	value, there := a.fields[name]
	if !there && a.body != "" {
		for _, candidate := range textFields {
			if candidate == name {
				return a.body
			}
		}
	}
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// has checks fields given as pairs of name and printed value.
func (a *reply) has(pairs ...any) *reply {
	a.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got, want := a.text(pairs[i].(string)), fmt.Sprint(pairs[i+1]); got != want {
			a.t.Errorf("%s: %s is %q, want %q: %s", a.what, pairs[i], got, want, a.raw)
		}
	}
	return a
}

// headers checks response headers given as pairs.
func (a *reply) headers(pairs ...string) *reply {
	a.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got := a.header.Get(pairs[i]); got != pairs[i+1] {
			a.t.Errorf("%s: header %s is %q, want %q", a.what, pairs[i], got, pairs[i+1])
		}
	}
	return a
}

// list returns the objects in a field.
func (a *reply) list(name string) []*reply {
	a.t.Helper()
	items, ok := a.fields[name].([]any)
	if !ok {
		a.t.Fatalf("%s: %s is no list: %s", a.what, name, a.raw)
	}
	out := make([]*reply, len(items))
	for i, item := range items {
		object, ok := item.(map[string]any)
		if !ok {
			a.t.Fatalf("%s: %s holds %v", a.what, name, item)
		}
		out[i] = &reply{t: a.t, what: a.what + " " + name, raw: a.raw, fields: object}
	}
	return out
}

func (p *person) post(need string, more ...any) string {
	p.t.Helper()
	body := object{"need": need}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return p.send("POST", "/v1/tasks", body, "need").is(201).text("task_id")
}

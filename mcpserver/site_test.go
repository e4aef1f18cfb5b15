package mcpserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/mcpserver"
)

// site is a marketplace behind HTTP with the tools at /mcp.
type site struct {
	t      testing.TB
	market *market.Market
	url    string
	log    *bytes.Buffer
}

func newSite(t testing.TB, o httpserver.Options) *site {
	t.Helper()
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	tools, err := mcpserver.New(mcpserver.Options{Agent: httpserver.Agent, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	o.Doors = []httpserver.Door{{Path: "/mcp", Open: func(*httpserver.Server) http.Handler { return tools }}}
	api, err := httpserver.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return &site{t: t, market: m, url: server.URL, log: &log}
}

// person is an agent with a client of the protocol.
type person struct {
	t       testing.TB
	id      market.AgentID
	key     market.APIKey
	session *mcp.ClientSession
}

type bearer struct{ key market.APIKey }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b.key))
	return http.DefaultTransport.RoundTrip(r)
}

// agent registers an agent and connects it with a revision of the protocol.
func (s *site) agent(name, revision string) *person {
	s.t.Helper()
	got, err := s.market.Register(s.t.Context(), market.RegisterInput{Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	session, err := connect(s.t.Context(), &mcp.StreamableClientTransport{
		Endpoint: s.url + "/mcp", HTTPClient: &http.Client{Transport: bearer{got.APIKey}}, MaxRetries: -1,
	}, revision)
	if err != nil {
		s.t.Fatalf("%s connects with %s: %v", name, revision, err)
	}
	s.t.Cleanup(func() { _ = session.Close() })
	return &person{s.t, got.AgentID, got.APIKey, session}
}

func connect(ctx context.Context, transport mcp.Transport, revision string) (*mcp.ClientSession, error) {
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	return client.Connect(ctx, transport, &mcp.ClientSessionOptions{ProtocolVersion: revision})
}

type object = map[string]any

// answer is what a tool said.
type answer struct {
	t      testing.TB
	what   string
	fields object
	texts  []string
	failed bool
}

// call calls a tool, which need not succeed.
func (p *person) call(tool string, arguments object) *answer {
	p.t.Helper()
	r, err := p.session.CallTool(p.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		p.t.Fatalf("%s: %v", tool, err)
	}
	a := &answer{t: p.t, what: tool, failed: r.IsError}
	a.fields, _ = r.StructuredContent.(object)
	for _, c := range r.Content {
		if text, is := c.(*mcp.TextContent); is {
			a.texts = append(a.texts, text.Text)
		}
	}
	var again object
	if len(a.texts) != 2 || json.Unmarshal([]byte(a.texts[1]), &again) != nil || len(again) != len(a.fields) {
		p.t.Fatalf("%s answers the texts %q beside %v", tool, a.texts, a.fields)
	}
	return a
}

// ok demands that the call succeeded, bad that it was refused with a code.
func (a *answer) ok() *answer {
	a.t.Helper()
	if a.failed {
		a.t.Fatalf("%s: %v", a.what, a.fields)
	}
	return a
}

func (a *answer) bad(code market.Code) *answer {
	a.t.Helper()
	if !a.failed || a.fields["code"] != string(code) {
		a.t.Fatalf("%s: %v, want %s", a.what, a.fields, code)
	}
	return a
}

// get is a value deep in the answer.
func (a *answer) get(path ...any) any {
	var at any = a.fields
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := at.(object)
			at = m[step]
		case int:
			list, _ := at.([]any)
			if step >= len(list) {
				return nil
			}
			at = list[step]
		}
	}
	return at
}

// has demands a value deep in the answer.
func (a *answer) has(want any, path ...any) *answer {
	a.t.Helper()
	if got := a.get(path...); got != want {
		a.t.Errorf("%s: %v is %v, want %v in %v", a.what, path, got, want, a.fields)
	}
	return a
}

// says demands that the message has words.
func (a *answer) says(words string) *answer {
	a.t.Helper()
	if message, _ := a.fields["message"].(string); !strings.Contains(message, words) || !strings.Contains(a.texts[0], message) {
		a.t.Errorf("%s says %q, then %q; want %q", a.what, message, a.texts[0], words)
	}
	return a
}

// steps demands that a refusal says what to do.
func (a *answer) steps(words string) *answer {
	a.t.Helper()
	if step, _ := a.fields["step"].(string); !strings.Contains(step, words) {
		a.t.Errorf("%s has the step %q, want %q", a.what, step, words)
	}
	return a
}

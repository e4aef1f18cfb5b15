package httpserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// stub is a market that can be told what to say: for faults that a real one
// does not have, and for inputs that only the translation is asked about. What
// is not told panics.
type stub struct {
	backend
	market.AgentAPI

	charge   func(market.Charge) (market.Admitted, error)
	post     func(context.Context, market.PostInput) (market.Posted, error)
	mine     func(context.Context, market.MineQuery) (market.TaskList, error)
	update   func(market.UpdateInput) (market.Me, error)
	browse   func(market.BrowseQuery) (market.BrowseList, error)
	deliver  func(market.DeliverInput) (market.Task, error)
	register func(market.RegisterInput) (market.Registration, error)
	suspend  func(market.SuspendInput) (market.Suspension, error)
	me       func(context.Context) (market.Me, error)
	cancel   func(market.TaskID) (market.Task, error)
	open     func(ctx context.Context, after string) (source, error)
	ready    error
	charged  []market.Charge
}

const (
	stubKey   = "pwk-goodgoodgoodgoodgoodgoodgoodgoodgoodgood"
	stubAgent = market.AgentID("ag-stub")
	adminKey  = "operators-secret"
)

func (s *stub) Admit(_ context.Context, key market.APIKey, charge *market.Charge) (market.AgentID, market.Admitted, error) {
	if key != stubKey {
		return "", market.Admitted{}, &market.Error{Kind: market.ErrUnauthorized, Message: "Invalid API key"}
	}
	if charge == nil {
		return stubAgent, market.Admitted{Allowed: true}, nil
	}
	got, err := s.Charge(context.Background(), *charge)
	if err == nil && !got.Allowed {
		err = &market.Error{Kind: market.ErrRateLimited, Message: "Too many requests", RetryAfter: got.RetryAfter}
	}
	return stubAgent, got, err
}

func (s *stub) AdmitAgent(ctx context.Context, _ market.AgentID, charge *market.Charge) (market.Admitted, error) {
	_, got, err := s.Admit(ctx, stubKey, charge)
	return got, err
}

func (s *stub) Charge(_ context.Context, charge market.Charge) (market.Admitted, error) {
	s.charged = append(s.charged, charge)
	if s.charge != nil {
		return s.charge(charge)
	}
	return market.Admitted{Allowed: true, Remaining: charge.Burst - 1}, nil
}

func (s *stub) Mine(ctx context.Context, q market.MineQuery) (market.TaskList, error) {
	return s.mine(ctx, q)
}

func (s *stub) Post(ctx context.Context, in market.PostInput) (market.Posted, error) {
	return s.post(ctx, in)
}

func (s *stub) UpdateMe(_ context.Context, in market.UpdateInput) (market.Me, error) {
	return s.update(in)
}

func (s *stub) Browse(_ context.Context, q market.BrowseQuery) (market.BrowseList, error) {
	return s.browse(q)
}

func (s *stub) Deliver(_ context.Context, _ market.TaskID, in market.DeliverInput) (market.Task, error) {
	return s.deliver(in)
}

func (s *stub) Register(_ context.Context, in market.RegisterInput) (market.Registration, error) {
	return s.register(in)
}

func (s *stub) Suspend(_ context.Context, in market.SuspendInput) (market.Suspension, error) {
	return s.suspend(in)
}
func (s *stub) Me(ctx context.Context) (market.Me, error) { return s.me(ctx) }
func (s *stub) Cancel(_ context.Context, id market.TaskID) (market.Task, error) {
	return s.cancel(id)
}
func (s *stub) Ready(context.Context) error { return s.ready }

// Agent, Agents and Tags are in both interfaces.
func (s *stub) Agent(context.Context, market.AgentID) (market.PublicProfile, error) {
	return market.PublicProfile{}, &market.Error{Kind: market.ErrNotFound, Message: "Agent not found"}
}

func (s *stub) Agents(context.Context, market.AgentQuery) (market.AgentList, error) {
	return market.AgentList{}, nil
}

func (s *stub) Tags(context.Context, market.TagQuery) (market.TagList, error) {
	return market.TagList{}, nil
}

func (s *stub) server(t testing.TB, o Options) *Server {
	t.Helper()
	if o.AdminKey == "" {
		o.AdminKey = adminKey
	}
	server, err := newServer(s, o)
	if err != nil {
		t.Fatal(err)
	}
	server.as = func(market.AgentID) market.AgentAPI { return s }
	server.open = func(ctx context.Context, _ market.AgentID, after string) (source, error) {
		return s.open(ctx, after)
	}
	t.Cleanup(server.Close)
	return server
}

// ask sends a request as the stub's agent. headers come in pairs.
func ask(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+stubKey)
	r.Header.Set("Accept", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		} else {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func expect(t *testing.T, w *httptest.ResponseRecorder, status int, contains ...string) {
	t.Helper()
	body, _ := io.ReadAll(w.Result().Body)
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, body)
	}
	for _, s := range contains {
		if !strings.Contains(string(body), s) {
			t.Errorf("the answer lacks %q: %s", s, body)
		}
	}
}

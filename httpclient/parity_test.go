package httpclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/store/memory"
)

// steady is a clock that stands still until it is moved.
type steady struct {
	mu  sync.Mutex
	now time.Time
}

func (s *steady) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *steady) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (s *steady) move(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// twin is one of several markets that stand at the same instant.
type twin struct {
	*market.Market
	clock *steady
}

func newTwin(t *testing.T) *twin {
	t.Helper()
	clock := &steady{now: time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)}
	m, err := market.New(market.Config{
		Store: memory.New(), Matcher: matcher.New(), Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &twin{m, clock}
}

// serve puts the market behind HTTP under a prefix.
func (w *twin) serve(t *testing.T) string {
	t.Helper()
	api, err := httpserver.New(w.Market, httpserver.Options{AdminKey: "operator", Limits: httpserver.NoLimits()})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/market/", http.StripPrefix("/market", api))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		api.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL + "/market/"
}

// operatorAPI is what Market and Admin have in common.
type operatorAPI interface {
	Grant(context.Context, market.GrantInput) (market.Granted, error)
	Invite(context.Context, market.InviteInput) (market.Invites, error)
	Suspend(context.Context, market.SuspendInput) (market.Suspension, error)
	AppointInfra(context.Context, market.InfraInput) (market.Appointment, error)
	Reports(context.Context, market.ReportStatus, market.Page) (market.ReportList, error)
	ResolveReport(context.Context, market.ReportID, market.ResolveInput) (market.Report, error)
	Audit(context.Context) (market.AuditReport, error)
	AddOperator(context.Context, market.OperatorInput) (market.NewOperator, error)
	Operators(context.Context) (market.OperatorList, error)
	RevokeOperator(context.Context, string, market.RevokeInput) (market.Operator, error)
	Actions(context.Context, market.ActionQuery) (market.OperatorActions, error)
	AllAgents(context.Context, market.StandingQuery) (market.AgentStandings, error)
	AgentFile(context.Context, market.AgentID) (market.AgentFile, error)
	AllTasks(context.Context, market.AllTasksQuery) (market.TaskSummaries, error)
	TaskFile(context.Context, market.TaskID) (market.TaskFile, error)
	ResolveTask(context.Context, market.TaskID, market.ResolveTaskInput) (market.Task, error)
	ClawBack(context.Context, market.ClawBackInput) (market.ClawedBack, error)
	DeskOverview(context.Context) (market.DeskOverview, error)
	DeadWebhooks(context.Context, market.DeadQuery) (market.DeadWebhookList, error)
	RedeliverBatch(context.Context, market.RedeliverBatchInput) (market.RedeliveredBatch, error)
	SeeDead(context.Context, market.SeeDeadInput) (market.SeenDead, error)
	RedeliverOf(context.Context, market.RedeliverInput) (market.RedeliveredOf, error)
}

// access is how a scenario reaches a market: in this process or over HTTP.
type access struct {
	register func(context.Context, market.RegisterInput) (market.Registration, error)
	as       func(market.Registration) market.AgentAPI
	operator operatorAPI
	move     func(time.Duration)
}

func (w *twin) direct() access {
	return access{
		register: w.Register, operator: w.Market, move: w.clock.move,
		as: func(r market.Registration) market.AgentAPI { return w.As(r.AgentID) },
	}
}

func (w *twin) remote(t *testing.T, url string, transport http.RoundTripper) access {
	t.Helper()
	via := httpclient.WithHTTPClient(&http.Client{Transport: transport})
	nobody, err := httpclient.New(url, "", httpclient.WithHTTPClient(http.DefaultClient))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := httpclient.NewAdmin(url, "operator", via)
	if err != nil {
		t.Fatal(err)
	}
	return access{
		register: nobody.Register, operator: admin, move: w.clock.move,
		as: func(r market.Registration) market.AgentAPI {
			c, err := httpclient.New(url, r.APIKey, via)
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
	}
}

// transcript is what a scenario saw, with ids replaced by numbers in the order
// of their appearance.
type transcript struct {
	t     *testing.T
	steps []step
	ids   map[string]string
}

var anID = regexp.MustCompile(`\b(ag|tk|qa|msg|le|rp)-[0-9A-Za-z]{12,}`)

func (tr *transcript) number(text string) string {
	if tr.ids == nil {
		tr.ids = map[string]string{}
	}
	return anID.ReplaceAllStringFunc(text, func(id string) string {
		if tr.ids[id] == "" {
			tr.ids[id] = fmt.Sprint("id", len(tr.ids)+1)
		}
		return tr.ids[id]
	})
}

type step struct {
	Name, Answer, Kind, Field, Message string
}

func (tr *transcript) add(name string, answer any, err error) {
	tr.t.Helper()
	data, jsonErr := json.Marshal(answer)
	if jsonErr != nil {
		tr.t.Fatal(jsonErr)
	}
	s := step{Name: name, Answer: tr.number(string(data))}
	var e *market.Error
	if errors.As(err, &e) {
		s.Kind, s.Field, s.Message = e.Kind.Error(), e.Field, e.Message
	} else if err != nil {
		s.Kind = err.Error()
	}
	tr.steps = append(tr.steps, s)
}

func note[T any](tr *transcript, name string, answer T, err error) T {
	tr.t.Helper()
	tr.add(name, answer, err)
	return answer
}

// The same program gives the same answers, in this process and over HTTP:
// results, kinds of errors, fields and messages.
func TestRemoteIsLikeInProcess(t *testing.T) {
	want := scenario(t, newTwin(t).direct())
	w := newTwin(t)
	got := scenario(t, w.remote(t, w.serve(t), http.DefaultTransport))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in-process (-) and remote (+):\n%s", diff)
	}
	refusals := 0
	for _, s := range want {
		if s.Kind != "" {
			refusals++
		}
	}
	if len(want) < 60 || refusals < 12 || len(want)-refusals < 40 {
		t.Errorf("the scenario compares %d steps, %d of them refusals", len(want), refusals)
	}
}

// lossy loses the answer to every first attempt, after the server acted.
type lossy struct {
	mu   sync.Mutex
	seen map[string]bool
	lost int
}

func (l *lossy) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	key := req.Header.Get("Idempotency-Key")
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil || key == "" || l.seen[key] || res.StatusCode == http.StatusNoContent || res.StatusCode >= 400 {
		return res, err
	}
	l.seen[key] = true
	l.lost++
	_ = res.Body.Close()
	return nil, errors.New("the answer was lost")
}

// A lost answer is asked for again and nothing happens twice: every credit is
// where it would be without the loss.
func TestLostAnswersChangeNothing(t *testing.T) {
	want := scenario(t, newTwin(t).direct())
	w := newTwin(t)
	bad := &lossy{seen: map[string]bool{}}
	got := scenario(t, w.remote(t, w.serve(t), bad))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without (-) and with lost answers (+):\n%s", diff)
	}
	if bad.lost < 20 {
		t.Errorf("only %d answers were lost", bad.lost)
	}
}

package httpserver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// rootAlone are the routes that are not an operator's.
var rootAlone = map[string]bool{"addOperator": true, "revokeOperator": true}

func TestEveryRouteOfTheOperatorsThatChangesSomethingIsInTheLog(t *testing.T) {
	onEveryStore(t, checkLogOfRoutes)
}

// checkLogOfRoutes walks the routes with which operators change something: each needs the
// role, and leaves one entry with the name of who called it.
func checkLogOfRoutes(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	root, agent := s.operator(false), s.agent("agent", false)
	named := func(name, role string) *person {
		return &person{site: s, key: root.send("POST", "/v1/admin/operators", object{"name": name, "role": role}, "").is(201).text("api_key")}
	}
	look, act := named("look", "look"), named("act", "act")
	named("gone", "look")
	task := s.agent("poster", false).post("something")
	report := agent.send("POST", "/v1/tasks/"+task+"/report", object{"reason": "spam"}, "").is(201).text("report_id")
	entries := func() int {
		n, _ := root.send("GET", "/v1/admin/actions?limit=1", nil, "").is(200).fields["total"].(float64)
		return int(n)
	}
	bodies := orders(agent)
	bodies["redeliverOf"] = s.deadWebhook()
	second := s.deadWebhook()
	bodies["redeliverBatch"] = object{"dead_letters": []object{{"agent_id": second["agent_id"], "event_id": second["event_id"]}}, "reason": second["reason"]}
	bodies["seeDead"] = object{"until": market.NewTime(s.market.Now()), "reason": "their endpoint is gone"}
	tried := 0
	for _, r := range Routes() {
		if r.Caller != CallerAdmin || r.Method == http.MethodGet {
			continue
		}
		tried++
		body := bodies[r.Name]
		path := strings.NewReplacer("reports/{id}", "reports/"+report, "tasks/{id}", "tasks/"+task, "{name}", "gone").Replace(r.Path)
		before := entries()
		look.send(r.Method, path, body, "").is(403).has("code", "role_required")
		by := act
		if rootAlone[r.Name] {
			act.send(r.Method, path, body, "").is(403).has("code", "role_required")
			by = root
		}
		if n := entries(); n != before {
			t.Errorf("%s %s: %d entries after a refusal, were %d", r.Method, r.Path, n, before)
		}
		if got := by.send(r.Method, path, body, ""); got.status >= 300 {
			t.Errorf("%s: %d %s", got.what, got.status, got.raw)
		}
		if n := entries(); n != before+1 {
			t.Errorf("%s %s: %d entries, were %d", r.Method, r.Path, n, before)
			continue
		}
		want := map[bool]string{true: "root", false: "act"}[rootAlone[r.Name]]
		root.send("GET", "/v1/admin/actions?limit=1", nil, "").is(200).list("actions")[0].has("operator", want)
	}
	for _, r := range Routes() {
		if r.Caller != CallerAdmin || r.Method != http.MethodGet {
			continue
		}
		path := strings.NewReplacer("tasks/{id}", "tasks/"+task, "agents/{id}", "agents/"+string(agent.id)).Replace(r.Path)
		before := entries()
		look.send(r.Method, path, nil, "").is(200)
		if n := entries(); n != before {
			t.Errorf("%s %s: who looks leaves an entry", r.Method, r.Path)
		}
	}
	if tried < 7 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// deadWebhook makes an agent of which a delivery has failed for good, and what to send for
// it to be made again.
func (s *site) deadWebhook() object {
	s.t.Helper()
	ctx := s.t.Context()
	hooked, err := s.market.Register(ctx, market.RegisterInput{Name: "hooked", WebhookURL: "https://hooks.example.com/in"})
	if err != nil {
		s.t.Fatal(err)
	}
	posted, err := s.market.As(hooked.AgentID).Post(ctx, market.PostInput{Need: "something"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.agent("asker of "+string(posted.TaskID), false).send("POST", "/v1/tasks/"+string(posted.TaskID)+"/questions", object{"question": "which?"}, "").is(201)
	jobs, err := s.market.LeaseWebhooks(ctx, time.Minute, 10)
	if err != nil || len(jobs) != 1 {
		s.t.Fatalf("%d deliveries, %v", len(jobs), err)
	}
	if ok, err := s.market.FinishWebhook(ctx, jobs[0], store.WebhookOutcome{Error: "status 500", At: s.market.Now()}); !ok || err != nil {
		s.t.Fatal(ok, err)
	}
	return object{"agent_id": hooked.AgentID, "event_id": jobs[0].Event.DeliveryID(), "reason": "their endpoint is back"}
}

// A key that is revoked by one server opens nothing of another from then on.
func TestARevokedOperatorIsRefusedByEveryReplica(t *testing.T) {
	onEveryStore(t, func(t *testing.T, with pinchwork.Option) {
		one := newSite(t, Options{Limits: NoLimits()}, with)
		two := newSite(t, Options{Limits: NoLimits()}, with)
		root := one.operator(false)
		key := root.send("POST", "/v1/admin/operators", object{"name": "eve", "role": "look"}, "").is(201).text("api_key")
		for range 3 {
			(&person{site: two, key: key}).send("GET", "/v1/admin/reports", nil, "").is(200)
		}
		root.send("DELETE", "/v1/admin/operators/eve", nil, "").is(200)
		for _, s := range []*site{one, two} {
			(&person{site: s, key: key}).send("GET", "/v1/admin/reports", nil, "").is(401).has("code", "unauthorized")
		}
	})
}

// Operators have limits of their own, and guesses another one.
func TestOperatorsAreLimitedApart(t *testing.T) {
	s := newSite(t, Options{Limits: Limits{Admin: Limit{2, time.Hour}}})
	root := s.operator(false)
	eve := &person{site: s, key: root.send("POST", "/v1/admin/operators", object{"name": "eve", "role": "look"}, "").is(201).text("api_key")}
	guess := &person{site: s, key: "pwo-" + strings.Repeat("a", 43)}
	for _, p := range []*person{eve, guess} {
		for range 2 {
			if got := p.send("GET", "/v1/admin/reports", nil, ""); got.status == http.StatusTooManyRequests {
				t.Errorf("limited too early: %s", got.raw)
			}
		}
		p.send("GET", "/v1/admin/reports", nil, "").is(429)
	}
	root.send("GET", "/v1/admin/operators", nil, "").is(200)
}

// A page's session knows whose key it began with.
func TestAPageAdmitsOperators(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()})
	made, err := s.market.AddOperator(t.Context(), market.OperatorInput{Name: "eve", Role: market.OperatorLook})
	if err != nil {
		t.Fatal(err)
	}
	w, r := newRecorder(), newRequest("192.0.2.1:1", "")
	if o, err := s.server.AdmitOperator(w, r, string(made.APIKey)); err != nil || o != made.Operator {
		t.Errorf("admitted: %+v, %v", o, err)
	}
	if o, err := s.server.AdmitOperator(w, r, adminKey); err != nil || o != market.Root() {
		t.Errorf("root: %+v, %v", o, err)
	}
	if _, err := s.server.AdmitOperator(w, r, "pwo-none"); err == nil {
		t.Error("a key that nobody has is admitted")
	}
}

package httpserver

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
)

// intrusion is what a stranger tries at a route with an object in its path.
type intrusion struct {
	body   object
	status int
}

// intrusions are what an agent gets that is neither poster nor worker of a
// delivered task, by the name of the route. A profile and the questions of a task
// are there for every agent; all else is refused.
var intrusions = map[string]intrusion{
	"getAgent":         {nil, http.StatusOK},
	"listQuestions":    {nil, http.StatusOK},
	"askQuestion":      {object{"question": "and what now?"}, http.StatusNotFound},
	"answerQuestion":   {object{"answer": "forged"}, http.StatusNotFound},
	"listMessages":     {nil, http.StatusNotFound},
	"sendMessage":      {object{"message": "forged"}, http.StatusNotFound},
	"redeliverWebhook": {nil, http.StatusNotFound},
	"getTask":          {nil, http.StatusNotFound},
	"explainTask":      {nil, http.StatusNotFound},
	"approveTask":      {object{"rating": 5}, http.StatusNotFound},
	"rejectTask":       {object{"reason": "forged"}, http.StatusNotFound},
	"cancelTask":       {nil, http.StatusNotFound},
	"reportTask":       {object{"reason": "forged"}, http.StatusNotFound},
	"pickupTaskById":   {nil, http.StatusConflict},
	"deliverTask":      {object{"result": "forged"}, http.StatusNotFound},
	"abandonTask":      {nil, http.StatusNotFound},
	"reportProgress":   {object{"note": "forged"}, http.StatusNotFound},
	"ratePoster":       {object{"rating": 1}, http.StatusNotFound},
}

func TestNobodyReachesAnObjectOfOthers(t *testing.T) { onEveryStore(t, checkObjectsOfOthers) }

func checkObjectsOfOthers(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	poster, worker, stranger := s.agent("poster", false), s.agent("worker", false), s.agent("stranger", false)
	task := poster.post("need-of-others", "context", "context-of-others", "tags", []string{"tag-of-others"})
	question := worker.send("POST", "/v1/tasks/"+task+"/questions", object{"question": "which one?"}, "").is(201).text("id")
	worker.send("POST", "/v1/tasks/"+task+"/pickup", nil, "").is(200)
	worker.send("POST", "/v1/tasks/"+task+"/messages", object{"message": "message-of-others"}, "").is(201)
	worker.send("POST", "/v1/tasks/"+task+"/deliver", object{"result": "result-of-others"}, "").is(200)
	whole := func() string {
		return poster.send("GET", "/v1/tasks/"+task, nil, "").is(200).raw +
			poster.send("GET", "/v1/tasks/"+task+"/messages", nil, "").is(200).raw +
			poster.send("GET", "/v1/tasks/"+task+"/questions", nil, "").is(200).raw +
			poster.send("GET", "/v1/me/credits", nil, "").is(200).raw + worker.send("GET", "/v1/me", nil, "").is(200).raw
	}
	before := whole()
	for _, r := range Routes() {
		if !strings.Contains(r.Path, "{") || r.Caller == CallerAdmin {
			continue
		}
		try, known := intrusions[r.Name]
		if !known {
			t.Errorf("%s %s: say in intrusions what a stranger gets there", r.Method, r.Path)
			continue
		}
		id := task
		if r.Group == groupAgents {
			id = string(worker.id)
		}
		path := strings.NewReplacer("{id}", id, "{qid}", question, "{event_id}", "1").Replace(r.Path)
		got := stranger.send(r.Method, path, try.body, "")
		if got.status != try.status {
			t.Errorf("%s is %d for a stranger, want %d: %s", got.what, got.status, try.status, got.raw)
		}
		if strings.Contains(got.raw, "-of-others") {
			t.Errorf("%s shows a stranger what is not for it: %s", got.what, got.raw)
		}
	}
	if after := whole(); after != before {
		t.Errorf("a stranger changed something:\n%s\n%s", before, after)
	}
}

// orders are bodies with which the operator's routes would do something.
func orders(about *person) map[string]object {
	agent := string(about.id)
	return map[string]object{
		"grantCredits":   {"agent_id": agent, "amount": 500},
		"invite":         {"valid_for": 60},
		"suspendAgent":   {"agent_id": agent, "suspended": true},
		"appointInfra":   {"agent_id": agent, "infra": true},
		"resolveReport":  {"status": "dismissed"},
		"resolveTask":    {"outcome": "refund", "reason": "spam"},
		"clawBack":       {"agent_id": agent, "amount": 1, "reason": "spam"},
		"redeliverOf":    {"agent_id": agent, "event_id": agent + "-1", "reason": "back"},
		"redeliverBatch": {"dead_letters": []object{{"agent_id": agent, "event_id": agent + "-1"}}, "reason": "back"},
		"seeDead":        {"until": "2026-01-01T00:00:00Z", "reason": "gone"},
		"addOperator":    {"name": "mallory", "role": "act"},
	}
}

func TestNobodyElseCallsTheOperatorsRoutes(t *testing.T) { onEveryStore(t, checkOperatorsRoutes) }

func checkOperatorsRoutes(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	agent := s.agent("agent", false)
	task := s.agent("poster", false).post("something")
	report := agent.send("POST", "/v1/tasks/"+task+"/report", object{"reason": "spam"}, "").is(201).text("report_id")
	before := agent.send("GET", "/v1/me", nil, "").is(200).raw
	tried := 0
	for _, r := range Routes() {
		if r.Caller != CallerAdmin {
			continue
		}
		body := orders(agent)[r.Name]
		if (body == nil) != (r.Body == nil) {
			t.Errorf("%s %s: say in orders what it could be told", r.Method, r.Path)
		}
		path := strings.NewReplacer("tasks/{id}", "tasks/"+task, "{id}", report, "{name}", "root").Replace(r.Path)
		for key, status := range map[string]int{"": 401, "wrong-key": 403, agent.key: 403, "pwo-" + strings.Repeat("a", 43): 401} {
			(&person{site: s, key: key}).send(r.Method, path, body, "").is(status)
		}
		tried++
	}
	if after := agent.send("GET", "/v1/me", nil, "").is(200).raw; after != before || tried == 0 {
		t.Errorf("%d routes tried, and something changed:\n%s\n%s", tried, before, after)
	}
	s.operator(false).send("GET", "/v1/admin/reports?status=open", nil, "").is(200).has("total", "1")
}

// The operator's key is no agent's, and no key opens nothing.
func TestOnlyAgentsCallTheAgentsRoutes(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()})
	for _, r := range Routes() {
		if r.Caller != CallerAgent {
			continue
		}
		path := pathParam.ReplaceAllString(r.Path, "x")
		for _, key := range []string{"", adminKey, "pwk-" + strings.Repeat("a", 43)} {
			(&person{site: s, key: key}).send(r.Method, path, nil, "").is(http.StatusUnauthorized)
		}
	}
}

// A route that needs no key is public on purpose.
func TestWhatIsPublicIsListed(t *testing.T) {
	public := map[string]bool{}
	for _, r := range Routes() {
		if r.Caller == CallerAnyone {
			public[r.Method+" "+r.Path] = true
		}
	}
	want := []string{
		"GET /health", "GET /openapi.json", "GET /readyz", "GET /v1/agents", "GET /v1/agents/{id}", "GET /v1/capabilities", "GET /v1/tags", "POST /v1/register",
	}
	if got := slices.Sorted(maps.Keys(public)); !slices.Equal(got, want) {
		t.Errorf("everybody may call %v, listed are %v", got, want)
	}
}

// What an agent may not set is not set, however it is sent.
func TestNoFieldOfAProfileIsSetByItsOwner(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()})
	agent := s.agent("agent", false)
	before := agent.send("GET", "/v1/me", nil, "").is(200).raw
	for _, field := range []string{"credits", "reputation", "tasks_completed", "tasks_posted", "strikes", "blocked_until", "id", "suspended", "tags_by", "open_claims", "api_key"} {
		if got := agent.send("PATCH", "/v1/me", object{field: 1000}, ""); got.status >= 500 {
			t.Errorf("%s: %s", field, got.raw)
		}
	}
	if after := agent.send("GET", "/v1/me", nil, "").is(200).raw; after != before {
		t.Errorf("something was set:\n%s\n%s", before, after)
	}
}

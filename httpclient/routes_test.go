package httpclient_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// Every call reaches its route with its input.
func TestCallsReachTheirRoutes(t *testing.T) {
	page := market.Page{Limit: 7, Offset: 14}
	tags := []string{"go", "sql"}
	cases := []struct {
		name, want, body string
		call             func(context.Context, *httpclient.Client) error
	}{
		{"me", "GET /base/v1/me", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Me(ctx)) }},
		{
			"update", "PATCH /base/v1/me", `{"good_at":null,"accepts_system_tasks":false}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.UpdateMe(ctx, market.UpdateInput{GoodAt: market.Null[string](), AcceptsSystemTasks: market.Some(false)}))
			},
		},
		{
			"rotate key", "POST /base/v1/me/key/rotate", `{"overlap_minutes":2}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.RotateKey(ctx, market.RotateInput{Overlap: time.Minute + time.Millisecond}))
			},
		},
		{"credits", "GET /base/v1/me/credits?limit=7&offset=14", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Credits(ctx, page)) }},
		{"stats", "GET /base/v1/me/stats", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Stats(ctx)) }},
		{"trust", "GET /base/v1/me/trust", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Trust(ctx, market.Page{})) }},
		{
			"post", "POST /base/v1/tasks", `{"need":"a <b>","max_credits":25,"tags":["go","sql"]}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.Post(ctx, market.PostInput{Need: "a <b>", MaxCredits: 25, Tags: tags}))
			},
		},
		{
			"post batch", "POST /base/v1/tasks/batch", `{"tasks":[{"need":"a","max_credits":25},{"need":"b","tags":["go","sql"]}]}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.PostBatch(ctx, market.PostBatchInput{Tasks: []market.PostInput{{Need: "a", MaxCredits: 25}, {Need: "b", Tags: tags}}}))
			},
		},
		{
			"post each", "POST /base/v1/tasks/batch", `{"tasks":[{"need":"a"}],"atomic":false}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.PostBatch(ctx, market.PostBatchInput{Tasks: []market.PostInput{{Need: "a"}}, Each: true}))
			},
		},
		{
			"browse", "GET /base/v1/tasks/available?limit=7&offset=14&search=a+b&tags=go%2Csql", "",
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.Browse(ctx, market.BrowseQuery{Filter: market.Filter{Tags: tags, Search: "a b"}, Page: page}))
			},
		},
		{
			"estimate", "POST /base/v1/tasks/estimate", `{"need":"x","tags":["go","sql"]}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.Estimate(ctx, market.EstimateInput{Need: "x", Tags: tags}))
			},
		},
		{
			"tags", "GET /base/v1/tags?limit=7&offset=14&tags=go%2Csql", "",
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.Tags(ctx, market.TagQuery{Tags: tags, Page: page}))
			},
		},
		{
			"explain", "GET /base/v1/tasks/tk-1/offer?search=a+b&tags=go%2Csql", "",
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.Explain(ctx, "tk-1", market.Filter{Tags: tags, Search: "a b"}))
			},
		},
		{
			"mine", "GET /base/v1/tasks/mine?order=credits&role=worker&search=a+b&status=claimed&tags=go%2Csql", "",
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.Mine(ctx, market.MineQuery{Role: "worker", Status: market.StatusClaimed, Filter: market.Filter{Tags: tags, Search: "a b"}, Order: market.MineCredits}))
			},
		},
		{"task", "GET /base/v1/tasks/tk-1", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Task(ctx, "tk-1", 0)) }},
		{"task wait", "GET /base/v1/tasks/tk-1?wait=2", "", func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Task(ctx, "tk-1", 1100*time.Millisecond))
		}},
		{"odd id", "GET /base/v1/tasks/tk%2F1%3Fa", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Task(ctx, "tk/1?a", 0)) }},
		{"pickup", "POST /base/v1/tasks/pickup?search=data&tags=go%2Csql", "", func(ctx context.Context, c *httpclient.Client) error {
			_, _, err := c.Pickup(ctx, market.Filter{Tags: tags, Search: "data"})
			return err
		}},
		{"pickup one", "POST /base/v1/tasks/tk-1/pickup", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.PickupTask(ctx, "tk-1")) }},
		{
			"batch", "POST /base/v1/tasks/pickup/batch", `{"count":3,"search":"data"}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.PickupBatch(ctx, market.BatchInput{Count: 3, Filter: market.Filter{Search: "data"}}))
			},
		},
		{
			"deliver", "POST /base/v1/tasks/tk-1/deliver", `{"result":"done","credits_claimed":12}`,
			func(ctx context.Context, c *httpclient.Client) error {
				return ignore(c.Deliver(ctx, "tk-1", market.DeliverInput{Result: "done", CreditsClaimed: 12}))
			},
		},
		{"approve", "POST /base/v1/tasks/tk-1/approve", `{"rating":5}`, func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Approve(ctx, "tk-1", market.ApproveInput{Rating: 5}))
		}},
		{"reject", "POST /base/v1/tasks/tk-1/reject", `{"reason":"no"}`, func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Reject(ctx, "tk-1", market.RejectInput{Reason: "no"}))
		}},
		{"cancel", "POST /base/v1/tasks/tk-1/cancel", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Cancel(ctx, "tk-1")) }},
		{"abandon", "POST /base/v1/tasks/tk-1/abandon", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Abandon(ctx, "tk-1")) }},
		{"progress", "POST /base/v1/tasks/tk-1/progress", `{"note":"half","percent":50}`, func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Progress(ctx, "tk-1", market.ProgressInput{Note: "half", Percent: new(50)}))
		}},
		{"rate", "POST /base/v1/tasks/tk-1/rate", `{"rating":4}`, func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Rate(ctx, "tk-1", market.RateInput{Rating: 4}))
		}},
		{"report", "POST /base/v1/tasks/tk-1/report", `{"reason":"spam"}`, func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.ReportTask(ctx, "tk-1", "spam"))
		}},
		{"ask", "POST /base/v1/tasks/tk-1/questions", `{"question":"why?"}`, func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Ask(ctx, "tk-1", "why?")) }},
		{"answer", "POST /base/v1/tasks/tk-1/questions/qa-2/answer", `{"answer":"so"}`, func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Answer(ctx, "tk-1", "qa-2", "so"))
		}},
		{"questions", "GET /base/v1/tasks/tk-1/questions", "", func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Questions(ctx, "tk-1", market.Page{}))
		}},
		{"send", "POST /base/v1/tasks/tk-1/messages", `{"message":"hi"}`, func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.SendMessage(ctx, "tk-1", "hi"))
		}},
		{"messages", "GET /base/v1/tasks/tk-1/messages?limit=7&offset=14", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Messages(ctx, "tk-1", page)) }},
		{"dead", "GET /base/v1/me/webhooks/dead", "", func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.DeadLetters(ctx, market.Page{}))
		}},
		{"redeliver", "POST /base/v1/me/webhooks/e1/redeliver", "", func(ctx context.Context, c *httpclient.Client) error { return c.Redeliver(ctx, "e1") }},
		{"agent", "GET /base/v1/agents/ag-1", "", func(ctx context.Context, c *httpclient.Client) error { return ignore(c.Agent(ctx, "ag-1")) }},
		{"agents", "GET /base/v1/agents?min_reputation=4.5&search=go&sort_by=tasks_completed", "", func(ctx context.Context, c *httpclient.Client) error {
			return ignore(c.Agents(ctx, market.AgentQuery{Search: "go", MinReputation: 4.5, SortBy: "tasks_completed"}))
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			s := always(201, fitsAll)
			if tc.name == "estimate" {
				s = always(200, `{"median_credits":null,"p25":null,"p75":null,"tasks":null}`)
			}
			if err := tc.call(t.Context(), s.client(t)); err != nil {
				t.Fatal(err)
			}
			req := s.seen[0]
			if got := req.Method + " " + req.URL.RequestURI(); got != tc.want {
				t.Errorf("request %q, want %q", got, tc.want)
			}
			if got := req.Header.Get("Authorization"); got != "Bearer "+testKey {
				t.Errorf("Authorization %q", got)
			}
			if s.bodies[0] != tc.body && unescape(s.bodies[0]) != tc.body {
				t.Errorf("body %s, want %s", s.bodies[0], tc.body)
			}
			keyed := req.Header.Get("Idempotency-Key") != ""
			// What holds a secret is not kept for a repeat, and what changes nothing has none.
			if keyed != (req.Method == http.MethodPost && req.URL.Path != "/base/v1/me/key/rotate" && tc.name != "estimate") {
				t.Errorf("%s has an idempotency key: %v", req.Method, keyed)
			}
		})
	}
}

func TestAdminCallsReachTheirRoutes(t *testing.T) {
	cases := map[string]struct {
		want, body string
		call       func(context.Context, *httpclient.Admin) error
	}{
		"grant": {"POST /v1/admin/credits/grant", `{"agent_id":"ag-1","amount":5}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.Grant(ctx, market.GrantInput{AgentID: "ag-1", Amount: 5}))
		}},
		"suspend": {"POST /v1/admin/agents/suspend", `{"agent_id":"ag-1","suspended":true}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.Suspend(ctx, market.SuspendInput{AgentID: "ag-1", Suspended: true}))
		}},
		"infra": {"POST /v1/admin/agents/infra", `{"agent_id":"ag-1","infra":false}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.AppointInfra(ctx, market.InfraInput{AgentID: "ag-1"}))
		}},
		"reports": {"GET /v1/admin/reports?limit=3&status=open", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.Reports(ctx, market.ReportOpen, market.Page{Limit: 3}))
		}},
		"resolve": {"POST /v1/admin/reports/rp-1/resolve", `{"status":"reviewed"}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.ResolveReport(ctx, "rp-1", market.ResolveInput{Status: market.ReportReviewed}))
		}},
		"operator": {"POST /v1/admin/operators", `{"name":"eve","role":"look","reason":"nights"}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.AddOperator(ctx, market.OperatorInput{Name: "eve", Role: market.OperatorLook, Reason: "nights"}))
		}},
		"operators": {"GET /v1/admin/operators", "", func(ctx context.Context, a *httpclient.Admin) error { return ignore(a.Operators(ctx)) }},
		"revoke": {"DELETE /v1/admin/operators/eve?reason=left", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.RevokeOperator(ctx, "eve", market.RevokeInput{Reason: "left"}))
		}},
		"actions": {"GET /v1/admin/actions?limit=3&offset=6&operator=eve", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.Actions(ctx, market.ActionQuery{Operator: "eve", Page: market.Page{Limit: 3, Offset: 6}}))
		}},
		"agents": {"GET /v1/admin/agents?search=go&standing=suspended", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.AllAgents(ctx, market.StandingQuery{AgentQuery: market.AgentQuery{Search: "go"}, Standing: market.StandingSuspended}))
		}},
		"agent": {"GET /v1/admin/agents/ag-1", "", func(ctx context.Context, a *httpclient.Admin) error { return ignore(a.AgentFile(ctx, "ag-1")) }},
		"tasks": {"GET /v1/admin/tasks?limit=3&poster=ag-1&reported=true&search=go&status=claimed&system=true&tags=sql&worker=ag-2", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.AllTasks(ctx, market.AllTasksQuery{
				Filter: market.Filter{Search: "go", Tags: []string{"sql"}}, Status: market.StatusClaimed, Poster: "ag-1", Worker: "ag-2",
				Reported: true, System: true, Page: market.Page{Limit: 3},
			}))
		}},
		"task": {"GET /v1/admin/tasks/tk-1", "", func(ctx context.Context, a *httpclient.Admin) error { return ignore(a.TaskFile(ctx, "tk-1")) }},
		"resolve task": {"POST /v1/admin/tasks/tk-1/resolve", `{"outcome":"split","worker_credits":5,"reason":"both"}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.ResolveTask(ctx, "tk-1", market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 5, Reason: "both"}))
		}},
		"claw back": {"POST /v1/admin/credits/claw-back", `{"agent_id":"ag-1","amount":5,"reason":"twice","task_id":"tk-1","refund":true}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.ClawBack(ctx, market.ClawBackInput{AgentID: "ag-1", Amount: 5, Reason: "twice", TaskID: "tk-1", Refund: true}))
		}},
		"overview": {"GET /v1/admin/overview", "", func(ctx context.Context, a *httpclient.Admin) error { return ignore(a.DeskOverview(ctx)) }},
		"dead": {"GET /v1/admin/webhooks/dead?agent_id=ag-1&limit=3&offset=6", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.DeadWebhooks(ctx, market.DeadQuery{AgentID: "ag-1", Page: market.Page{Limit: 3, Offset: 6}}))
		}},
		"redeliver": {"POST /v1/admin/webhooks/redeliver", `{"agent_id":"ag-1","event_id":"ag-1-7","reason":"back"}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.RedeliverOf(ctx, market.RedeliverInput{AgentID: "ag-1", EventID: "ag-1-7", Reason: "back"}))
		}},
		"redeliver batch": {"POST /v1/admin/webhooks/redeliver/batch", `{"dead_letters":[{"agent_id":"ag-1","event_id":"ag-1-7"}],"reason":"back"}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.RedeliverBatch(ctx, market.RedeliverBatchInput{Dead: []market.DeadID{{AgentID: "ag-1", EventID: "ag-1-7"}}, Reason: "back"}))
		}},
		"see dead": {"POST /v1/admin/webhooks/seen", `{"until":"2026-01-15T10:00:00+00:00","reason":"gone"}`, func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.SeeDead(ctx, market.SeeDeadInput{Until: market.NewTime(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)), Reason: "gone"}))
		}},
		"actions on": {"GET /v1/admin/actions?agent_id=ag-1", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.Actions(ctx, market.ActionQuery{AgentID: "ag-1"}))
		}},
		"ever reported": {"GET /v1/admin/tasks?reported=ever", "", func(ctx context.Context, a *httpclient.Admin) error {
			return ignore(a.AllTasks(ctx, market.AllTasksQuery{EverReported: true}))
		}},
		"actions of a day": {"GET /v1/admin/actions?from=2026-01-15T00%3A00%3A00%2B00%3A00&until=2026-01-16T00%3A00%3A00%2B00%3A00", "", func(ctx context.Context, a *httpclient.Admin) error {
			var q market.ActionQuery
			if err := q.OnDays("2026-01-15", "2026-01-15"); err != nil {
				return err
			}
			return ignore(a.Actions(ctx, q))
		}},
		"audit": {"GET /v1/admin/audit", "", func(ctx context.Context, a *httpclient.Admin) error { return ignore(a.Audit(ctx)) }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			answer := fitsAdmin
			switch name { // these count agents and tasks
			case "audit":
				answer = `{"ok":true}`
			case "overview":
				answer = `{"at":"2026-01-15T10:00:00Z"}`
			}
			s := always(200, answer)
			if err := tc.call(t.Context(), s.admin(t)); err != nil {
				t.Fatal(err)
			}
			if got := s.seen[0].Method + " " + s.seen[0].URL.RequestURI(); got != tc.want || s.bodies[0] != tc.body {
				t.Errorf("sent %q %s, want %q %s", got, s.bodies[0], tc.want, tc.body)
			}
			if got := s.seen[0].Header.Get("Authorization"); got != "Bearer operator" {
				t.Errorf("Authorization %q", got)
			}
		})
	}
}

// An id that is empty or a dot segment would address another route.
func TestIDsThatChangeTheRouteAreRefused(t *testing.T) {
	s := always(200, `{}`)
	c := s.client(t)
	for _, id := range []string{"", ".", ".."} {
		errs := map[string]error{
			"task":     ignore(c.Task(t.Context(), market.TaskID(id), 0)),
			"cancel":   ignore(c.Cancel(t.Context(), market.TaskID(id))),
			"agent":    ignore(c.Agent(t.Context(), market.AgentID(id))),
			"answer":   ignore(c.Answer(t.Context(), "tk-1", market.QuestionID(id), "x")),
			"messages": ignore(c.Messages(t.Context(), market.TaskID(id), market.Page{})),
		}
		for name, err := range errs {
			wantKind(t, name+" "+id, err, market.ErrInvalid)
		}
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestPickupOfNothing(t *testing.T) {
	_, ok, err := always(204, "").client(t).Pickup(t.Context(), market.Filter{})
	if ok || err != nil {
		t.Errorf("ok %v, error %v, want none of both", ok, err)
	}
	p, ok, err := always(200, `{"task_id":"tk-9","need":"n","context":null}`).client(t).Pickup(t.Context(), market.Filter{})
	if !ok || err != nil || p.TaskID != "tk-9" || p.Context != "" {
		t.Errorf("got %+v, %v, %v", p, ok, err)
	}
}

// 200 holds the delivered task, 201 the task as it is when the time is up.
func TestPostThatWaits(t *testing.T) {
	in := market.PostInput{Need: "n", Wait: 2 * time.Second}
	got, err := always(200, `{"task_id":"tk-1","status":"delivered","need":"n","result":"done"}`).client(t).Post(t.Context(), in)
	if err != nil || got.Task == nil || got.Task.Result != "done" || got.Status != market.StatusDelivered {
		t.Errorf("delivered: %+v, %v", got, err)
	}
	got, err = always(201, `{"task_id":"tk-1","status":"claimed","need":"n"}`).client(t).Post(t.Context(), in)
	if err != nil || got.Task == nil || got.Task.Status != market.StatusClaimed || got.TaskID != "tk-1" || got.Status != market.StatusClaimed {
		t.Errorf("not delivered: %+v, %v", got, err)
	}
}

func TestIDIsAskedOnceOrGiven(t *testing.T) {
	s := always(200, `{"id":"ag-7"}`)
	c := s.client(t)
	if a, b := c.ID(), c.ID(); a != "ag-7" || b != "ag-7" || len(s.requests()) != 1 {
		t.Errorf("ids %q, %q after %d requests", a, b, len(s.requests()))
	}
	if id := always(500, "").client(t, httpclient.WithAgentID("ag-8")).ID(); id != "ag-8" {
		t.Errorf("given id is %q", id)
	}
	if id := always(401, `{"error":"no"}`).client(t).ID(); id != "" {
		t.Errorf("id without a valid key is %q", id)
	}
}

func TestRegisterSendsNoKey(t *testing.T) {
	s := always(201, `{"agent_id":"ag-1","api_key":"pwk-new","credits":100,"message":"Welcome"}`)
	got, err := s.client(t).Register(t.Context(), market.RegisterInput{Name: "a"})
	if err != nil || got.AgentID != "ag-1" || got.APIKey != "pwk-new" || got.Credits != 100 {
		t.Errorf("got %+v, %v", got, err)
	}
	if h := s.seen[0].Header; h.Get("Authorization") != "" || h.Get("Idempotency-Key") != "" {
		t.Errorf("headers %v", h)
	}
}

// fitsAll is an answer that every call takes.
const fitsAll = `{"id":"x-1","agent_id":"ag-1","api_key":"pwk-new","task_id":"tk-1","report_id":"rp-1","balance":0,"total_earned":0,"granted":5,"ok":true,"offered":true,
	"tasks":[],"tags":[],"agents":[],"questions":[],"messages":[],"trust_scores":[],"dead":[],"reports":[]}`

// fitsAdmin is the same for the operator's calls.
const fitsAdmin = `{"invitation":"pwi-1","agent_id":"ag-1","report_id":"rp-1","granted":5,"ok":true,"reports":[],"name":"eve","operators":[],"actions":[],"agents":[],"tasks":[],"task":{},"agent":{},"task_id":"tk-1","clawed_back":5,"at":"2026-01-15T10:00:00Z","dead_letters":[],"event_id":"ag-1-7","until":"2026-01-15T10:00:00Z"}`

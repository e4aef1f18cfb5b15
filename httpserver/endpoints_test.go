package httpserver

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/store"
)

// TestEndpoints calls every endpoint of the table in both formats.
func TestEndpoints(t *testing.T) {
	for name, markdown := range map[string]bool{"JSON": false, "markdown": true} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, with pinchwork.Option) { checkEndpoints(t, with, markdown) })
		})
	}
}

func checkEndpoints(t *testing.T, with pinchwork.Option, markdown bool) {
	s := newSite(t, Options{Limits: NoLimits(), Version: "1.2.3"}, with)
	for _, step := range []func(*testing.T, *site, bool){tryAgents, tryLifecycle, tryOthers, tryTalk, tryMe, tryInvitations, tryOperator, tryDesk, tryServer, tryEvents, tryBatch} {
		step(t, s, markdown)
	}
	for _, r := range Routes() {
		if !s.answered[r.Name] {
			t.Errorf("%s %s was never tried", r.Method, r.Path)
		}
		if !r.Stream && !conformed(t, r.Name) {
			t.Errorf("%s %s was never held against the document", r.Method, r.Path)
		}
	}
}

func tryAgents(t *testing.T, s *site, markdown bool) {
	t.Helper()
	p := s.stranger(markdown)
	a := p.send("POST", "/v1/register", object{
		"name": "ada", "good_at": "Go, security\nreviews", "tags": []string{"Go", "security"},
		"webhook_url": "https://example.com/hook", "webhook_secret": "s3cret", "accepts_system_tasks": false,
	}, "good_at").is(201).has("credits", 100).headers("Cache-Control", "no-store", "X-Content-Type-Options", "nosniff", "Vary", "Accept")
	if !strings.HasPrefix(a.text("api_key"), "pwk-") || len(a.text("api_key")) < 45 || !strings.HasPrefix(a.text("agent_id"), "ag-") || a.text("message") == "" {
		t.Errorf("registration: %s", a.raw)
	}
	id := a.text("agent_id")
	p.send("GET", "/v1/agents/"+id, nil, "").is(200).has("id", id, "name", "ada", "good_at", "Go, security\nreviews", "tags", "[Go security]", "reputation", 0)
	p.send("GET", "/v1/agents/ag-platform", nil, "").is(404)
	p.send("GET", "/v1/agents/ag-nobody", nil, "").is(404)
	list := p.send("GET", "/v1/agents?search=SECURITY&tags=go&sort_by=tasks_completed&min_reputation=0&limit=5", nil, "").is(200).has("total", 1).list("agents")
	if len(list) != 1 || list[0].text("id") != id {
		t.Errorf("found %v", list)
	}
	p.send("GET", "/v1/agents?sort_by=name", nil, "").is(400)
	tags := p.send("GET", "/v1/tags?tags=GO,cobol", nil, "").is(200).has("total", 2).list("tags")
	tags[1].has("tag", "go", "open_tasks", 0, "agents", 1)
	p.send("GET", "/v1/tags?limit=101", nil, "").is(400)
	p.send("POST", "/v1/register", object{"name": " "}, "good_at").is(400)
	p.send("POST", "/v1/register", object{}, "good_at").is(400).has("error", "name: is required")
	p.send("POST", "/v1/register", object{"name": "x", "webhook_url": "http://10.0.0.1/"}, "good_at").is(400)
}

func tryBatch(t *testing.T, s *site, markdown bool) {
	t.Helper()
	poster := s.agent("batcher", markdown)
	tasks := []object{{"need": "one", "max_credits": 60, "tags": []string{"go"}}, {"need": "two", "max_credits": 60}}
	poster.send("POST", "/v1/tasks/batch", object{"tasks": tasks}, "").is(402).has("code", "insufficient_credits", "field", "tasks[1].max_credits", "index", 1)
	poster.send("POST", "/v1/tasks/batch", object{"tasks": tasks, "atomic": false}, "").is(201).has("total", 2)
	tasks[1]["budget"] = 5
	poster.send("POST", "/v1/tasks/batch", object{"tasks": tasks}, "").is(400).has("field", "tasks[1].budget")
}

func tryLifecycle(t *testing.T, s *site, markdown bool) {
	t.Helper()
	poster, worker := s.agent("poster", markdown), s.agent("worker", markdown)
	a := poster.send("POST", "/v1/tasks", object{"need": "Review this", "context": "a repo", "max_credits": 20, "tags": []string{"lint"}, "deadline_minutes": 60}, "need").is(201).has("status", "posted")
	id := a.text("task_id")
	a.headers("X-Task-Id", id, "X-Status", "posted")
	if !markdown {
		a.has("need", "Review this")
	} else if a.fields["need"] != "Review this" || a.body != "Task created successfully." {
		t.Errorf("created: %s", a.raw)
	}
	poster.send("POST", "/v1/tasks", object{"need": "x", "max_credits": 1000}, "need").is(402)
	poster.send("POST", "/v1/tasks", object{"need": "x", "max_credits": 0}, "need").is(400)

	items := worker.send("GET", "/v1/tasks/available?tags=lint&search=review&limit=10", nil, "").is(200).has("total", 1).list("tasks")
	items[0].has("task_id", id, "need", "Review this", "context", "a repo", "max_credits", 20, "tags", "[lint]", "poster_id", poster.id)
	worker.send("GET", "/v1/tasks/available?limit=0", nil, "").is(400)
	worker.send("GET", "/v1/tasks/available?limit=101", nil, "").is(400)
	worker.send("GET", "/v1/tasks/available?offset=-1", nil, "").is(400)
	worker.send("GET", "/v1/tasks/"+id, nil, "").is(200).has("status", "posted", "need", "Review this")

	worker.send("GET", "/v1/tasks/"+id+"/offer", nil, "").is(200).has("offered", true, "position", 1)
	worker.send("GET", "/v1/tasks/"+id+"/offer?tags=cobol", nil, "").is(200).has("offered", false, "reason", "filtered")
	worker.send("GET", "/v1/tasks/"+id+"/offer?search="+strings.Repeat("x", 501), nil, "").is(400)
	worker.send("POST", "/v1/tasks/estimate", object{"need": "Review that", "tags": []string{"lint"}}, "need").is(200)
	worker.send("POST", "/v1/tasks/estimate", object{"need": " "}, "need").is(400)
	worker.send("POST", "/v1/tasks/pickup?tags=cobol", nil, "").is(204).headers("X-Reason", "filtered", "X-Reason-Tasks", "1",
		"X-Reason-Message", "No task has all of these tags and words; without them 1 is on offer to you: use fewer, or others")
	worker.send("GET", "/v1/tasks/available?tags=cobol", nil, "").is(200).has("total", 0)
	worker.send("POST", "/v1/tasks/pickup?tags=lint", object{"search": "review"}, "").is(200).
		has("task_id", id, "need", "Review this", "max_credits", 20, "poster_id", poster.id).headers("X-Task-Id", id, "X-Budget", "20")
	worker.send("POST", "/v1/tasks/pickup", nil, "").is(204)
	worker.send("POST", "/v1/tasks/"+id+"/progress", object{"note": "Half done", "percent": 0}, "note").is(200).has("status", "claimed")
	worker.send("POST", "/v1/tasks/"+id+"/progress", object{"percent": 101}, "note").is(400)
	worker.send("POST", "/v1/tasks/"+id+"/deliver", object{"result": "## Found\n\n3 issues", "credits_claimed": 12}, "result").is(200).
		has("status", "delivered", "result", "## Found\n\n3 issues").headers("X-Credits-Charged", "12")
	poster.send("GET", "/v1/tasks/"+id+"?wait=5", nil, "").is(200).has("status", "delivered", "result", "## Found\n\n3 issues", "worker_id", worker.id)
	poster.send("POST", "/v1/tasks/"+id+"/reject", object{"reason": "Too short", "feedback": "more"}, "reason").is(200).
		has("status", "claimed", "rejection_reason", "Too short", "rejection_feedback", "more", "rejection_count", 1)
	worker.send("POST", "/v1/tasks/"+id+"/deliver", object{"result": "5 issues", "credits_claimed": 10}, "result").is(200)
	poster.send("POST", "/v1/tasks/"+id+"/approve", object{"rating": 5, "feedback": "Thanks"}, "feedback").is(200).
		has("status", "approved", "rating", 5, "feedback", "Thanks", "credits_charged", 10).headers("X-Credits-Charged", "10")
	worker.send("POST", "/v1/tasks/"+id+"/rate", object{"rating": 4, "feedback": "Clear"}, "feedback").is(201).
		has("task_id", id, "rated_id", poster.id, "rating", 4, "feedback", "Clear")
	worker.send("POST", "/v1/tasks/"+id+"/rate", object{"rating": 4}, "feedback").is(409)

	mine := worker.send("GET", "/v1/tasks/mine?role=worker&status=approved", nil, "").is(200).has("total", 1).list("tasks")
	mine[0].has("task_id", id, "status", "approved")
	poster.send("GET", "/v1/tasks/mine?role=boss", nil, "").is(400)
	poster.send("GET", "/v1/tasks/mine?status=lost", nil, "").is(400)
	poster.send("GET", "/v1/me/trust", nil, "").is(200).list("trust_scores")[0].has("trusted_id", worker.id)
	worker.send("GET", "/v1/me", nil, "").is(200).has("credits", 109, "tasks_completed", 1, "reputation", 5)
}

func tryOthers(t *testing.T, s *site, markdown bool) {
	t.Helper()
	poster, worker := s.agent("poster", markdown), s.agent("worker", markdown)
	id := poster.post("One", "max_credits", 1)
	worker.send("POST", "/v1/tasks/"+id+"/pickup", nil, "").is(200).has("task_id", id, "need", "One").headers("X-Task-Id", id, "X-Budget", "1")
	poster.send("POST", "/v1/tasks/"+id+"/pickup", object{}, "").is(409)
	worker.send("POST", "/v1/tasks/"+id+"/abandon", nil, "").is(200).has("status", "posted")
	worker.send("POST", "/v1/tasks/"+id+"/report", object{"reason": "spam"}, "reason").is(201).has("task_id", id, "reason", "spam", "status", "open")
	worker.send("POST", "/v1/tasks/"+id+"/cancel", nil, "").is(403)
	poster.send("POST", "/v1/tasks/"+id+"/cancel", nil, "").is(200).has("status", "cancelled")
	poster.send("POST", "/v1/tasks/"+id+"/cancel", nil, "").is(409)
	for _, need := range []string{"b1", "b2", "b3"} {
		poster.post(need, "max_credits", 1, "tags", []string{"batch"})
	}
	got := worker.send("POST", "/v1/tasks/pickup/batch", object{"count": 2, "tags": []string{"batch"}, "search": "b"}, "").is(200).has("total", 2).list("tasks")
	got[0].has("need", "b1")
	worker.send("POST", "/v1/tasks/pickup/batch?count=5", nil, "").is(200).has("total", 1)
	worker.send("POST", "/v1/tasks/pickup/batch", nil, "").is(200).has("total", 0)
	worker.send("POST", "/v1/tasks/pickup/batch", object{"count": 11}, "").is(400)
}

func tryTalk(t *testing.T, s *site, markdown bool) {
	t.Helper()
	poster, worker, other := s.agent("poster", markdown), s.agent("worker", markdown), s.agent("other", markdown)
	id := poster.post("Parse", "max_credits", 1)
	q := worker.send("POST", "/v1/tasks/"+id+"/questions", object{"question": "Which format?"}, "question").is(201).
		has("task_id", id, "asker_id", worker.id, "question", "Which format?").text("id")
	poster.send("POST", "/v1/tasks/"+id+"/questions/"+q+"/answer", object{"answer": "JSON lines"}, "answer").is(200).has("answer", "JSON lines")
	poster.send("POST", "/v1/tasks/"+id+"/questions/"+q+"/answer", object{"answer": "again"}, "answer").is(409)
	poster.send("POST", "/v1/tasks/"+id+"/questions/qa-none/answer", object{"answer": "x"}, "answer").is(404)
	other.send("GET", "/v1/tasks/"+id+"/questions", nil, "").is(200).has("total", 1).list("questions")[0].has("id", q, "answer", "JSON lines")

	poster.send("POST", "/v1/tasks/"+id+"/messages", object{"message": "early"}, "message").is(409)
	worker.send("POST", "/v1/tasks/"+id+"/pickup", nil, "").is(200)
	worker.send("POST", "/v1/tasks/"+id+"/messages", object{"message": "On it\nnow"}, "message").is(201).has("task_id", id, "sender_id", worker.id, "message", "On it\nnow")
	poster.send("GET", "/v1/tasks/"+id+"/messages?limit=10", nil, "").is(200).has("total", 1).list("messages")[0].has("message", "On it\nnow")
	other.send("GET", "/v1/tasks/"+id+"/messages", nil, "").is(404)
}

// invite is one of two invitations of the operator's.
func (s *site) invite(t *testing.T, markdown bool) string {
	t.Helper()
	made := s.operator(markdown).send("POST", "/v1/admin/invites", object{"count": 2, "note": "for two", "valid_for": 60}, "").is(201)
	tokens, _ := made.fields["invites"].([]any)
	if len(tokens) != 2 {
		t.Fatalf("the invitations are %v", made.fields["invites"])
	}
	return fmt.Sprint(tokens[1])
}

func tryInvitations(t *testing.T, s *site, markdown bool) {
	t.Helper()
	p := s.operator(markdown)
	if token := s.invite(t, markdown); !strings.HasPrefix(token, "pwi-") {
		t.Errorf("the invitation is %q", token)
	}
	p.send("POST", "/v1/admin/invites", object{"valid_for": 59}, "").is(400).has("field", "valid_for")
}

func tryMe(t *testing.T, s *site, markdown bool) {
	t.Helper()
	p := s.agent("me", markdown)
	p.send("PATCH", "/v1/me", object{"good_at": "Python", "webhook_url": "https://example.com/x", "tags": []string{"py"}, "name": "moi"}, "good_at").is(200).
		has("name", "moi", "good_at", "Python", "webhook_url", "https://example.com/x", "tags", "[py]")
	p.send("PATCH", "/v1/me", object{"webhook_url": nil}, "").is(200).has("good_at", "Python", "webhook_url", "")
	p.send("PATCH", "/v1/me", object{"good_at": nil}, "").is(200).has("good_at", "")
	p.send("GET", "/v1/me", nil, "").is(200).has("id", p.id, "credits", 100, "webhook_url", "")
	p.key = p.send("POST", "/v1/me/key/rotate", object{"overlap_minutes": 1}, "").is(200).text("api_key")
	p.post("x", "max_credits", 30)
	credits := p.send("GET", "/v1/me/credits?limit=1", nil, "").is(200).has("balance", 70, "escrowed", 30, "total", 2).list("ledger")
	credits[0].has("amount", -30, "reason", "escrow")
	p.send("GET", "/v1/me/stats", nil, "").is(200).has("total_earned", 0, "total_spent", 0)
	p.send("GET", "/v1/me/trust", nil, "").is(200).has("total", 0)
	p.send("GET", "/v1/me/webhooks/dead", nil, "").is(200).has("total", 0)
	p.send("POST", "/v1/me/webhooks/1/redeliver", nil, "").is(404)
	p.send("PATCH", "/v1/me", object{"webhook_url": "https://example.com/x"}, "").is(200)
	task := p.post("y", "max_credits", 1)
	s.agent("asker", markdown).send("POST", "/v1/tasks/"+task+"/questions", object{"question": "?"}, "question").is(201)
	s.failWebhooks()
	dead := p.send("GET", "/v1/me/webhooks/dead", nil, "").is(200).has("total", 1).list("dead")[0]
	dead.has("event", "task_question", "task_id", task, "error", "status 500")
	op := s.operator(markdown)
	op.send("GET", "/v1/admin/webhooks/dead?limit=1", nil, "").is(200).list("dead_letters")[0].has("agent_id", p.id, "error", "status 500")
	if money, _ := op.send("GET", "/v1/admin/overview", nil, "").is(200).fields["money"].(map[string]any); money["fees"] == nil {
		t.Errorf("the overview knows of no money: %v", money)
	}
	again := object{"agent_id": p.id, "event_id": dead.text("event_id"), "reason": "it is back"}
	op.send("POST", "/v1/admin/webhooks/redeliver", again, "reason").is(200).has("event_id", dead.text("event_id"), "agent_id", p.id)
	op.send("POST", "/v1/admin/webhooks/redeliver", again, "reason").is(404)
	s.failWebhooks()
	several := object{"dead_letters": []object{{"agent_id": p.id, "event_id": dead.text("event_id")}, {"agent_id": "ag-none", "event_id": "1"}}, "reason": "it is back"}
	op.send("POST", "/v1/admin/webhooks/redeliver/batch", several, "reason").is(200).has("redelivered", 1, "total", 2).list("dead_letters")[1].has("code", "not_found")
	op.send("POST", "/v1/admin/webhooks/redeliver/batch", object{"dead_letters": []object{}, "reason": "why not"}, "reason").is(400).has("field", "dead_letters")
	s.failWebhooks()
	failed := op.send("GET", "/v1/admin/webhooks/dead?agent_id="+string(p.id), nil, "").is(200).has("total", 1).list("dead_letters")[0].has("seen", false).text("failed_at")
	op.send("POST", "/v1/admin/webhooks/seen", object{"until": failed, "reason": "it is gone"}, "reason").is(200).has("until", failed)
	op.send("POST", "/v1/admin/webhooks/seen", object{"until": failed, "reason": "it is gone"}, "reason").is(409).has("code", "already_done")
	op.send("POST", "/v1/admin/webhooks/seen", object{"until": "soon", "reason": "it is gone"}, "reason").is(400).has("field", "until")
	op.send("GET", "/v1/admin/webhooks/dead", nil, "").is(200).list("dead_letters")[0].has("seen", true)
	p.send("POST", "/v1/me/webhooks/"+dead.text("event_id")+"/redeliver", nil, "").is(200).has("event_id", dead.text("event_id"))
	p.send("GET", "/v1/me/webhooks/dead", nil, "").is(200).has("total", 0)
}

// failWebhooks makes dead letters of all webhooks that wait.
func (s *site) failWebhooks() {
	s.t.Helper()
	jobs, err := s.market.LeaseWebhooks(s.t.Context(), time.Minute, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, job := range jobs {
		if ok, err := s.market.FinishWebhook(s.t.Context(), job, store.WebhookOutcome{Error: "status 500", At: s.market.Now()}); err != nil || !ok {
			s.t.Fatal(ok, err)
		}
	}
}

func tryOperator(t *testing.T, s *site, markdown bool) {
	t.Helper()
	op, a, b := s.operator(markdown), s.agent("a", markdown), s.agent("b", markdown)
	op.send("POST", "/v1/admin/credits/grant", object{"agent_id": a.id, "amount": 500, "reason": "welcome"}, "reason").is(200).
		has("granted", 500, "agent_id", a.id, "reason", "welcome")
	op.send("POST", "/v1/admin/credits/grant", object{"agent_id": a.id, "amount": 0}, "reason").is(400)
	op.send("POST", "/v1/admin/credits/grant", object{"agent_id": "ag-nobody", "amount": 1}, "reason").is(404)
	op.send("POST", "/v1/admin/agents/infra", object{"agent_id": a.id, "infra": true}, "").is(200).has("agent_id", a.id, "infra", true)
	task := a.post("Reported", "max_credits", 1)
	report := b.send("POST", "/v1/tasks/"+task+"/report", object{"reason": "fraud"}, "reason").is(201).text("report_id")
	op.send("GET", "/v1/admin/reports?status=open&limit=1", nil, "").is(200).list("reports")[0].has("report_id", report, "reason", "fraud", "reporter_id", b.id)
	op.send("GET", "/v1/admin/reports?status=closed", nil, "").is(400)
	op.send("POST", "/v1/admin/reports/"+report+"/resolve", object{"status": "dismissed", "note": "fine"}, "note").is(200).has("status", "dismissed", "note", "fine")
	op.send("POST", "/v1/admin/reports/"+report+"/resolve", object{"status": "open"}, "note").is(400)
	op.send("POST", "/v1/admin/reports/rp-none/resolve", object{"status": "reviewed"}, "note").is(404)
	op.send("POST", "/v1/admin/agents/suspend", object{"agent_id": b.id, "suspended": true, "reason": "spam"}, "reason").is(200).has("suspended", true)
	b.send("GET", "/v1/me", nil, "").is(403).has("error", "Agent suspended")
	op.send("POST", "/v1/admin/agents/suspend", object{"agent_id": b.id, "suspended": false}, "reason").is(200).has("suspended", false)
	b.send("GET", "/v1/me", nil, "").is(200)
	op.send("GET", "/v1/admin/audit", nil, "").is(200).has("ok", true, "sum", 0)
}

func tryDesk(t *testing.T, s *site, markdown bool) {
	t.Helper()
	root := s.operator(markdown)
	made := root.send("POST", "/v1/admin/operators", object{"name": "eve", "role": "act", "reason": "nights"}, "reason").is(201).has("name", "eve", "role", "act")
	eve := &person{site: s, key: made.text("api_key"), markdown: markdown}
	if !strings.HasPrefix(eve.key, "pwo-") || len(eve.key) < 45 {
		t.Errorf("the key is %q", eve.key)
	}
	root.send("POST", "/v1/admin/operators", object{"name": "EVE", "role": "look"}, "reason").is(409).has("code", "already_done")
	root.send("POST", "/v1/admin/operators", object{"name": "e v e", "role": "look"}, "reason").is(400).has("field", "name")
	eve.send("POST", "/v1/admin/operators", object{"name": "mallory", "role": "act"}, "reason").is(403).has("code", "role_required")
	look := &person{site: s, key: root.send("POST", "/v1/admin/operators", object{"name": "lou", "role": "look"}, "reason").is(201).text("api_key"), markdown: markdown}
	list := look.send("GET", "/v1/admin/operators", nil, "").is(200).has("total", 2).list("operators")
	list[0].has("name", "eve", "role", "act")
	a := s.agent("a", markdown)
	look.send("POST", "/v1/admin/credits/grant", object{"agent_id": a.id, "amount": 5}, "reason").is(403).has("code", "role_required")
	eve.send("POST", "/v1/admin/credits/grant", object{"agent_id": a.id, "amount": 5, "reason": "welcome"}, "reason").is(200)
	entry := look.send("GET", "/v1/admin/actions?operator=eve&limit=1", nil, "").is(200).has("total", 2).list("actions")[0]
	entry.has("operator", "eve", "action", "grant", "agent_id", a.id, "amount", 5, "reason", "welcome")
	look.send("GET", "/v1/admin/actions?agent_id="+string(a.id), nil, "").is(200).has("total", 1)
	look.send("GET", "/v1/admin/actions?action=grant", nil, "").is(200).has("total", 2)
	look.send("GET", "/v1/admin/actions?action=nonsense", nil, "").is(400)
	look.send("GET", "/v1/admin/actions?agent_id="+string(a.id)+"&operator=eve", nil, "").is(400)
	look.send("GET", "/v1/admin/actions?limit=101", nil, "").is(400)
	tryDeskLists(t, s, look, markdown)
	look.send("DELETE", "/v1/admin/operators/eve", nil, "").is(403)
	root.send("DELETE", "/v1/admin/operators/eve?reason=left", nil, "").is(200).has("name", "eve")
	root.send("DELETE", "/v1/admin/operators/eve", nil, "").is(404)
	eve.send("GET", "/v1/admin/reports", nil, "").is(401).has("code", "unauthorized")
	look.send("DELETE", "/v1/admin/operators/lou", nil, "").is(200)
	look.send("GET", "/v1/admin/reports", nil, "").is(401)
}

func tryDeskLists(t *testing.T, s *site, look *person, markdown bool) {
	t.Helper()
	poster, worker := s.agent("desk-poster", markdown), s.agent("desk-worker", markdown)
	id := poster.post("Something to be judged", "context", "the context", "tags", []string{"judged"}, "max_credits", 20)
	worker.send("POST", "/v1/tasks/"+id+"/questions", object{"question": "which?"}, "question").is(201)
	worker.send("POST", "/v1/tasks/"+id+"/pickup", nil, "").is(200)
	worker.send("POST", "/v1/tasks/"+id+"/messages", object{"message": "hm"}, "message").is(201)
	worker.send("POST", "/v1/tasks/"+id+"/deliver", object{"result": "the result"}, "result").is(200)
	worker.send("POST", "/v1/tasks/"+id+"/report", object{"reason": "unpaid"}, "reason").is(201)
	for _, query := range []string{"search=JUDGED+context", "tags=judged", "status=delivered&poster=" + string(poster.id), "worker=" + string(worker.id), "reported=true&poster=" + string(poster.id), "search=" + id} {
		list := look.send("GET", "/v1/admin/tasks?"+query, nil, "").is(200).list("tasks")
		if len(list) != 1 {
			t.Fatalf("%s finds %d tasks", query, len(list))
		}
		list[0].has("task_id", id, "status", "delivered", "worker_id", worker.id)
	}
	look.send("GET", "/v1/admin/tasks?reported=yes", nil, "").is(400)
	look.send("GET", "/v1/admin/tasks?status=lost", nil, "").is(400)
	file := look.send("GET", "/v1/admin/tasks/"+id, nil, "").is(200)
	for _, name := range []string{"questions", "messages", "ledger", "history", "reports"} {
		if len(file.list(name)) == 0 {
			t.Errorf("the file has no %s: %s", name, file.raw)
		}
	}
	look.send("GET", "/v1/admin/tasks/tk-none", nil, "").is(404)
	root := s.operator(markdown)
	root.send("POST", "/v1/admin/tasks/"+id+"/resolve", object{"outcome": "split", "worker_credits": 20, "reason": "both"}, "reason").is(400).has("field", "worker_credits")
	root.send("POST", "/v1/admin/tasks/"+id+"/resolve", object{"outcome": "split", "worker_credits": 10, "reason": "both"}, "reason").is(200).
		has("status", "approved", "credits_charged", 10, "worker_receives", 9)
	root.send("POST", "/v1/admin/tasks/"+id+"/resolve", object{"outcome": "refund", "reason": "late"}, "reason").is(409).has("code", "wrong_state")
	root.send("POST", "/v1/admin/tasks/tk-none/resolve", object{"outcome": "refund", "reason": "late"}, "reason").is(404)
	root.send("POST", "/v1/admin/credits/claw-back", object{"agent_id": worker.id, "amount": 9, "reason": "fraud"}, "reason").is(200).has("clawed_back", 9, "balance", 100)
	root.send("POST", "/v1/admin/credits/claw-back", object{"agent_id": worker.id, "amount": 101, "reason": "fraud"}, "reason").is(402).has("code", "insufficient_credits", "field", "amount")
	look.send("GET", "/v1/admin/agents/"+string(worker.id), nil, "").is(200).has("ledger_total", 3, "strikes", 0)
	look.send("GET", "/v1/admin/agents/ag-none", nil, "").is(404)
	s.operator(markdown).send("POST", "/v1/admin/agents/suspend", object{"agent_id": worker.id, "suspended": true, "reason": "spam"}, "reason").is(200)
	list := look.send("GET", "/v1/admin/agents?standing=suspended&search=desk-worker", nil, "").is(200).has("total", 1).list("agents")
	list[0].has("id", worker.id, "suspended", true, "suspend_reason", "spam")
	look.send("GET", "/v1/admin/agents?standing=gone", nil, "").is(400)
}

func tryServer(t *testing.T, s *site, markdown bool) {
	t.Helper()
	p := s.stranger(markdown)
	c := p.send("GET", "/v1/capabilities", nil, "").is(200).has("version", "1.2.3", "base_url", s.url)
	if got := len(c.list("endpoints")); got != len(Routes()) {
		t.Errorf("%d endpoints, want %d", got, len(Routes()))
	}
	p.send("GET", "/health", nil, "").is(200).has("status", "ok")
	p.send("GET", "/readyz", nil, "").is(200).has("status", "ok")
	p.send("GET", "/openapi.json", nil, "").is(200).has("openapi", "3.1.0")
}

func tryEvents(t *testing.T, s *site, markdown bool) {
	t.Helper()
	p := s.agent("listener", markdown)
	r, _ := http.NewRequest(http.MethodGet, s.url+"/v1/events", nil)
	r.Header.Set("Authorization", "Bearer "+p.key)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	s.note(r, res.StatusCode)
	defer func() { _ = res.Body.Close() }()
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil || line != ": stream open\n" {
		t.Errorf("%q, %v", line, err)
	}
}

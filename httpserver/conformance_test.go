package httpserver

import (
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// The commands with which the product is described to agents, as curl sends them: with -d
// everything is called a form. Nothing that reads bodies more cleverly may break
// one of them.

var otherTime = regexp.MustCompile(`:\d\d(\.\d+)?Z"`)

type commands struct {
	*testing.T
	server *Server
}

// curl plays one command: -H Accept or Content-Type where args say so.
func (c *commands) curl(key, method, path, data string, args ...string) *httptest.ResponseRecorder {
	c.Helper()
	headers := []string{"Accept", "*/*"}
	if data != "" {
		headers = append(headers, "Content-Type", formType)
	}
	if key != "" {
		headers = append(headers, "Authorization", "Bearer "+key)
	}
	return ask(c.server, method, path, data, append(headers, args...)...)
}

// plain plays a command that asks for JSON, and checks status and names of fields.
func (c *commands) plain(status int, key, method, path, data, names string) map[string]any {
	c.Helper()
	w := c.curl(key, method, path, data, "Accept", "application/json")
	body := w.Body.String()
	var got map[string]any
	if w.Code != status || json.Unmarshal([]byte(body), &got) != nil {
		c.Fatalf("%s %s: %d %s, want %d", method, path, w.Code, body, status)
	}
	if strings.Contains(body, `:""`) || strings.Contains(body, "ignored") || otherTime.MatchString(body) {
		c.Errorf("%s %s: %s", method, path, body)
	}
	for name := range strings.FieldsSeq(names) {
		if _, has := got[name]; !has {
			c.Errorf("%s %s has no %s: %s", method, path, name, body)
		}
	}
	return got
}

func (c *commands) register(data string) (id, key string) {
	c.Helper()
	got := c.plain(201, "", "POST", "/v1/register", data, "agent_id api_key credits message")
	return got["agent_id"].(string), got["api_key"].(string)
}

func TestTheCommandsOfTheDescriptionWork(t *testing.T) {
	c := &commands{t, newSite(t, Options{Limits: NoLimits()}).server}
	poster, key := c.register(`{"name": "my-agent"}`)
	_, worker := c.register(`{"name": "my-agent", "good_at": "sandboxed code execution, Python, data analysis", "accepts_system_tasks": false}`)
	const first = `{"need": "Review this API endpoint for vulnerabilities:\n\n@app.get(\"/users/{user_id}/settings\")\nasync def update_settings(user_id: str, body: dict = Body(...)):\n query = f\"UPDATE users SET settings = '{json.dumps(body)}' WHERE id = '{user_id}'\"\n await db.execute(query)", "context": "This is a FastAPI endpoint in our user settings service. We need an independent security review before deploying to production.", "max_credits": 15}`
	got := c.plain(201, key, "POST", "/v1/tasks", first, "task_id status need")
	task := "/v1/tasks/" + got["task_id"].(string)
	c.plain(200, key, "GET", task, "", "task_id status need context max_credits tags poster_id created_at")

	c.plain(201, worker, "POST", task+"/questions", `{"question": "What input format should the parser handle?"}`, "id task_id asker_id question created_at")
	asked := c.plain(200, worker, "GET", task+"/questions", "", "questions total")["questions"].([]any)[0].(map[string]any)
	c.plain(200, key, "POST", task+"/questions/"+asked["id"].(string)+"/answer", `{"answer": "JSON lines, one object per line"}`, "answer answered_at")
	c.plain(200, worker, "GET", "/v1/tasks/available?search=endpoint", "", "tasks total")
	c.plain(200, worker, "GET", "/v1/tasks/available?search=security&tags=python", "", "tasks total")
	if w := c.curl(worker, "POST", "/v1/tasks/pickup?search=kubernetes", ""); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("no work: %d %q", w.Code, w.Body)
	}
	c.plain(200, worker, "POST", "/v1/tasks/pickup", "", "task_id need context max_credits poster_id tags created_at poster_reputation")
	c.plain(201, key, "POST", task+"/messages", `{"message": "Can you focus on the auth module first?"}`, "id task_id sender_id message created_at")
	c.plain(200, worker, "GET", task+"/messages", "", "messages total")
	const result = "{\"result\": \"## Security Review Results\\n\\n### CRITICAL: SQL Injection (CWE-89)\\n**File:** app.py, line 4\\n**Severity:** Critical\\nRaw string interpolation of `user_id` and `body` into SQL query.\", \"credits_claimed\": 12}"
	c.plain(200, worker, "POST", task+"/deliver", result, "status result credits_charged")
	c.plain(200, key, "POST", task+"/reject", `{"reason": "Missing error handling examples", "feedback": "Good structure, just add try/catch blocks"}`, "status rejection_grace_deadline rejection_count")
	c.plain(200, worker, "POST", task+"/deliver", result, "status")
	if w := c.curl(key, "POST", task+"/approve", `{"rating": 5}`); w.Code != 200 || w.Header().Get("X-Credits-Charged") != "12" || !strings.HasPrefix(w.Body.String(), "---\n") {
		t.Errorf("approve: %d %v %s", w.Code, w.Header(), w.Body)
	}
	c.plain(201, worker, "POST", task+"/rate", `{"rating": 4}`, "task_id rated_id rating")
	c.plain(201, worker, "POST", task+"/report", `{"reason": "spam"}`, "report_id task_id reason status")

	md := c.curl(key, "POST", "/v1/tasks", "---\nmax_credits: 15\n---\nReview this SaaS Terms of Service for red flags from a customer perspective. Focus on liability caps, pricing change notice periods, and dispute resolution.")
	expect(t, md, 201, "---\ntask_id: tk-", "\nstatus: posted\nneed: \"Review this SaaS", "\n---\nTask created successfully.")
	if id := md.Header().Get("X-Task-Id"); id == "" || md.Header().Get("X-Status") != "posted" {
		t.Errorf("headers of a new task: %v", md.Header())
	}
	c.plain(200, key, "POST", "/v1/tasks/"+md.Header().Get("X-Task-Id")+"/cancel", "", "status")
	c.plain(201, key, "POST", "/v1/tasks", `{"need": "Urgent: check API health", "max_credits": 5, "deadline_minutes": 30}`, "task_id deadline")
	c.plain(200, worker, "POST", "/v1/tasks/pickup/batch", `{"count": 5, "tags": ["python"], "search": "data"}`, "tasks total")
	batch := c.plain(200, worker, "POST", "/v1/tasks/pickup/batch", `{"count": 5}`, "tasks total")["tasks"].([]any)
	c.plain(200, worker, "POST", "/v1/tasks/"+batch[0].(map[string]any)["task_id"].(string)+"/abandon", "", "status")

	c.plain(200, key, "PATCH", "/v1/me", `{"webhook_url": "https://myserver.com/hooks/pinchwork", "webhook_secret": "new-secret"}`, "webhook_url")
	c.plain(200, key, "PATCH", "/v1/me", `{"good_at": "security auditing, OWASP Top 10, Python, FastAPI"}`, "good_at")
	c.plain(200, key, "PATCH", "/v1/me", `{"accepts_system_tasks": true}`, "accepts_system_tasks")
	c.register(`{"name": "my-agent", "webhook_url": "https://myserver.com/hooks/pinchwork", "webhook_secret": "my-hmac-secret"}`)
	c.register(`{"name": "my-infra-agent", "accepts_system_tasks": true}`)
	c.plain(200, key, "GET", "/v1/me", "", "id name credits reputation")
	c.plain(200, key, "GET", "/v1/me/credits", "", "balance escrowed total ledger")
	c.plain(200, worker, "GET", "/v1/me/stats", "", "total_earned total_spent total_fees_paid approval_rate avg_task_value tasks_by_tag recent_7d_earned recent_30d_earned")
	c.plain(200, worker, "GET", "/v1/me/trust", "", "trust_scores total")
	c.plain(200, key, "GET", "/v1/tasks/mine", "", "tasks total")
	c.plain(200, worker, "GET", "/v1/tasks/mine?role=worker&status=claimed", "", "tasks total")
	for _, query := range []string{"?search=machine+learning", "?min_reputation=4.0", "?sort_by=tasks_completed&limit=10"} {
		c.plain(200, "", "GET", "/v1/agents"+query, "", "agents total")
	}
	c.plain(200, "", "GET", "/v1/agents/"+poster, "", "id name reputation reputation_by_tag")
	for _, figure := range c.plain(200, "", "GET", "/v1/tags?tags=python", "", "tags total")["tags"].([]any) {
		for _, name := range strings.Fields("tag open_tasks agents median_credits median_minutes_to_claim median_minutes_to_approval approved_30d") {
			if _, has := figure.(map[string]any)[name]; !has {
				t.Errorf("demand lacks %s: %v", name, figure)
			}
		}
	}
	c.plain(200, key, "POST", "/v1/tasks/estimate", `{"need": "Review my code", "tags": ["python"]}`, "median_credits p25 p75 tasks")
	c.plain(200, "", "GET", "/v1/capabilities", "", "version endpoints quick_start")
	granted := c.plain(200, adminKey, "POST", "/v1/admin/credits/grant", `{"agent_id": "`+poster+`", "amount": 500}`, "granted agent_id")
	if _, has := granted["reason"]; has {
		t.Errorf("a grant without a reason says %v", granted)
	}
	c.plain(200, adminKey, "POST", "/v1/admin/agents/suspend", `{"agent_id": "`+poster+`", "suspended": true}`, "agent_id suspended message")
	c.plain(200, adminKey, "POST", "/v1/admin/agents/suspend", `{"agent_id": "`+poster+`", "suspended": false}`, "agent_id suspended message")
	c.plain(200, adminKey, "GET", "/v1/admin/reports", "", "reports total")
	c.server.Close() // the stream ends at once
	if w := c.curl(key, "GET", "/v1/events", ""); w.Code != 200 || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("events: %d %v", w.Code, w.Header())
	}
}

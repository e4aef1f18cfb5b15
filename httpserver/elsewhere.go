package httpserver

import (
	"net/http"
	"strings"
)

// elsewhere are requests that many clients would try, and where to find what
// they look for. Without a method they are about any.
var elsewhere = []struct{ method, path, instead string }{
	{http.MethodDelete, "/v1/tasks/{id}", "POST /v1/tasks/{id}/cancel"},
	{http.MethodDelete, "/v1/tasks/{id}/pickup", "POST /v1/tasks/{id}/abandon"},
	{http.MethodPatch, "/v1/tasks/{id}", changeTask},
	{http.MethodPut, "/v1/tasks/{id}", changeTask},
	{http.MethodPost, "/v1/tasks/{id}", changeTask},
	{http.MethodPost, "/v1/tasks/{id}/status", changeTask},
	{http.MethodPatch, "/v1/tasks/{id}/status", changeTask},
	{http.MethodPut, "/v1/tasks/{id}/status", changeTask},
	{http.MethodPost, "/v1/tasks/{id}/accept", "POST /v1/tasks/{id}/pickup to take it, POST /v1/tasks/{id}/approve to accept its delivery"},
	{http.MethodPost, "/v1/tasks/{id}/review", "POST /v1/tasks/{id}/approve or POST /v1/tasks/{id}/reject"},
	{http.MethodGet, "/v1/tasks", "GET /v1/tasks/available for open tasks, GET /v1/tasks/mine for your own"},
	{http.MethodGet, "/v1/tasks/{id}/result", "GET /v1/tasks/{id}"},
	{http.MethodGet, "/v1/tasks/{id}/results", "GET /v1/tasks/{id}"},
	{http.MethodGet, "/v1/tasks/{id}/status", "GET /v1/tasks/{id}"},
	{http.MethodGet, "/v1/tasks/{id}/details", "GET /v1/tasks/{id}"},
	{http.MethodGet, "/v1/tasks/{id}/delivery", "GET /v1/tasks/{id}"},
	{http.MethodPost, "/v1/tasks/create", "POST /v1/tasks"},
	{http.MethodPost, "/v1/tasks/new", "POST /v1/tasks"},
	{http.MethodGet, "/v1/tasks/next", "POST /v1/tasks/pickup"},
	{"", "/v1/pickup", "POST /v1/tasks/pickup"},
	{"", "/v1/claim", "POST /v1/tasks/pickup"},
	{"", "/v1/next", "POST /v1/tasks/pickup"},
	{http.MethodPost, "/v1/deliver", "POST /v1/tasks/{id}/deliver"},
	{http.MethodPost, "/v1/submit", "POST /v1/tasks/{id}/deliver"},
	{http.MethodPost, "/v1/approve", "POST /v1/tasks/{id}/approve"},
	{http.MethodPost, "/v1/reject", "POST /v1/tasks/{id}/reject"},
	{http.MethodPost, "/v1/cancel", "POST /v1/tasks/{id}/cancel"},
	{http.MethodPost, "/v1/abandon", "POST /v1/tasks/{id}/abandon"},
	{http.MethodPost, "/v1/rate", "POST /v1/tasks/{id}/rate"},
	{"", "/v1/messages", "GET or POST /v1/tasks/{id}/messages"},
	{"", "/v1/questions", "GET or POST /v1/tasks/{id}/questions"},
	{http.MethodPost, "/v1/questions/{qid}/answer", "POST /v1/tasks/{id}/questions/{qid}/answer"},
	{http.MethodPost, "/v1/tasks/{id}/answer", "POST /v1/tasks/{id}/questions/{qid}/answer"},
	{http.MethodPost, "/v1/tasks/pickup/{id}", "POST /v1/tasks/{id}/pickup"},
	{http.MethodPost, "/v1/tasks/deliver/{id}", "POST /v1/tasks/{id}/deliver"},
	{http.MethodPost, "/v1/tasks/approve/{id}", "POST /v1/tasks/{id}/approve"},
	{http.MethodPost, "/v1/tasks/reject/{id}", "POST /v1/tasks/{id}/reject"},
	{http.MethodPost, "/v1/tasks/cancel/{id}", "POST /v1/tasks/{id}/cancel"},
	{http.MethodPost, "/v1/tasks/abandon/{id}", "POST /v1/tasks/{id}/abandon"},
	{http.MethodPost, "/v1/tasks/rate/{id}", "POST /v1/tasks/{id}/rate"},
	{http.MethodPost, "/v1/tasks/{id}/rate/{rating}", "POST /v1/tasks/{id}/rate with rating in the body"},
	{http.MethodGet, "/v1/agents/{id}/tasks", "GET /v1/tasks/mine"},
	{http.MethodPost, "/v1/agents/{id}/tasks", "POST /v1/tasks, with offer_to for that agent alone"},
	{http.MethodGet, "/v1/health", "GET /health"},
	{http.MethodGet, "/v1/openapi.json", "GET /openapi.json"},
	{http.MethodGet, "/v1/skill.md", "GET /skill.md"},
	{http.MethodGet, "/v1/tasks/{id}/events", "GET /v1/tasks/{id}, with ?wait=60 for its delivery, or GET /v1/events for all events"},
	{http.MethodPatch, "/v1/agents/{id}", "PATCH /v1/me"},
	{http.MethodPut, "/v1/agents/{id}", "PATCH /v1/me"},
	{http.MethodPost, "/v1/agents", "POST /v1/register"},
	{http.MethodPost, "/v1/agents/register", "POST /v1/register"},
	{http.MethodPost, "/v1/auth/register", "POST /v1/register"},
	{http.MethodPost, "/v1/users/register", "POST /v1/register"},
	{"", "/v1/agents/me", "GET /v1/me or PATCH /v1/me"},
	{"", "/v1/users/me", "GET /v1/me or PATCH /v1/me"},
	{http.MethodGet, "/v1/me/tasks", "GET /v1/tasks/mine"},
	{http.MethodGet, "/v1/me/balance", "GET /v1/me/credits"},
	{http.MethodGet, "/v1/balance", "GET /v1/me/credits"},
	{http.MethodGet, "/v1/credits", "GET /v1/me/credits"},
	{http.MethodGet, "/v1/wallet", "GET /v1/me/credits"},
	{http.MethodGet, "/v1/stats", "GET /v1/me/stats"},
	{http.MethodGet, "/v1/trust", "GET /v1/me/trust"},
	{http.MethodGet, "/v1/me/events", "GET /v1/events"},
	{http.MethodGet, "/v1/notifications", "GET /v1/events"},
	{http.MethodGet, "/v1/me/notifications", "GET /v1/events"},
}

const changeTask = "POST /v1/tasks/{id}/deliver, POST /v1/tasks/{id}/approve, POST /v1/tasks/{id}/reject or POST /v1/tasks/{id}/cancel"

// otherWords are what callers write for a part of a path.
var otherWords = map[string]string{}

func init() {
	for word, others := range map[string]string{
		"pickup":    "accept claim take start assign next apply bid bids propose proposals",
		"deliver":   "submit complete finish done result results delivery deliveries delivered submission submissions",
		"cancel":    "delete remove withdraw refund",
		"abandon":   "release drop unclaim giveup return unassign",
		"reject":    "decline refuse reopen request-changes request_changes revise revision rework dispute",
		"batch":     "bulk multiple many",
		"approve":   "close confirm pay payment approved",
		"rate":      "rating",
		"report":    "flag",
		"progress":  "heartbeat ping keepalive extend update",
		"questions": "ask clarify",
		"messages":  "chat comment comments reply",
		"available": "open browse search list all",
		"mine":      "my",
		"register":  "signup join",
		"me":        "profile account whoami",
		"credits":   "balance wallet",
		"events":    "stream",
		"tasks":     "jobs",
		"agents":    "workers users",
	} {
		for other := range strings.FieldsSeq(others) {
			otherWords[other] = word
		}
	}
}

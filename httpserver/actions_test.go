package httpserver_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// Whoever does what the answers say, by method and path alone, lives a task's whole life,
// and is never told of what this server does not offer.
func TestActionsLeadToTheirRoutes(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	api, err := httpserver.New(m, httpserver.Options{Off: []string{"abandonTask"}})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	keys := map[string]market.APIKey{}
	for _, name := range []string{"poster", "worker"} {
		r, err := m.Register(t.Context(), market.RegisterInput{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = r.APIKey
	}
	type answer struct {
		TaskID  string `json:"task_id"`
		Status  string
		Actions []httpserver.Action
	}
	send := func(who, method, path, body string) (a answer) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+string(keys[who]))
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code >= 300 {
			t.Fatalf("%s %s by the %s: %d %s", method, path, who, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	do := func(who string, a answer, action, body string) answer {
		t.Helper()
		for _, one := range a.Actions {
			if one.Action == action {
				return send(who, one.Method, one.Path, body)
			}
		}
		t.Fatalf("%s is not among %+v", action, a.Actions)
		return a
	}
	posted := send("poster", http.MethodPost, "/v1/tasks", `{"need": "Review this"}`)
	if len(posted.Actions) != 1 || posted.Actions[0] != (httpserver.Action{Action: "cancel", Method: "POST", Path: "/v1/tasks/" + posted.TaskID + "/cancel"}) {
		t.Errorf("posted: %+v", posted.Actions)
	}
	look := func(who string) answer { return send(who, http.MethodGet, "/v1/tasks/"+posted.TaskID, "") }
	do("worker", look("worker"), "ask", `{"question": "Which?"}`)
	claimed := do("worker", look("worker"), "pickup", "")
	for _, a := range claimed.Actions {
		if a.Action == "abandon" {
			t.Error("abandon is switched off, and listed")
		}
	}
	do("worker", do("worker", claimed, "progress", `{"percent": 50}`), "message", `{"message": "soon"}`)
	do("worker", claimed, "deliver", `{"result": "first"}`)
	do("poster", look("poster"), "reject", `{"reason": "more"}`)
	do("worker", look("worker"), "deliver", `{"result": "second"}`)
	if a := do("poster", look("poster"), "approve", `{}`); a.Status != "approved" || len(a.Actions) != 0 {
		t.Errorf("approved: %+v", a)
	}
	do("worker", look("worker"), "rate", `{"rating": 5}`)
	if a := look("worker"); len(a.Actions) != 0 {
		t.Errorf("afterwards: %+v", a)
	}
}

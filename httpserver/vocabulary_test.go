package httpserver

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

func TestNamesThatReadLikeAFieldAreRefused(t *testing.T) {
	server := newSite(t, Options{Limits: NoLimits()})
	key := []string{"Authorization", "Bearer " + server.agent("a", false).key}
	admin := []string{"Authorization", "Bearer " + adminKey}
	for _, c := range []struct{ method, path, body, meant string }{
		{"POST", "/v1/tasks", `{"need":"x","credits":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","budget":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","max_credit":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","maxCredits":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","max-credits":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","Max_Credits":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","maxPrice":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","offer":5}`, "max_credits"},
		{"POST", "/v1/tasks", `{"need":"x","offer":["ag-1"]}`, "offer_to"},
		{"POST", "/v1/tasks", `{"need":"x","tag":["go"]}`, "tags"},
		{"POST", "/v1/tasks", `{"need":"x","deadline":30}`, "deadline_minutes"},
		{"POST", "/v1/tasks", `{"need":"x","deadline_minute":30}`, "deadline_minutes"},
		{"POST", "/v1/tasks", `{"need":"x","timeout":30}`, "deadline_minutes or wait"},
		{"POST", "/v1/tasks", `{"need":"x","contxet":"y"}`, "context"},
		{"POST", "/v1/tasks", `{"description":"x"}`, "need"},
		{"POST", "/v1/tasks", `{"task":"x"}`, "need"},
		{"POST", "/v1/tasks", `{"ned":"x"}`, "need"},
		{"POST", "/v1/tasks", "---\nbudget: 5\n---\nx", "max_credits"},
		{"POST", "/v1/tasks", "---\nmax_credit: 5\n---\nx", "max_credits"},
		{"POST", "/v1/tasks?budget=5", `{"need":"x"}`, "max_credits"},
		{"POST", "/v1/tasks/pickup", `{"tag":"go"}`, "tags"},
		{"POST", "/v1/tasks/pickup", `{"q":"go"}`, "search"},
		{"POST", "/v1/tasks/pickup?tag=go", "", "tags"},
		{"POST", "/v1/tasks/pickup/batch", `{"limit":3}`, "count"},
		{"GET", "/v1/tasks/available?tag=go", "", "tags"},
		{"GET", "/v1/tasks/available?q=go", "", "search"},
		{"GET", "/v1/tasks/available?serach=go", "", "search"},
		{"GET", "/v1/tasks/available?page=2", "", "offset"},
		{"GET", "/v1/tasks/mine?state=posted", "", "status"},
		{"GET", "/v1/agents?skills=go", "", "tags"},
		{"PATCH", "/v1/me", `{"capabilities":"go"}`, "good_at or tags"},
		{"POST", "/v1/register", `{"name":"x","goodAt":"y"}`, "good_at"},
		{"POST", "/v1/tasks/tk-1/deliver", `{"output":"x"}`, "result"},
		{"POST", "/v1/tasks/tk-1/deliver", `{"answer":"x"}`, "result"},
		{"POST", "/v1/tasks/tk-1/deliver", `{"result":"x","credits":2}`, "credits_claimed"},
		{"POST", "/v1/tasks/tk-1/approve", `{"stars":5}`, "rating"},
		{"POST", "/v1/admin/credits/grant", `{"agent":"ag-1","amount":5}`, "agent_id"},
	} {
		given := key
		if strings.Contains(c.path, "admin") {
			given = admin
		}
		w := ask(server.server, c.method, c.path, c.body, append([]string{"Accept", "application/json"}, given...)...)
		expect(t, w, 400, "did you mean "+c.meant+"?")
		var refusal Error
		if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || refusal.Field == "" || refusal.Code != market.CodeInvalid {
			t.Errorf("%s %s: %s", c.path, c.body, w.Body)
		}
	}
	w := ask(server.server, "GET", "/v1/me", "", append([]string{"Accept", "application/json"}, key...)...)
	expect(t, w, 200, `"credits":100,`, `"tasks_posted":0`)
}

func TestEveryOtherUnknownNameIsIgnoredAndSaid(t *testing.T) {
	site := newSite(t, Options{Limits: NoLimits()})
	key := []string{"Authorization", "Bearer " + site.agent("a", false).key}
	for _, c := range []struct{ method, path, body, ignored string }{
		{"POST", "/v1/tasks", `{"need":"x","max_credits":1,"priority":"high","model":"m"}`, `"ignored":["priority","model"]`},
		{"POST", "/v1/tasks", `{"need":"x","max_credits":1,"rating":5}`, `"ignored":["rating"]`},
		{"POST", "/v1/tasks", "---\nmax_credits: 1\npriority: high\n---\nx", `"ignored":["priority"]`},
		{"POST", "/v1/tasks?trace=1", `{"need":"x","max_credits":1,"colour":"red"}`, `"ignored":["trace","colour"]`},
		{"GET", "/v1/tasks/available?utm_source=x&utm_source=y", "", `"ignored":["utm_source"]`},
		{"GET", "/v1/me?verbose=1", "", `"ignored":["verbose"]`},
	} {
		w := ask(site.server, c.method, c.path, c.body, append([]string{"Accept", "application/json"}, key...)...)
		if w.Code > 201 || !strings.Contains(w.Body.String(), c.ignored) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: %d %s, want %s", c.path, c.body, w.Code, w.Body, c.ignored)
		}
	}
	w := ask(site.server, "POST", "/v1/tasks", `{"need":"x","max_credits":1,"priority":"high"}`, append([]string{"Accept", "text/markdown"}, key...)...)
	expect(t, w, 201, "\nignored: [priority]\n", "Task created")
	w = ask(site.server, "POST", "/v1/tasks", `{"prio":"high"}`, append([]string{"Accept", "application/json"}, key...)...)
	expect(t, w, 400, "need: is required", `"ignored":["prio"]`)
	expect(t, ask(site.server, "GET", "/health?x=1", ""), 200, `{"status":"ok"}`)
}

// What is repeated of a request is bounded, and so is the work on its names.
func TestManyUnknownNamesCostLittle(t *testing.T) {
	post := posting(t)
	var body strings.Builder
	body.WriteString(`{"need":"x"`)
	for body.Len() < 7<<20 {
		body.WriteString(`,"mex_crediz` + strings.Repeat("y", 3) + `":1`)
	}
	body.WriteString(`,"` + strings.Repeat("z", 100_000) + `":1}`)
	began := time.Now()
	_, status, answer := post("application/json", body.String())
	if status != 201 || len(answer) > 5_000 {
		t.Errorf("%d, %d bytes", status, len(answer))
	}
	t.Logf("%v", time.Since(began))
}

func TestSlipsOfTheFingers(t *testing.T) {
	for _, c := range []struct {
		typed, name string
		slip        bool
	}{
		{"need", "need", true},
		{"ned", "need", true},
		{"neeed", "need", true},
		{"nede", "need", true},
		{"seen", "need", false},
		{"date", "name", false},
		{"serach", "search", true},
		{"seaarchh", "search", true},
		{"research", "search", true},
		{"feedbak", "feedback", true},
		{"fedbak", "feedback", true},
		{"fdbak", "feedback", false},
		{"x", "need", false},
		{"", "need", false},
	} {
		if got := isSlip(c.typed, c.name); got != c.slip {
			t.Errorf("%q for %q: %v", c.typed, c.name, got)
		}
	}
}

// A field of one endpoint may be a near miss of another's; it is right all the
// same, and no endpoint may refuse its own fields.
func TestNoFieldIsTakenForAnother(t *testing.T) {
	routes := Routes()
	names := vocabularyOf(routes)
	for i := range routes {
		own := append(routes[i].queryNames(), routes[i].bodyNames()...)
		for _, name := range own {
			if meant := names.meant(name, own); !slices.Equal(meant, []string{name}) {
				t.Errorf("%s: %s reads like %v", routes[i].Name, name, meant)
			}
		}
	}
}

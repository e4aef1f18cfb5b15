package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// notActs are forms of the desk that change nothing of the marketplace.
var notActs = map[string]bool{"POST /admin/login": true, "POST /admin/logout": true, "POST /admin/audit": true}

// walked is a form of the desk: where it is sent, with what, and the entry that it leaves.
type walked struct {
	path string
	form url.Values
	want market.OperatorAction
	// root alone may send it.
	root bool
}

// desk is a marketplace with everything that the desk's forms are about.
type desk struct {
	*site
	agent                *market.Handle
	task                 market.TaskID
	report               market.ReportID
	letter, second       string
	failed               market.Time // when they failed
	root, looks, revoked *operator
	acts                 *operator
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{site: newSite(t, httpserver.Options{})}
	ctx := t.Context()
	d.agent = d.site.agent(market.RegisterInput{Name: "ada", WebhookURL: "https://hooks.example/in"})
	other := d.site.agent(market.RegisterInput{Name: "bob"})
	posted, err := d.agent.Post(ctx, market.PostInput{Need: "something", MaxCredits: 10})
	if err != nil {
		t.Fatal(err)
	}
	d.task = posted.TaskID
	reported, err := other.ReportTask(ctx, d.task, "spam")
	if err != nil {
		t.Fatal(err)
	}
	d.report = reported.ReportID
	for _, question := range []string{"which?", "when?"} {
		if _, err := other.Ask(ctx, d.task, question); err != nil {
			t.Fatal(err)
		}
	}
	jobs, err := d.market.LeaseWebhooks(ctx, time.Minute, 10)
	if err != nil || len(jobs) != 2 {
		t.Fatal(len(jobs), err)
	}
	d.letter, d.second, d.failed = jobs[0].Event.DeliveryID(), jobs[1].Event.DeliveryID(), market.NewTime(d.market.Now())
	for _, job := range jobs {
		if ok, err := d.market.FinishWebhook(ctx, job, store.WebhookOutcome{Error: "status 500", At: d.failed.Time}); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	d.root = newOperator(t, d.url)
	d.root.login()
	d.looks, d.acts, d.revoked = d.named(t, "looker", market.OperatorLook), d.named(t, "actor", market.OperatorAct), d.named(t, "gone", market.OperatorAct)
	d.named(t, "leaver", market.OperatorLook)
	return d
}

// named logs in an operator of that name.
func (d *desk) named(t *testing.T, name string, role market.OperatorRole) *operator {
	t.Helper()
	made, err := d.market.AddOperator(t.Context(), market.OperatorInput{Name: name, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, d.url)
	if status, page := o.post("/admin/login", url.Values{"key": {string(made.APIKey)}}); status != http.StatusOK || !strings.Contains(page, "<h1>Overview</h1>") {
		t.Fatalf("login of %s: %d %s", name, status, page)
	}
	return o
}

// forms are the forms of the desk in an order in which each can be sent.
func (d *desk) forms() []struct {
	route string
	walked
} {
	agent, id := "/admin/agents/"+string(d.agent.ID()), d.agent.ID()
	of := func(fields ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(fields); i += 2 {
			v.Set(fields[i], fields[i+1])
		}
		return v
	}
	return []struct {
		route string
		walked
	}{
		{"POST /admin/agents/{id}/grant", walked{agent + "/grant", of("amount", "5"), market.OperatorAction{Action: market.ActionGrant, AgentID: id, Amount: 5}, false}},
		{"POST /admin/agents/{id}/clawback", walked{agent + "/clawback", of("amount", "3"), market.OperatorAction{Action: market.ActionClawBack, AgentID: id, Amount: 3}, false}},
		{"POST /admin/agents/{id}/infra", walked{agent + "/infra", of("to", "infra"), market.OperatorAction{Action: market.ActionAppointInfra, AgentID: id}, false}},
		{"POST /admin/agents/{id}/infra", walked{agent + "/infra", of("to", "none"), market.OperatorAction{Action: market.ActionDismissInfra, AgentID: id}, false}},
		{"POST /admin/webhooks/seen", walked{"/admin/webhooks/seen", of("until", d.failed.String()), market.OperatorAction{Action: market.ActionSeeDead, Subject: d.failed.String()}, false}},
		{"POST /admin/webhooks/redeliver", walked{"/admin/webhooks/redeliver", of("letter", string(id)+" "+d.second), market.OperatorAction{Action: market.ActionRedeliver, AgentID: id, Subject: d.second}, false}},
		{"POST /admin/agents/{id}/redeliver", walked{agent + "/redeliver", of("which", d.letter), market.OperatorAction{Action: market.ActionRedeliver, AgentID: id, Subject: d.letter}, false}},
		{"POST /admin/agents/{id}/suspend", walked{agent + "/suspend", of("to", "suspended"), market.OperatorAction{Action: market.ActionSuspend, AgentID: id}, false}},
		{"POST /admin/agents/{id}/suspend", walked{agent + "/suspend", of("to", "active"), market.OperatorAction{Action: market.ActionUnsuspend, AgentID: id}, false}},
		{"POST /admin/reports/{id}", walked{"/admin/reports/" + string(d.report), of("as", "dismissed", "which", string(d.report)), market.OperatorAction{Action: market.ActionResolveReport, ReportID: d.report, TaskID: d.task, Outcome: "dismissed"}, false}},
		{"POST /admin/tasks/{id}/resolve", walked{"/admin/tasks/" + string(d.task) + "/resolve", of("outcome", "refund"), market.OperatorAction{Action: market.ActionResolveTask, TaskID: d.task, Outcome: "refund"}, false}},
		{"POST /admin/operators", walked{"/admin/operators", of("name", "eve", "role", "look"), market.OperatorAction{Action: market.ActionAddOperator, Subject: "eve", Outcome: "look"}, true}},
		{"POST /admin/operators/{id}/revoke", walked{"/admin/operators/leaver/revoke", of("which", "leaver"), market.OperatorAction{Action: market.ActionRevokeOperator, Subject: "leaver"}, true}},
	}
}

// entries is the log, newest first.
func (d *desk) entries(t *testing.T) market.OperatorActions {
	t.Helper()
	list, err := d.market.Actions(t.Context(), market.ActionQuery{Page: market.Page{Limit: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Every form of the desk, by the table of its pages: who only looks and who was revoked
// changes nothing, nor does a form without a reason or that was not confirmed; and what is
// done leaves one entry that says who, what, on whom and why.
func TestEveryFormOfTheDeskIsInTheLog(t *testing.T) {
	d := newDesk(t)
	revoked := d.revoked.form("/admin/operators")
	if _, err := d.market.RevokeOperator(t.Context(), "gone", market.RevokeInput{}); err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, route := range pages.AdminRoutes() {
		if strings.HasPrefix(route, "POST ") && !notActs[route] {
			missing[route] = true
		}
	}
	for _, f := range d.forms() {
		delete(missing, f.route)
		before := d.entries(t).Total
		by, name := d.acts, "actor"
		if f.root {
			by, name = d.root, "root"
			d.refuses(t, f.route+" by who is not root", d.acts, d.acts.form("/admin/operators"), f.walked, http.StatusForbidden, "Only root")
		}
		d.refuses(t, f.route+" by who looks", d.looks, d.looks.form("/admin/operators"), f.walked, http.StatusForbidden, "role")
		d.refuses(t, f.route+" by who was revoked", d.revoked, revoked, f.walked, http.StatusUnauthorized, `name="key"`)
		d.refuses(t, f.route+" without a reason", by, by.form("/admin/operators", "reason", " "), f.walked, http.StatusBadRequest, "reason")
		d.refuses(t, f.route+" unconfirmed", by, by.form("/admin/operators", "sure", ""), f.walked, http.StatusBadRequest, "sure")
		if got := d.entries(t).Total; got != before {
			t.Fatalf("%s: %d entries after refusals, were %d", f.route, got, before)
		}
		form := by.form("/admin/agents/"+string(d.agent.ID()), "reason", "why "+f.route)
		if status, page := by.post(f.path, filled(form, f.form)); status != http.StatusOK || strings.Contains(page, `class="problem"`) {
			t.Fatalf("%s: %d %s", f.route, status, page)
		}
		log := d.entries(t)
		if log.Total != before+1 {
			t.Errorf("%s: %d entries, were %d", f.route, log.Total, before)
		}
		got, want := log.Actions[0], f.want
		if want.TaskID == d.task {
			want.PosterID, want.WorkerID, want.PosterGetsBack = got.PosterID, got.WorkerID, got.PosterGetsBack
		}
		got.AgentName, got.PosterName, got.WorkerName = "", "", ""
		want.Number, want.At, want.Operator, want.Reason = got.Number, got.At, name, "why "+f.route
		if got != want {
			t.Errorf("%s: the entry is %+v, want %+v", f.route, got, want)
		}
	}
	for route := range missing {
		t.Errorf("%s was not walked", route)
	}
}

// filled is a form with some fields set.
func filled(form, with url.Values) url.Values {
	for name, values := range with {
		form[name] = values
	}
	return form
}

func (d *desk) refuses(t *testing.T, what string, by *operator, form url.Values, f walked, status int, want string) {
	t.Helper()
	got, page := by.post(f.path, filled(form, f.form))
	if got != status || !strings.Contains(page, want) {
		t.Errorf("%s: %d, want %d with %q in\n%s", what, got, status, want, page)
	}
}

// What was in a form that was refused is still there.
func TestARefusedFormKeepsWhatWasInIt(t *testing.T) {
	d := newDesk(t)
	for _, f := range d.forms() {
		status, page := d.root.post(f.path, filled(d.root.form("/admin/agents/"+string(d.agent.ID()), "sure", "", "reason", "it took long to say why"), f.form))
		d.root.expect(f.route, http.StatusBadRequest, "it took long to say why", status, page)
		for _, field := range []string{"amount", "name"} {
			if value := f.form.Get(field); value != "" {
				d.root.expect(f.route, http.StatusBadRequest, `value="`+value+`"`, status, page)
			}
		}
	}
}

// Who ends a reported task closes what is reported about it in the same act.
func TestADecisionClosesTheReports(t *testing.T) {
	d := newDesk(t)
	path := "/admin/tasks/" + string(d.task)
	status, page := d.root.get(path)
	d.root.expect("the offer", http.StatusOK, `name="close" value="yes" checked`, status, page)
	status, page = d.root.post(path+"/resolve", d.root.form(path, "outcome", "refund", "close", "yes", "reason", "as reported"))
	d.root.expect("the end", http.StatusOK, "a refund: 10 credits back to ada. Its parties are told. What was reported about it is closed: reviewed.", status, page)
	list, err := d.market.Reports(t.Context(), "", market.Page{})
	if err != nil || list.Reports[0].Status != market.ReportReviewed || list.Reports[0].Note != "as reported" {
		t.Errorf("the report is %+v, %v", list.Reports, err)
	}
	status, page = d.root.get("/admin/actions?of=" + string(d.report))
	d.root.expect("what was done about the report", http.StatusOK, "Report closed: reviewed", status, page)
	status, page = d.root.get("/admin/actions?of=ada")
	d.root.expect("an agent by its name", http.StatusOK, "Task ended by decision: refund", status, page)
	status, page = d.root.get("/admin/agents/" + string(d.agent.ID()))
	d.root.expect("the agent's tasks", http.StatusOK, path, status, page)
	d.root.expect("the reports about them", http.StatusOK, "About its tasks", status, page)
}

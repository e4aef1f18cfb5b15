package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// Whose tasks are listed stands in the form, by id or by name, stays with another search,
// and an agent's id in the search keeps the status.
func TestWhoseTasksAreListedIsSaid(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "Ada"}), s.agent(market.RegisterInput{Name: "Bob"})
	s.agent(market.RegisterInput{Name: "Bobby"})
	for need, by := range map[string]*market.Handle{"sheep": ada, "goats": bob} {
		if _, err := by.Post(t.Context(), market.PostInput{Need: need, MaxCredits: 5}); err != nil {
			t.Fatal(err)
		}
	}
	o := newOperator(t, s.url)
	o.login()
	id := string(bob.ID())
	for _, path := range []string{"/admin/tasks?poster=" + id, "/admin/tasks?poster=bob", "/admin/tasks?search=" + id + "&status=posted"} {
		status, page := o.get(path)
		o.expect(path, http.StatusOK, `name="poster" maxlength="255" value="`+id+`"`, status, page)
		o.expect(path, http.StatusOK, "posted by Bob <code>"+id, status, page)
		if !strings.Contains(page, ">goats<") || strings.Contains(page, ">sheep<") {
			t.Errorf("%s lists\n%s", path, page)
		}
	}
	status, page := o.get("/admin/tasks?worker=bo")
	o.expect("half a name", http.StatusOK, "Not one agent alone", status, page)
}

// Where a form was sent to leads, when it is loaded, to the form's page; what the desk does
// not have is said in its frame, and an ended session is said.
func TestEveryAddressOfTheDeskLeadsOn(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	agent := s.agent(market.RegisterInput{Name: "ada"})
	posted, err := agent.Post(t.Context(), market.PostInput{Need: "sheep", MaxCredits: 20})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.agent(market.RegisterInput{Name: "bob"}).PickupTask(t.Context(), posted.TaskID); err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, s.url)
	o.login()
	path := "/admin/agents/" + string(agent.ID())
	task := "/admin/tasks/" + string(posted.TaskID)
	for at, want := range map[string]string{
		path + "/grant": "<h1>ada</h1>", path + "/suspend": "<h1>ada</h1>", task + "/resolve": "<h1>sheep</h1>",
		"/admin/reports/rp-1": "<h1>Reports</h1>", "/admin/operators/eve/revoke": "<h1>Operators</h1>", "/admin/logout": "<h1>Overview</h1>",
	} {
		status, page := o.get(at)
		o.expect(at, http.StatusOK, want, status, page)
	}
	for _, at := range []string{"/admin/nothing", path + "/nothing", "/admin/nothing/at/all"} {
		status, page := o.get(at)
		o.expect(at, http.StatusNotFound, `<nav class="desk"`, status, page)
	}
	status, page := o.post(task+"/resolve", o.form(task, "outcome", "refund", "worker_credits", "3"))
	o.expect("a number that is for a split", http.StatusBadRequest, `id="worker-credits-wrong"`, status, page)
	other := newOperator(t, s.url)
	other.login()
	where, err := url.Parse(s.url + "/admin")
	if err != nil {
		t.Fatal(err)
	}
	cookies := other.client.Jar.Cookies(where)
	other.post("/admin/logout", other.form("/admin"))
	for _, c := range cookies {
		c.Path = "/admin"
	}
	other.client.Jar.SetCookies(where, cookies)
	status, page = other.get(path)
	other.expect("an ended session", http.StatusOK, "Your session has ended.", status, page)
}

package pages_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

var (
	inputs    = regexp.MustCompile(`<input[^>]* name="([^"]+)" value="([^"]*)"`)
	textareas = regexp.MustCompile(`<textarea[^>]* name="([^"]+)"[^>]*>\n?([^<]*)</textarea>`)
)

// filledIn is what a browser sends of the fields on a page, in which nobody has changed
// anything.
func filledIn(page string) url.Values {
	form := url.Values{}
	for _, fields := range []*regexp.Regexp{inputs, textareas} {
		for _, f := range fields.FindAllStringSubmatch(page, -1) {
			form.Add(f[1], html.UnescapeString(f[2]))
		}
	}
	delete(form, "key")
	return form
}

// What an owner has written is there again after the sign-in, and nothing was done
// meanwhile.
func TestAFormOutlivesItsSession(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	const need = "Count the sheep,\nand \"the\" <b>lambs</b> & all"
	form := ada.form("/tasks/new", "need", need, "max_credits", "20", "tags", "sheep")
	ada.post("/sign-out", ada.form("/me"))
	status, page := ada.post("/tasks/new", form)
	ada.expect("a form without a session", http.StatusUnauthorized, "what you wrote is here again", status, page)
	again := filledIn(page)
	if got := again.Get("lost.need"); got != need || again.Has("lost.csrf") || again.Has("csrf") {
		t.Errorf("along go %v", again)
	}
	again.Set("key", "pwk-"+strings.Repeat("a", 43))
	status, page = ada.post("/sign-in", again)
	ada.expect("a wrong key", http.StatusUnauthorized, `name="lost.need"`, status, page)
	again = filledIn(page)
	again.Set("key", ada.key)
	status, page = ada.post("/sign-in", again)
	ada.expect("signed in", http.StatusOK, "Your form is here again", status, page)
	ada.expect("signed in", http.StatusOK, "signed in as ada", status, page)
	if strings.Contains(page, "<b>") || strings.Contains(page, ada.key) {
		t.Errorf("the page is\n%s", page)
	}
	if mine, err := ada.agent.Mine(t.Context(), market.MineQuery{}); err != nil || mine.Total != 0 {
		t.Fatalf("posted before it was sent: %+v, %v", mine, err)
	}
	status, page = ada.post("/tasks/new", filledIn(page))
	ada.expect("sent", http.StatusOK, "Posted.", status, page)
	if task := newest(t, ada.agent); task.Need != need || task.MaxCredits != 20 || strings.Join(task.Tags, " ") != "sheep" {
		t.Errorf("posted is %+v", task)
	}
}

// A page on which a form stood is where a sign-in leads when nothing was written, it is too
// long, or somebody else's page has sent it.
func TestWhatDoesNotGoAlongWithASignIn(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	ada.post("/sign-out", ada.form("/me"))
	for what, c := range map[string]struct {
		path    string
		form    url.Values
		headers []string
		status  int
		want    string
	}{
		"nothing written": {"/tasks/tk-1/approve", url.Values{"rating": {""}, "once": {"x"}}, nil, http.StatusOK, "Sign in to go on where it was"},
		"too long":        {"/tasks/tk-1/deliver", url.Values{"result": {strings.Repeat("漢", 40_000)}}, nil, http.StatusUnauthorized, "too long to go along"},
		"another site's":  {"/tasks/new", url.Values{"need": {"their words"}}, []string{"Sec-Fetch-Site", "cross-site"}, http.StatusOK, "Sign in to go on where it was"},
		"secrets":         {"/me/settings", url.Values{"name": {"ada"}, "webhook_secret": {"HOOK-SECRET"}}, nil, http.StatusUnauthorized, "what you wrote is here again"},
	} {
		status, page := ada.post(c.path, c.form, c.headers...)
		ada.expect(what, c.status, c.want, status, page)
		for _, kept := range []string{"HOOK-SECRET", "their words", "漢"} {
			if strings.Contains(page, kept) {
				t.Errorf("%s: %s is on the page", what, kept)
			}
		}
		if to := filledIn(page).Get("to"); to == "" || strings.HasSuffix(to, "/approve") || strings.HasSuffix(to, "/deliver") {
			t.Errorf("%s leads to %q", what, to)
		}
	}
	for _, at := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example", "tasks/new", "/tasks/../admin", ""} {
		status, page := ada.post("/sign-in", url.Values{"key": {ada.key}, "to": {"/me/money"}, "lost-at": {at}, "lost.need": {"words"}})
		ada.expect(at, http.StatusOK, "<h1>Money</h1>", status, page)
	}
}

// The same at the desk, where what one is sure of is asked again.
func TestAFormOfTheDeskOutlivesItsSession(t *testing.T) {
	d := newDesk(t)
	path := "/admin/agents/" + string(d.agent.ID())
	form := d.root.form(path, "amount", "5", "reason", "it took long to say why")
	d.root.post("/admin/logout", form)
	status, page := d.root.post(path+"/grant", form)
	d.root.expect("a form without a session", http.StatusUnauthorized, "what you wrote is here again", status, page)
	again := filledIn(page)
	again.Set("key", adminKey)
	status, page = d.root.post("/admin/login", again)
	d.root.expect("logged in", http.StatusOK, "Your form is here again", status, page)
	before := d.entries(t).Total
	d.root.expect("what it does", http.StatusOK, `<h2 id="does">Grant credits to ada</h2>`, status, page)
	d.root.expect("what is asked again", http.StatusOK, `<input id="sure-lost" type="checkbox" name="sure" value="yes" required>`, status, page)
	form = filledIn(page)
	form.Del("sure") // which nobody has ticked
	status, page = d.root.post(path+"/grant", form)
	d.root.expect("not yet sure", http.StatusBadRequest, "it took long to say why", status, page)
	if n := d.entries(t).Total; n != before {
		t.Errorf("%d entries, were %d", n, before)
	}
	form.Set("sure", "yes")
	status, page = d.root.post(path+"/grant", form)
	d.root.expect("sent", http.StatusOK, "5 credits granted to ada, who has ", status, page)
}

// A form that is here again says what it does and to whom, whatever form it is.
func TestALostFormSaysWhatItDoes(t *testing.T) {
	d := newDesk(t)
	agent, task := "/admin/agents/"+string(d.agent.ID()), "/admin/tasks/"+string(d.task)
	for _, c := range []struct{ at, fields, says string }{
		{agent + "/grant?offset=50", "amount=5&try=yes", "See what this would do: Grant credits to ada"},
		{agent + "/clawback", "amount=5", "Take credits back from ada"},
		{agent + "/clawback", "amount=5&refund=yes", "Take credits back from ada, and give them to the poster of the task"},
		{agent + "/suspend", "to=suspended", "Suspend ada"},
		{agent + "/suspend", "to=active", "End the suspension of ada"},
		{agent + "/infra", "to=infra", "Appoint ada as infra agent"},
		{agent + "/infra", "to=none", "Take the appointment of ada as infra agent back"},
		{agent + "/redeliver", "which=x", "Deliver a webhook to ada again"},
		{task + "/resolve", "outcome=split&worker_credits=3&close=yes", "End the task “something”: split, and close what is reported about it: reviewed"},
		{"/admin/tasks/tk-none/resolve", "outcome=refund", "End the task “tk-none”: refund"},
		{"/admin/reports/" + string(d.report), "as=dismissed", "Close the report: dismissed"},
		{"/admin/webhooks/seen", "", "Mark dead webhooks as seen"},
		{"/admin/operators", "name=eve&role=look", "Make an operator: look"},
		{"/admin/operators/eve/revoke", "", "Revoke the operator eve"},
	} {
		form, err := url.ParseQuery(c.fields)
		if err != nil {
			t.Fatal(err)
		}
		again := url.Values{"key": {adminKey}, "lost-at": {c.at}, "lost.reason": {"because"}, "lost.sure": {"yes"}, "lost.meant": {"5"}}
		for name := range form {
			again["lost."+name] = form[name]
		}
		status, page := d.root.post("/admin/login", again)
		d.root.expect(c.at, http.StatusOK, `<h2 id="does">`+c.says+"</h2>", status, page)
		if strings.Contains(page, `id="sure-lost"`) == form.Has("try") || strings.Contains(page, `name="meant"`) {
			t.Errorf("%s %s asks on\n%s", c.at, c.fields, page)
		}
	}
}

// An owner's form too; of a task that its agent may not read nothing is told.
func TestAnOwnersLostFormSaysWhatItDoes(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob, eve := s.owner("ada"), s.owner("bob"), s.owner("eve")
	posted, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Count the black sheep", MaxCredits: 20, OfferTo: []market.AgentID{bob.agent.ID()}})
	if err != nil {
		t.Fatal(err)
	}
	task := "/tasks/" + string(posted.TaskID)
	for _, c := range []struct {
		who      *owner
		at, says string
	}{
		{bob, task + "/message", "Send a message: “Count the black sheep”"},
		{eve, task + "/message", "Send a message: “" + string(posted.TaskID) + "”"},
		{bob, task + "/report", "Report the task to the operator: “Count the black sheep”"},
		{ada, "/tasks/new", "Post a task"},
		{ada, "/me/settings", "Change the settings of ada"},
	} {
		again := url.Values{"key": {c.who.key}, "lost-at": {c.at}, "lost.need": {"x"}, "lost.message": {"x"}, "lost.reason": {"x"}, "lost.name": {"ada"}}
		status, page := c.who.post("/sign-in", again)
		c.who.expect(c.at, http.StatusOK, `<h2 id="does">`+c.says+"</h2>", status, page)
		if strings.Contains(page, `id="sure-lost"`) {
			t.Errorf("%s asks whether one is sure", c.at)
		}
	}
}

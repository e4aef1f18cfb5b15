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
	status, page = d.root.post(path+"/grant", filledIn(page))
	d.root.expect("not yet sure", http.StatusBadRequest, "it took long to say why", status, page)
	if n := d.entries(t).Total; n != before {
		t.Errorf("%d entries, were %d", n, before)
	}
	form = filledIn(page)
	form.Set("amount", "5")
	form.Set("sure", "yes")
	form.Set("reason", "it took long to say why")
	status, page = d.root.post(path+"/grant", form)
	d.root.expect("sent", http.StatusOK, "5 credits granted to ", status, page)
}

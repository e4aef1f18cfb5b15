package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// Whoever has only a browser makes an agent, keeps its key and goes on with it.
func TestAnAgentIsRegisteredByAForm(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	o := newOperator(t, s.url)
	for _, path := range []string{"/", "/sign-in", "/agents"} {
		if _, page := o.get(path); !strings.Contains(page, `href="/register"`) {
			t.Errorf("%s does not lead there", path)
		}
	}
	form := o.form("/register", "name", "Ada & co", "good_at", "counting\r\nsheep", "tags", "wool, sheep", "webhook_url", "https://hooks.example/in", "webhook_secret", "hush-hush")
	status, page := o.post("/register", form)
	shown := newKey.FindStringSubmatch(page)
	if status != http.StatusCreated || shown == nil || !strings.Contains(page, "Ada &amp; co") || strings.Contains(page, "hush-hush") || !strings.Contains(page, "/assets/copy.js") {
		t.Fatalf("registering: %d\n%s", status, page)
	}
	list, err := s.market.Agents(t.Context(), market.AgentQuery{})
	if err != nil || list.Total != 1 {
		t.Fatal(list.Total, err)
	}
	me, err := s.market.As(list.Agents[0].ID).Me(t.Context())
	if err != nil || me.Name != "Ada & co" || me.GoodAt != "counting\nsheep" || strings.Join(me.Tags, " ") != "wool sheep" || me.WebhookURL != "https://hooks.example/in" || me.AcceptsSystemTasks {
		t.Errorf("the agent is %+v, %v", me, err)
	}
	status, again := o.post("/register", form)
	o.expect("the answer loaded again", http.StatusOK, "done before", status, again)
	if list, err := s.market.Agents(t.Context(), market.AgentQuery{}); err != nil || list.Total != 1 || strings.Contains(again, "pwk-") {
		t.Errorf("afterwards there are %d, %v", list.Total, err)
	}
	status, page = o.post("/sign-in", url.Values{"key": {shown[1]}, "to": {"/me"}})
	o.expect("going on", http.StatusOK, "<h1>Ada &amp; co</h1>", status, page)
}

// The form has the refusals of the API, beside the fields that they are about, its limit by
// address, and its rules about who may register.
func TestRegistrationByAFormIsThatOfTheAPI(t *testing.T) {
	limits := httpserver.NoLimits()
	limits.Register = httpserver.Limit{Count: 5, Per: time.Hour}
	s := newSite(t, httpserver.Options{Limits: limits})
	o := newOperator(t, s.url)
	for field, value := range map[string]string{"name": " ", "good_at": strings.Repeat("x", 2001), "tags": "no!", "webhook_url": "ftp://x"} {
		status, page := o.post("/register", o.form("/register", "name", "kept as it was", field, value))
		o.expect(field, http.StatusBadRequest, `id="wrong-`+field+`"`, status, page)
		if field != "name" && !strings.Contains(page, `value="kept as it was"`) {
			t.Errorf("%s: what was sent is gone", field)
		}
	}
	status, page := o.post("/register", o.form("/register", "name", "ada"), "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site")
	o.expect("from elsewhere", http.StatusForbidden, "another site", status, page)
	res, err := http.Post(s.url+"/v1/register", "application/json", strings.NewReader(`{"name":"ada"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusCreated {
		t.Fatal(res.Status)
	}
	status, page = o.post("/register", o.form("/register", "name", "eve"))
	o.expect("beyond the limit", http.StatusTooManyRequests, `role="alert"`, status, page)
	if list, err := s.market.Agents(t.Context(), market.AgentQuery{}); err != nil || list.Total != 1 {
		t.Errorf("there are %d, %v", list.Total, err)
	}
}

func TestRegistrationByInvitationOrNotAtAll(t *testing.T) {
	for mode, want := range map[market.RegistrationMode]string{market.RegistrationInvite: `name="invite"`, market.RegistrationClosed: "Registration is closed"} {
		s := newSite(t, httpserver.Options{}, pinchwork.WithPolicy(func(p *market.Policy) { p.Registration = mode }))
		o := newOperator(t, s.url)
		status, page := o.get("/register")
		o.expect(string(mode), http.StatusOK, want, status, page)
		status, page = o.post("/register", o.form("/register", "name", "ada"))
		o.expect(string(mode), http.StatusForbidden, map[market.RegistrationMode]string{market.RegistrationInvite: `role="alert"`, market.RegistrationClosed: want}[mode], status, page)
		if _, page := o.get("/sign-in"); strings.Contains(page, `href="/register"`) != (mode == market.RegistrationInvite) {
			t.Errorf("%s: the menu has it: %v", mode, mode != market.RegistrationInvite)
		}
		if mode == market.RegistrationClosed {
			continue
		}
		made, err := s.market.Invite(t.Context(), market.InviteInput{Count: 1, ValidFor: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		form := o.form("/register", "name", "ada", "invite", string(made.Invites[0]))
		status, page = o.post("/register", form)
		o.expect("invited", http.StatusCreated, "is registered", status, page)
	}
}

// No page that leads on is kept by a browser: where it leads depends on who has signed in.
func TestNoRedirectIsKept(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	posted, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing"})
	if err != nil {
		t.Fatal(err)
	}
	task := "/tasks/" + string(posted.TaskID)
	form := ada.form(task)
	stranger := newOperator(t, s.url)
	for _, o := range []*operator{ada.operator, stranger} {
		o.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	led := 0
	for _, c := range []struct {
		by             *operator
		method, target string
	}{
		{stranger, "GET", "/me"},
		{stranger, "GET", "/me/money"},
		{stranger, "GET", "/tasks/new"},
		{stranger, "GET", "/me/"},
		{stranger, "GET", "/admin/agents"},
		{stranger, "GET", "/tasks?search=tk-123456789012"},
		{stranger, "GET", "/manual?section=browser"},
		{stranger, "POST", task + "/cancel"},
		{ada.operator, "GET", "/sign-in"},
		{ada.operator, "GET", "/sign-in?to=/me"},
		{ada.operator, "POST", task + "/cancel"},
		{ada.operator, "POST", "/sign-out"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, s.url+c.target, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := c.by.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode/100 == 3 {
			led++
		}
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s %s: %s with Cache-Control %q", c.method, c.target, res.Status, got)
		}
	}
	if led < 10 {
		t.Errorf("only %d led on", led)
	}
}

// Who sends more than a form may hold is told that, and not something about sessions.
func TestWhatIsTooLongIsCalledThat(t *testing.T) {
	s := newSite(t, httpserver.Options{MaxBodyBytes: 64 << 20})
	ada := s.owner("ada")
	long := strings.Repeat("x", 10<<20)
	for path, field := range map[string]string{"/tasks/new": "need", "/me/settings": "good_at", "/register": "name", "/sign-in": "key"} {
		status, page := ada.post(path, ada.form("/me/settings", field, long))
		ada.expect(path, http.StatusRequestEntityTooLarge, "too long", status, page)
	}
}

// What is for people stands in sight on the manual's page, before what is for programs.
func TestTheManualBeginsWithTheBrowser(t *testing.T) {
	s := withAll(t)
	_, page := s.get("/manual")
	contents, references, found := strings.Cut(page, "<summary>References")
	if !found || !strings.Contains(contents, `href="#with-a-browser"`) || strings.Contains(strings.Split(references, "</details>")[0], `href="#with-a-browser"`) || strings.Count(page, ` id="with-a-browser"`) != 1 {
		t.Errorf("the contents are\n%s", contents)
	}
	if browser, start := strings.Index(page, ` id="with-a-browser"`), strings.Index(page, ` id="quick-start"`); browser > start {
		t.Errorf("the browser is at %d, the calls at %d", browser, start)
	}
}

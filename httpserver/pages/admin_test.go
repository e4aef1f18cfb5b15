package pages_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// operator is a browser at the operator's pages.
type operator struct {
	t      *testing.T
	base   string
	client *http.Client
}

func newOperator(t *testing.T, base string) *operator {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &operator{t, base, &http.Client{Jar: jar}}
}

func (o *operator) do(r *http.Request) (int, string) {
	o.t.Helper()
	res, err := o.client.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	if strings.Contains(string(body), adminKey) {
		o.t.Errorf("%s shows the admin key", r.URL)
	}
	return res.StatusCode, string(body)
}

func (o *operator) get(path string) (int, string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, o.base+path, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.do(r)
}

func (o *operator) post(path string, form url.Values, headers ...string) (int, string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return o.do(r)
}

func (o *operator) login() {
	o.t.Helper()
	if status, page := o.post("/admin/login", url.Values{"key": {adminKey}}); status != http.StatusOK || !strings.Contains(page, "<h1>Overview</h1>") {
		o.t.Fatalf("login: %d %s", status, page)
	}
}

var hidden = regexp.MustCompile(`name="(csrf|once)" value="([^"]+)"`)

// form fills in the fields that a page's forms bring along, a reason and that it is sure.
func (o *operator) form(path string, fields ...string) url.Values {
	o.t.Helper()
	_, page := o.get(path)
	form := url.Values{"sure": {"yes"}, "reason": {"because"}}
	for _, f := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(f[1], f[2])
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

func (o *operator) expect(what string, wantStatus int, want string, status int, page string) {
	o.t.Helper()
	if status != wantStatus || !strings.Contains(page, want) {
		o.t.Errorf("%s: %d, want %d with %q in\n%s", what, status, wantStatus, want, page)
	}
}

func TestOperatorGrantsSuspendsAndAppoints(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	agent := s.agent(market.RegisterInput{Name: "worker " + attack})
	o := newOperator(t, s.url)
	o.login()
	path := "/admin/agents/" + string(agent.ID())
	grant := o.form(path, "amount", "50", "reason", "for "+attack)
	status, page := o.post(path+"/grant", grant)
	o.expect("grant", http.StatusOK, `50 credits granted to worker &lt;`, status, page)
	o.expect("balance", http.StatusOK, `<dd id="balance">150</dd>`, status, page)
	if strings.Contains(page, attack) {
		t.Errorf("not escaped: %s", page)
	}
	status, page = o.post(path+"/grant", grant) // the same form once more
	o.expect("grant twice", http.StatusOK, `<dd id="balance">150</dd>`, status, page)
	for _, bad := range []string{"", "0", "-1", "1.5", "many", fmt.Sprint(limits.Grant + 1)} {
		status, page = o.post(path+"/grant", o.form(path, "amount", bad))
		o.expect("grant of "+bad, http.StatusBadRequest, `id="amount-wrong">Credits: must be`, status, page)
	}
	status, page = o.post(path+"/suspend", o.form(path, "to", "suspended", "reason", "spam"))
	o.expect("suspend", http.StatusOK, "<strong>suspended</strong>: spam", status, page)
	o.expect("who suspended", http.StatusOK, `(by <a href="/admin/actions?of=root">root</a>, <time`, status, page)
	if _, err := agent.Me(t.Context()); err == nil {
		t.Error("the agent is not suspended")
	}
	status, page = o.get("/admin/agents?search=" + string(agent.ID()))
	o.expect("search by id", http.StatusOK, "<strong>suspended</strong>: spam", status, page)
	status, page = o.post(path+"/suspend", o.form(path, "to", "active"))
	o.expect("unsuspend", http.StatusOK, "The suspension of worker ", status, page)
	status, page = o.post(path+"/infra", o.form(path, "to", "infra"))
	o.expect("appoint", http.StatusOK, "Take the appointment back", status, page)
	status, page = o.post(path+"/infra", o.form(path, "to", "none"))
	o.expect("dismiss", http.StatusOK, " is no infra agent any more.", status, page)
	status, page = o.get("/admin/agents?search=work")
	o.expect("search", http.StatusOK, path, status, page)
	status, page = o.get("/admin/agents/ag-nobody")
	o.expect("unknown agent", http.StatusNotFound, "Not found", status, page)
	for _, search := range []string{"/admin/agents?search=ag-nobod", "/admin/tasks?search=tk-part", "/admin/tasks/tk-%22%3E"} {
		status, page = o.get(search)
		o.expect(search, http.StatusNotFound, `<nav class="desk"`, status, page)
		o.expect(search, http.StatusNotFound, "An id is looked up whole", status, page)
	}
}

// The whole ledger of an agent can be paged through, also from a form that was refused.
func TestOperatorPagesThroughALedger(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	agent := s.agent(market.RegisterInput{Name: "rich"})
	for n := range 60 {
		if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: agent.ID(), Amount: 1, Reason: fmt.Sprintf("grant %d.", n)}); err != nil {
			t.Fatal(err)
		}
	}
	o := newOperator(t, s.url)
	o.login()
	path := "/admin/agents/" + string(agent.ID())
	status, page := o.post(path+"/grant", o.form(path, "amount", "none"))
	o.expect("newest", http.StatusBadRequest, "grant 59.", status, page)
	older := regexp.MustCompile(`href="(` + path + `\?offset=50)"`).FindStringSubmatch(page)
	if older == nil {
		t.Fatalf("no way on from\n%s", page)
	}
	status, page = o.get(older[1])
	o.expect("oldest", http.StatusOK, "grant 0.", status, page)
	if strings.Contains(page, "grant 59.") {
		t.Error("the newest are shown again")
	}
}

func TestOperatorReadsTasksReportsAndAudit(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	poster, worker := s.agent(market.RegisterInput{Name: "poster"}), s.agent(market.RegisterInput{Name: "worker"})
	posted, err := poster.Post(t.Context(), market.PostInput{Need: "Rare words " + attack, Context: "the context", MaxCredits: 10})
	if err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, s.url)
	o.login()
	status, page := o.get("/admin/tasks?search=rare+words")
	o.expect("open tasks", http.StatusOK, "/admin/tasks/"+string(posted.TaskID), status, page)
	if _, err := worker.PickupTask(t.Context(), posted.TaskID); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.ReportTask(t.Context(), posted.TaskID, "it is "+attack); err != nil {
		t.Fatal(err)
	}
	status, page = o.get("/admin/tasks?search=" + string(posted.TaskID))
	o.expect("a claimed task by id", http.StatusOK, "the context", status, page)
	status, page = o.get("/admin")
	o.expect("the overview", http.StatusOK, "1 open report<", status, page)
	status, page = o.get("/admin/reports")
	o.expect("reports", http.StatusOK, "1 report, open.", status, page)
	if strings.Contains(page, attack) {
		t.Errorf("not escaped: %s", page)
	}
	id := regexp.MustCompile(`/admin/reports/(rp-\w+|[\w-]+)"><input`).FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("no report: %s", page)
	}
	status, page = o.post("/admin/reports/"+id[1], o.form("/admin/reports", "as", "nonsense"))
	o.expect("resolve as nonsense", http.StatusBadRequest, "How to close it: must be", status, page)
	status, page = o.post("/admin/reports/"+id[1], o.form("/admin/reports", "as", "reviewed", "reason", "seen"))
	o.expect("resolve", http.StatusOK, "Report closed: reviewed.", status, page)
	o.expect("none left", http.StatusOK, "0 reports, open.", status, page)
	for _, all := range []string{"", "all"} {
		status, page = o.get("/admin/reports?status=" + all)
		o.expect("all reports", http.StatusOK, "seen", status, page)
		o.expect("how many", http.StatusOK, "1 report.", status, page)
	}
	status, page = o.get("/admin/reports?status=nonsense")
	o.expect("no state", http.StatusBadRequest, "must be open, reviewed or dismissed", status, page)
	if strings.Contains(page, "Nothing was reported") || strings.Contains(page, "0 reports") {
		t.Errorf("it says what was not looked up: %s", page)
	}
	status, page = o.post("/admin/audit", o.form("/admin/audit"))
	o.expect("audit", http.StatusOK, "The books balance.", status, page)
}

func TestOperatorsPagesAreClosedToOthers(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	agent := s.agent(market.RegisterInput{Name: "worker"})
	path := "/admin/agents/" + string(agent.ID())
	stranger := newOperator(t, s.url)
	for _, p := range []string{"/admin/agents", path, "/admin/tasks", "/admin/tasks/tk-1", "/admin/reports", "/admin/audit"} {
		status, page := stranger.get(p)
		stranger.expect(p, http.StatusOK, `name="key"`, status, page)
	}
	status, page := stranger.post(path+"/grant", url.Values{"amount": {"5"}})
	stranger.expect("grant by a stranger", http.StatusUnauthorized, `name="key"`, status, page)
	status, page = stranger.post("/admin/login", url.Values{"key": {"wrong"}})
	stranger.expect("wrong key", http.StatusForbidden, "Wrong admin key.", status, page)
	status, page = stranger.post("/admin/login", url.Values{"key": {adminKey}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	stranger.expect("login from elsewhere", http.StatusForbidden, "another site", status, page)

	o, other := newOperator(t, s.url), newOperator(t, s.url)
	o.login()
	other.login()
	for name, form := range map[string]url.Values{
		"no token": {"amount": {"5"}}, "a wrong token": {"amount": {"5"}, "csrf": {"wrong"}},
		"another session's token": other.form(path, "amount", "5"),
	} {
		status, page = o.post(path+"/grant", form)
		o.expect(name, http.StatusForbidden, "not from your session", status, page)
	}
	status, page = o.post(path+"/grant", o.form(path, "amount", "5"), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	o.expect("from elsewhere", http.StatusForbidden, "not from your session", status, page)
	if me, err := agent.Me(t.Context()); err != nil || me.Credits != 100 {
		t.Errorf("credits %d, %v", me.Credits, err)
	}
	status, page = o.post("/admin/logout", o.form("/admin"))
	o.expect("logout", http.StatusOK, `name="key"`, status, page)
	o.expect("logout", http.StatusOK, "You are signed out", status, page)
	status, page = o.get(path)
	o.expect("after the logout", http.StatusOK, `name="to" value="`+path+`"`, status, page)
	status, page = o.post(path+"/grant", url.Values{"amount": {"5"}})
	o.expect("a form after the logout", http.StatusUnauthorized, "nothing of the form was done", status, page)
	o.expect("a form after the logout", http.StatusUnauthorized, `name="to" value="`+path+`"`, status, page)
	status, page = o.post("/admin/login", url.Values{"key": {"wrong"}, "to": {path}})
	o.expect("a wrong key", http.StatusForbidden, `name="to" value="`+path+`"`, status, page)
	status, page = o.post("/admin/login", url.Values{"key": {adminKey}, "to": {path}})
	o.expect("back at the agent", http.StatusOK, `<dd id="balance">100</dd>`, status, page)
}

// adminSite serves one market below a prefix, with the key.
func adminSite(t *testing.T, m *market.Market, o httpserver.Options) (base string) {
	t.Helper()
	o.Pages = pages.New(m)
	api, err := httpserver.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/market/", http.StripPrefix("/market", api))
	live := httptest.NewServer(mux)
	t.Cleanup(func() { api.Close(); live.Close() })
	return live.URL + "/market"
}

func TestOperatorsSession(t *testing.T) {
	now := clock.NewMock()
	now.Set(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	m, err := pinchwork.New(pinchwork.WithClock(now))
	if err != nil {
		t.Fatal(err)
	}
	one := adminSite(t, m, httpserver.Options{AdminKey: adminKey})
	o := newOperator(t, one)
	o.login()
	u, _ := url.Parse(one + "/admin")
	cookies := o.client.Jar.Cookies(u)
	for _, c := range cookies {
		if len(cookies) != 2 || strings.Contains(c.Value, adminKey) {
			t.Fatalf("cookies %v", cookies)
		}
	}
	at := func(base string) (int, string) {
		other := newOperator(t, base)
		there, _ := url.Parse(base + "/admin")
		other.client.Jar.SetCookies(there, []*http.Cookie{{Name: cookies[0].Name, Value: cookies[0].Value, Path: "/market/admin"}})
		return other.get("/admin/agents")
	}
	status, page := at(adminSite(t, m, httpserver.Options{AdminKey: adminKey}))
	o.expect("another replica", http.StatusOK, "<h1>Agents</h1>", status, page)
	status, page = at(adminSite(t, m, httpserver.Options{AdminKey: "another-key"}))
	o.expect("another key", http.StatusOK, `name="key"`, status, page)
	status, page = at(adminSite(t, m, httpserver.Options{}))
	o.expect("no key", http.StatusNotImplemented, "no admin key", status, page)
	now.Add(8*time.Hour - time.Second)
	status, page = o.get("/admin/agents")
	o.expect("just before the end", http.StatusOK, "<h1>Agents</h1>", status, page)
	now.Add(time.Second)
	status, page = o.get("/admin/agents")
	o.expect("at the end", http.StatusOK, `name="key"`, status, page)
}

func TestOperatorsCookie(t *testing.T) {
	for public, secure := range map[string]bool{"": false, "http://work.example/market": false, "https://work.example/market": true} {
		m, err := pinchwork.New()
		if err != nil {
			t.Fatal(err)
		}
		base := adminSite(t, m, httpserver.Options{AdminKey: adminKey, PublicURL: public})
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/admin/login", strings.NewReader("key="+adminKey))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		c := res.Cookies()
		if len(c) != 2 || c[1].Path != "/market/" || c[1].Value != "1" || c[0].Path != "/market/admin" || len(c[0].Value) < 40 {
			t.Errorf("%q: cookies %v", public, c)
		}
		for _, c := range c {
			if c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
				t.Errorf("%q: cookie %v", public, c)
			}
		}
	}
}

// Whoever guesses keys runs out of guesses; the operator does not.
func TestGuessingAdminKeysIsLimited(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	limits := httpserver.NoLimits()
	limits.Admin = httpserver.Limit{Count: 3, Per: time.Hour}
	o := newOperator(t, adminSite(t, m, httpserver.Options{AdminKey: adminKey, Limits: limits}))
	for range 3 {
		status, page := o.post("/admin/login", url.Values{"key": {"guess"}})
		o.expect("a guess", http.StatusForbidden, "Wrong admin key.", status, page)
	}
	status, page := o.post("/admin/login", url.Values{"key": {"guess"}})
	o.expect("one guess too many", http.StatusTooManyRequests, "Rate limit exceeded", status, page)
	o.login()
}

// A delivery that failed for good is on the agent's page, and due again by a
// click.
func TestOperatorSeesDeadWebhooks(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ctx := t.Context()
	poster := s.agent(market.RegisterInput{Name: "poster", WebhookURL: "https://hooks.example/in", WebhookSecret: "HOOK-SECRET"})
	worker := s.agent(market.RegisterInput{Name: "worker"})
	posted, err := poster.Post(ctx, market.PostInput{Need: "Review", MaxCredits: 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := worker.PickupTask(ctx, posted.TaskID); err != nil {
		t.Fatal(err)
	}
	fail := func() bool {
		jobs, err := s.market.LeaseWebhooks(ctx, time.Minute, 10)
		if err != nil || len(jobs) > 1 {
			t.Fatal(len(jobs), err)
		}
		for _, job := range jobs {
			if ok, err := s.market.FinishWebhook(ctx, job, store.WebhookOutcome{Error: "status 500", At: s.market.Now()}); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		return len(jobs) == 1
	}
	if !fail() {
		t.Fatal("nothing is due")
	}
	o := newOperator(t, s.url)
	o.login()
	status, page := o.get("/admin")
	o.expect("overview", http.StatusOK, "But 1 webhook is dead that nobody has marked as seen.", status, page)
	if strings.Contains(page, "All is well") {
		t.Error("all is well with a dead webhook")
	}
	path := "/admin/agents/" + string(poster.ID())
	status, page = o.get(path)
	o.expect("dead letter", http.StatusOK, `<td data-label="Error">status 500`, status, page)
	if strings.Contains(page, "HOOK-SECRET") || strings.Contains(page, "hooks.example") {
		t.Errorf("the page shows the webhook: %s", page)
	}
	event := regexp.MustCompile(`name="which" value="([^"]+)"`).FindStringSubmatch(page)
	if event == nil {
		t.Fatal("no button")
	}
	status, page = o.post(path+"/redeliver", o.form(path, "which", event[1], "reason", "their endpoint is back"))
	o.expect("redeliver", http.StatusOK, "The delivery is due again.", status, page)
	if strings.Contains(page, "status 500") || !fail() {
		t.Error("the delivery is not due again")
	}
	status, page = o.post(path+"/redeliver", o.form(path, "which", "ag-nothing-1", "reason", "why not"))
	o.expect("redeliver nothing", http.StatusNotFound, "ot found", status, page)
}

// Operators have keys of their own: what they do on the pages is in the log under their
// names, who looks does nothing, and a revoked one is out at once.
func TestOperatorsOfTheirOwnNames(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	agent := s.agent(market.RegisterInput{Name: "worker"})
	root := newOperator(t, s.url)
	root.login()
	keys := map[string]string{}
	for _, role := range []string{"look", "act"} {
		status, page := root.post("/admin/operators", root.form("/admin/operators", "name", role+"er", "role", role, "reason", "new here"))
		root.expect("making an operator", http.StatusOK, "shown this once", status, page)
		key := regexp.MustCompile(`id="new-key">(pwo-[^<]+)<`).FindStringSubmatch(page)
		if key == nil {
			t.Fatalf("no key in %s", page)
		}
		keys[role] = key[1]
		if _, page := root.get("/admin/operators"); strings.Contains(page, key[1]) {
			t.Error("the key is shown again")
		}
	}
	in := func(role string) *operator {
		o := newOperator(t, s.url)
		status, page := o.post("/admin/login", url.Values{"key": {keys[role]}})
		o.expect("login", http.StatusOK, role+"er</span>", status, page)
		return o
	}
	looks, acts := in("look"), in("act")
	path := "/admin/agents/" + string(agent.ID())
	status, page := looks.get(path)
	looks.expect("looking", http.StatusOK, `id="balance"`, status, page)
	if strings.Contains(page, `action="`+path) {
		t.Error("who looks is offered forms")
	}
	status, page = looks.post(path+"/grant", looks.form("/admin/operators", "amount", "5"))
	looks.expect("a grant by who looks", http.StatusForbidden, "role", status, page)
	status, page = acts.post(path+"/grant", acts.form(path, "amount", "5", "reason", "for "+attack))
	acts.expect("a grant", http.StatusOK, "5 credits granted to ", status, page)
	status, page = acts.post("/admin/operators", acts.form("/admin/operators", "name", "friend", "role", "act"))
	acts.expect("making a friend", http.StatusForbidden, "Only root", status, page)
	for of, want := range map[string]int{"": 6, "acter": 3, string(agent.ID()): 1, "nobody": 0} {
		status, page = root.get("/admin/actions?of=" + of)
		if got := strings.Count(page, `<td data-label="No." class="number">`); status != http.StatusOK || got != want || strings.Contains(page, attack) {
			t.Errorf("the log of %q has %d lines: %s", of, got, page)
		}
	}
	status, page = root.post("/admin/operators/acter/revoke", root.form("/admin/operators", "reason", "left"))
	root.expect("revoking", http.StatusOK, "Operator acter revoked. The key and all sessions", status, page)
	status, page = acts.get(path)
	acts.expect("after the end", http.StatusOK, `name="key"`, status, page)
	status, page = root.post("/admin/operators", root.form("/admin/operators", "name", "acter", "role", "act"))
	root.expect("another of the name", http.StatusOK, "shown this once", status, page)
	status, page = acts.post("/admin/login", url.Values{"key": {keys["act"]}})
	acts.expect("the revoked key", http.StatusUnauthorized, "unknown or was revoked", status, page)
}

// The operator finds whom it suspended, and judges a dispute by its whole file.
func TestTheOperatorJudges(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Count the sheep "+attack, "max_credits", "20", "tags", "sheep"))
	id := newest(t, ada.agent).TaskID
	bob.act(id, "pickup", "Claimed")
	bob.act(id, "message", "Sent.", "message", "There are none")
	bob.act(id, "deliver", "Delivered.", "result", "**none**")
	ada.act(id, "reject", "Sent back", "reason", "I see two")
	ada.act(id, "report", "Reported", "reason", "It does not count")

	root := newOperator(t, s.url)
	root.login()
	status, page := root.get("/admin/tasks?of=reported&status=claimed&tag=sheep&search=sheep")
	root.expect("reported tasks", http.StatusOK, "/admin/tasks/"+string(id), status, page)
	status, page = root.get("/admin/tasks?status=approved")
	root.expect("approved tasks", http.StatusOK, "Nothing fits.", status, page)
	path := "/admin/tasks/" + string(id)
	status, page = root.get(path)
	for _, want := range []string{"There are none", "I see two", "It does not count", "<strong>Rejected</strong>", "100 credits", "**none**"} {
		root.expect("the file", http.StatusOK, want, status, page)
	}
	if strings.Contains(page, attack) {
		t.Errorf("not escaped: %s", page)
	}
	for field, c := range map[string]struct{ value, id, words string }{
		"reason": {"", "why-resolve", "Reason: say why"}, "sure": {"no", "sure-resolve", "I am sure: confirm that you are"},
		"worker_credits": {"20", "worker-credits", "Credits for the worker in a split: must be 1 to 19, less than the budget"},
		"outcome":        {"keep", "outcome", "What happens to the credits: must be"},
	} {
		form := root.form(path, "outcome", "split", "worker_credits", "15", "reason", "half of it", "sure", "yes", field, c.value)
		status, page = root.post(path+"/resolve", form)
		root.expect("the summary of a wrong "+field, http.StatusBadRequest, `<a href="#`+c.id+`">`+c.words, status, page)
		root.expect("what is at a wrong "+field, http.StatusBadRequest, `id="`+c.id+`-wrong">`+c.words, status, page)
		root.expect("the mark of a wrong "+field, http.StatusBadRequest, `aria-invalid="true" aria-describedby="`+c.id+`-wrong"`, status, page)
		if strings.Contains(page, ">"+field+":") || !strings.Contains(page, `id="`+c.id+`"`) {
			t.Errorf("the page about a wrong %s has the name of the API, or not the field: %s", field, page)
		}
	}
	status, page = root.post(path+"/resolve", root.form(path, "outcome", "split", "worker_credits", "0", "reason", "", "sure", ""))
	for id, words := range map[string]string{"worker-credits": "must be 1 to 19", "why-resolve": "say why", "sure-resolve": "confirm"} {
		root.expect("all that is wrong at once", http.StatusBadRequest, `<a href="#`+id+`">`, status, page)
		root.expect("all that is wrong at once", http.StatusBadRequest, words, status, page)
	}
	root.expect("what is possible", http.StatusBadRequest, "before the fee, 1 to 19</label>", status, page)
	status, page = root.post(path+"/resolve", root.form(path, "outcome", "split", "worker_credits", "15", "try", "yes", "reason", "", "sure", ""))
	root.expect("trying a split", http.StatusOK, "14 to the worker, 1 fee, 5 back to the poster", status, page)
	root.expect("trying a split", http.StatusOK, `id="resolve"`, status, page)
	status, page = root.post(path+"/resolve", root.form(path, "outcome", "split", "worker_credits", "15", "reason", "half of it", "sure", "yes"))
	root.expect("a split", http.StatusOK, "The task has ended by your decision, a split: 14 credits to bob, 1 fee, 5 back to ada. Its parties are told.", status, page)
	root.expect("a split", http.StatusOK, "14 credits to the worker, 1 fee, 5 back to the poster", status, page)
	if strings.Contains(page, `id="resolve"`) {
		t.Error("what has ended may be ended again")
	}
	status, page = bob.get("/tasks/" + string(id))
	bob.expect("the worker's view", http.StatusOK, "Approved by the operator", status, page)
	bob.expect("the worker's view", http.StatusOK, "half of it", status, page)

	agent := "/admin/agents/" + string(bob.agent.ID())
	status, page = root.post(agent+"/clawback", root.form(agent, "amount", "200", "reason", "too much", "sure", "yes"))
	root.expect("more than there is", http.StatusPaymentRequired, "114", status, page)
	root.expect("what is possible", http.StatusPaymentRequired, "Credits, 1 to 114: at most the balance", status, page)
	for form, most := range map[string]string{"grant": "1000000000", "clawback": "114"} {
		status, page = root.post(agent+"/"+form, root.form(agent, "amount", "0", "reason", "", "sure", ""))
		for _, words := range []string{"Credits: must be 1 to " + most, "Reason: say why: the log of actions keeps it", "I am sure: confirm that you are"} {
			root.expect("all that is wrong at once", http.StatusBadRequest, `">`+words+"</a>", status, page)
		}
	}
	back := root.form(path, "amount", "2", "reason", "half was copied", "refund", "yes", "task", string(id))
	status, page = root.post(agent+"/clawback", back)
	root.expect("the payment back", http.StatusOK, "The worker got 14, of which 2 were taken back", status, page)
	root.expect("the payment back", http.StatusOK, "half was copied", status, page)
	if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: bob.agent.ID(), Amount: 2}); err != nil {
		t.Fatal(err)
	}
	claw := root.form(agent, "amount", "14", "reason", "fraud", "sure", "yes")
	for range 2 { // the same form twice
		status, page = root.post(agent+"/clawback", claw)
		root.expect("taking back", http.StatusOK, `<dd id="balance">100</dd>`, status, page)
	}
	root.post(agent+"/suspend", root.form(agent, "to", "suspended", "reason", "fraud"))
	status, page = root.get("/admin/agents?standing=suspended")
	root.expect("suspended agents", http.StatusOK, `<strong>suspended</strong>`, status, page)
	if !strings.Contains(page, ">bob<") || strings.Contains(page, ">ada<") {
		t.Errorf("suspended are %s", page)
	}
	status, page = root.get("/admin/actions")
	for _, want := range []string{"Task ended by decision: split", "half of it", "Credits taken back", "Agent suspended", "fraud"} {
		root.expect("the log", http.StatusOK, want, status, page)
	}
}

// Who reads more than a reader needs is told when to come back, by a page; what acts is
// limited apart from it.
func TestADeskThatIsReadTooMuchSaysWhenToComeBack(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	limits := httpserver.NoLimits()
	limits.Read, limits.Admin = httpserver.Limit{Count: 40, Per: time.Hour}, httpserver.Limit{Count: 5, Per: time.Hour}
	o := newOperator(t, adminSite(t, m, httpserver.Options{AdminKey: adminKey, Limits: limits}))
	o.login()
	for range 39 {
		status, page := o.get("/admin/agents")
		o.expect("reading", http.StatusOK, "<h1>Agents</h1>", status, page)
	}
	status, page := o.get("/admin/agents")
	o.expect("too much", http.StatusTooManyRequests, "load the page again in 1 min 30 s", status, page)
}

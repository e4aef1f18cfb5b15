package pages_test

import (
	"bufio"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// owner is a browser in which an agent's owner has signed in.
type owner struct {
	*operator
	agent *market.Handle
	key   string
}

func (s *site) owner(name string) *owner {
	s.t.Helper()
	r, err := s.market.Register(s.t.Context(), market.RegisterInput{Name: name})
	if err != nil {
		s.t.Fatal(err)
	}
	o := &owner{newOperator(s.t, s.url), s.market.As(r.AgentID), string(r.APIKey)}
	o.signIn()
	return o
}

func (o *owner) signIn() {
	o.t.Helper()
	status, page := o.post("/sign-in", url.Values{"key": {o.key}})
	o.expect("signing in", http.StatusOK, "Sign out", status, page)
}

// act fills in the form of a task's page for something and sends it. The page has to
// have that form.
func (o *owner) act(id market.TaskID, act, notice string, fields ...string) {
	o.t.Helper()
	path := "/tasks/" + string(id)
	if _, page := o.get(path); !strings.Contains(page, `action="`+path+"/"+act+`"`) {
		o.t.Fatalf("%s: the page has no form for it:\n%s", act, page)
	}
	status, page := o.post(path+"/"+act, o.form(path, fields...))
	o.expect(act, http.StatusOK, notice, status, page)
	if strings.Contains(page, o.key) {
		o.t.Errorf("%s shows the key", act)
	}
}

// newest is the task that an agent has posted last.
func newest(t *testing.T, api market.AgentAPI) market.Task {
	t.Helper()
	mine, err := api.Mine(t.Context(), market.MineQuery{})
	if err != nil || len(mine.Tasks) == 0 {
		t.Fatalf("there are no tasks: %v", err)
	}
	return mine.Tasks[0]
}

// Signed in, an owner needs no terminal: two of them live a whole life by forms.
func TestOwnersLiveALifeByForms(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	form := ada.form("/tasks/new", "need", "Count the\r\nsheep "+attack, "max_credits", "20", "tags", "sheep, wool")
	status, page := ada.post("/tasks/new", form)
	ada.expect("posting", http.StatusOK, "Posted. The credits are held in escrow.", status, page)
	status, page = ada.post("/tasks/new", form)
	ada.expect("posting the same form again", http.StatusOK, "Posted.", status, page)
	task := newest(t, ada.agent)
	if task.Need != "Count the\nsheep "+attack || task.MaxCredits != 20 || strings.Join(task.Tags, " ") != "sheep wool" {
		t.Errorf("posted was %+v", task)
	}
	id := task.TaskID
	bob.act(id, "ask", "Asked.", "question", "All of them?")
	questions, err := ada.agent.Questions(t.Context(), id, market.Page{})
	if err != nil || len(questions.Questions) != 1 {
		t.Fatalf("questions: %+v, %v", questions, err)
	}
	ada.act(id, "answer", "All of them?", "question_id", string(questions.Questions[0].ID), "answer", "Every one.")
	bob.act(id, "pickup", "Claimed: it is yours now.")
	bob.act(id, "message", "Sent.", "message", "I have begun")
	ada.act(id, "message", "I have begun", "message", "Good")
	bob.act(id, "progress", "The poster was told.", "note", "half of them")
	if _, page := ada.get("/tasks/" + string(id)); !strings.Contains(page, "half of them") {
		t.Error("the poster does not see the progress")
	}
	bob.act(id, "deliver", "Delivered.", "result", "**41**", "credits_claimed", "15")
	ada.act(id, "reject", "Sent back to the worker.", "reason", "One is missing")
	bob.act(id, "deliver", "One is missing", "result", "**42** "+attack, "credits_claimed", "15")
	_, page = ada.get("/tasks/" + string(id))
	for _, want := range []string{"<strong>42</strong>", "14 to the worker and a fee of 1"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page before the decision lacks %q:\n%s", want, page)
		}
	}
	ada.act(id, "approve", "14 credits to the worker, 1 fee, 5 back to the poster", "rating", "5", "feedback", "thanks "+attack)
	bob.act(id, "rate", "Rated.", "rating", "4", "feedback", "a clear need "+attack)
	for _, o := range []*owner{ada, bob} {
		if _, page := o.get("/tasks/" + string(id)); !strings.Contains(page, "The worker’s rating of the poster") || !strings.Contains(page, "a clear need &lt;") {
			t.Errorf("%s does not read what the worker says of the poster:\n%s", o.agent.ID(), page)
		}
	}
	if _, page := ada.get("/me"); !strings.Contains(page, "a clear need") {
		t.Error("the rated one does not read it among its tasks")
	}
	for what, o := range map[string]*operator{"a stranger": s.owner("carol").operator, "nobody": newOperator(t, s.url)} {
		if _, page := o.get("/tasks/" + string(id)); strings.Contains(page, "a clear need") {
			t.Errorf("%s reads what the worker says of the poster", what)
		}
	}
	bob.act(id, "report", "Reported to the operator.", "reason", "just a test")
	for path, o := range map[string]*owner{"/me": ada, "/me?role=worker&status=approved": bob, "/me/money": bob, "/tasks/" + string(id): bob} {
		if status, page := o.get(path); status != http.StatusOK || strings.Contains(page, attack) || !strings.Contains(page, string(id)) {
			t.Errorf("%s: %d\n%s", path, status, page)
		}
	}
	if me, err := ada.agent.Me(t.Context()); err != nil || me.Credits != 85 || me.Reputation != 4 {
		t.Errorf("ada is %+v, %v", me, err)
	}
	if me, err := bob.agent.Me(t.Context()); err != nil || me.Credits != 114 || me.Reputation != 5 {
		t.Errorf("bob is %+v, %v", me, err)
	}
	status, page = bob.get("/me/money")
	bob.expect("money", http.StatusOK, `data-label="Credits">&#43;14</td><td class="number" data-label="Balance">114</td>`, status, page)
}

// Giving back leaves a trace, for both, with what it means for the worker.
func TestOwnersTakeBackAndGiveBack(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing"))
	id := newest(t, ada.agent).TaskID
	path := "/tasks/" + string(id)
	bob.act(id, "pickup", "Claimed")
	status, page := bob.get(path)
	bob.expect("what giving back means", http.StatusOK, "strike 1 of 5", status, page)
	bob.act(id, "abandon", "Given back to the market.")
	for name, o := range map[string]*owner{"bob": ada, "you": bob} {
		if _, page := o.get(path); !regexp.MustCompile(`(?s)<strong>Given back</strong>.{0,200}>` + name + `</a>.{0,100}a strike for the worker`).MatchString(page) {
			t.Errorf("giving back has no trace with %s:\n%s", name, page)
		}
	}
	status, page = bob.get("/me")
	bob.expect("strikes", http.StatusOK, "1 of 5 strikes", status, page)
	ada.act(id, "cancel", "50 credits back to the poster")
	if me, err := ada.agent.Me(t.Context()); err != nil || me.Credits != 100 {
		t.Errorf("ada is %+v, %v", me, err)
	}
}

// What was rejected and delivered anew can still be read, and the decision stands below
// what it is about.
func TestEarlierDeliveriesStayReadable(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "# Sing\n\n* high "+attack))
	id := newest(t, ada.agent).TaskID
	bob.act(id, "pickup", "Claimed")
	bob.act(id, "deliver", "Delivered.", "result", "**la** one")
	ada.act(id, "reject", "Sent back", "reason", "too short", "feedback", "nice tone")
	bob.act(id, "deliver", "Delivered.", "result", "la la")
	for _, o := range []*owner{ada, bob} {
		_, page := o.get("/tasks/" + string(id))
		for _, want := range []string{"Earlier deliveries", "<strong>la</strong> one", "nice tone", "<li>high"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not see %q:\n%s", o.agent.ID(), want, page)
			}
		}
		if strings.Contains(page, attack) {
			t.Error("the need is not harmless")
		}
	}
	_, page := ada.get("/tasks/" + string(id))
	if result, decision := strings.Index(page, `id="result"`), strings.Index(page, `id="decide"`); result < 0 || decision < result {
		t.Errorf("the decision is at %d, the result at %d", decision, result)
	}
}

// Whoever is asked by name is told so, and what happens without an answer; a name will do.
func TestAHireIsCalledOne(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob the bard")
	s.owner("twin")
	s.owner("Twin")
	status, page := ada.get("/tasks/new?offer_to=" + string(bob.agent.ID()))
	ada.expect("the form", http.StatusOK, "<h1>Hire bob the bard</h1>", status, page)
	for name, want := range map[string]string{"nobody at all": "no agent is called", "twin": "several agents are called"} {
		status, page := ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing", "offer_to", name))
		ada.expect(name, http.StatusBadRequest, `id="wrong-offer_to">Only for these agents: `+want, status, page)
		if !strings.Contains(page, "Look for “"+name+"”") || !strings.Contains(page, `/agents?search=`+url.PathEscape(name)) {
			t.Errorf("%s does not lead to the search:\n%s", name, page)
		}
	}
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing", "max_credits", "20", "offer_to", "Bob the Bard"))
	task := newest(t, ada.agent)
	if len(task.OfferTo) != 1 || task.OfferTo[0] != bob.agent.ID() {
		t.Fatalf("hired are %v", task.OfferTo)
	}
	status, page = bob.get("/me")
	bob.expect("what waits", http.StatusOK, "<strong>You are asked by name</strong>", status, page)
	if !strings.Contains(page, "20 credits, from") || !strings.Contains(page, "if you do nothing") || strings.Contains(page, "offered to your agent first") {
		t.Errorf("the hire reads like an offer:\n%s", page)
	}
	path := "/tasks/" + string(task.TaskID)
	status, page = bob.get(path)
	bob.expect("the task", http.StatusOK, "You need not answer", status, page)
	for _, hidden := range []string{path, "/tasks/tk-000000000000"} {
		status, page := newOperator(t, s.url).get(hidden)
		bob.expect("signed out", http.StatusNotFound, `href="/sign-in?to=`+strings.ReplaceAll(hidden, "/", "%2f")+`"`, status, page)
	}
}

// A hire is on the first page of both parties, however many better offers there are.
func TestAHireIsOnTheFirstPageOfBoth(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob the bard")
	if _, err := bob.agent.UpdateMe(t.Context(), market.UpdateInput{Tags: market.Some([]string{"song"})}); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if _, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing a song", MaxCredits: 1, Tags: []string{"song"}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Whistle", MaxCredits: 20, OfferTo: []market.AgentID{bob.agent.ID()}}); err != nil {
		t.Fatal(err)
	}
	hire := "/tasks/" + string(newest(t, ada.agent).TaskID)
	status, page := ada.get("/me")
	ada.expect("who hires", http.StatusOK, `<a href="`+hire+`">Whistle</a>`, status, page)
	status, page = bob.get("/me")
	bob.expect("who is hired", http.StatusOK, `<strong>You are asked by name</strong> <a href="`+hire+`">Whistle</a>`, status, page)
	bob.act(market.TaskID(hire[len("/tasks/"):]), "pickup", "Claimed")
	status, page = bob.get("/me")
	bob.expect("who has claimed it", http.StatusOK, `<strong>Deliver</strong> <a href="`+hire+`">Whistle</a>`, status, page)
}

// Messages and ratings that are missing are among what waits.
func TestTalkAndRatingsWait(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing"))
	id := newest(t, ada.agent).TaskID
	bob.act(id, "pickup", "Claimed")
	bob.act(id, "message", "Sent.", "message", "In which key?")
	status, page := ada.get("/me")
	ada.expect("a message", http.StatusOK, "<strong>Reply</strong> <a href=\"/tasks/"+string(id)+"#messages\">In which key?</a>", status, page)
	ada.act(id, "message", "Sent.", "message", "C")
	if _, page := ada.get("/me"); strings.Contains(page, "<strong>Reply") {
		t.Error("a message waits after the reply")
	}
	bob.act(id, "deliver", "Delivered.", "result", "la")
	ada.act(id, "approve", "Approved")
	status, page = bob.get("/me")
	bob.expect("a rating", http.StatusOK, "the poster of “Sing”", status, page)
	bob.act(id, "rate", "Rated.", "rating", "4")
	if _, page := bob.get("/me"); strings.Contains(page, "the poster of") {
		t.Error("a rating waits after it was given")
	}
}

// What a form may do is what the API lets the agent do; what was written is not lost.
func TestAFormThatIsRefusedChangesNothing(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	for field, bad := range map[string][2]string{
		"max_credits": {"many", "Budget: must be"}, "deadline_hours": {"-1", "Deadline: must be"}, "need": {" ", "What you need: "}, "tags": {"no/tag", "Tags: "},
	} {
		status, page := ada.post("/tasks/new", ada.form("/tasks/new", "context", "keep this", "need", "x", field, bad[0]))
		ada.expect(field, http.StatusBadRequest, `<p class="problem" id="wrong-`+field+`">`+bad[1], status, page)
		if !strings.Contains(page, "keep this") {
			t.Errorf("%s: the text is lost", field)
		}
	}
	for _, credits := range []string{"0", "-5", "100001"} {
		status, page := ada.post("/tasks/new", ada.form("/tasks/new", "need", "x", "max_credits", credits))
		ada.expect(credits+" credits", http.StatusBadRequest, "max_credits", status, page)
	}
	status, page := ada.post("/tasks/new", ada.form("/tasks/new", "need", "x", "max_credits", "101"))
	ada.expect("too dear", http.StatusPaymentRequired, "Budget: your agent has 100 credits, and this needs 101.", status, page)
	if mine, err := ada.agent.Mine(t.Context(), market.MineQuery{}); err != nil || mine.Total != 0 {
		t.Fatalf("posted anyway: %+v, %v", mine, err)
	}
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "secret of ada's", "max_credits", "10"))
	path := "/tasks/" + string(newest(t, ada.agent).TaskID)
	for act, want := range map[string]int{"pickup": http.StatusConflict, "approve": http.StatusConflict, "deliver": http.StatusForbidden, "nonsense": http.StatusMethodNotAllowed} {
		status, page := ada.post(path+"/"+act, ada.form(path, "result", "x"))
		ada.expect(act, want, "", status, page)
	}
	carol := s.owner("carol")
	bob.act(newest(t, ada.agent).TaskID, "pickup", "Claimed")
	for act := range map[string]bool{"pickup": true, "approve": true, "reject": true, "deliver": true, "message": true, "abandon": true, "rate": true, "cancel": true} {
		status, page := carol.post(path+"/"+act, carol.form(path, "result", "x", "message", "x", "rating", "5", "reason", "x"))
		if status != http.StatusNotFound && status != http.StatusConflict || strings.Contains(page, "secret of ada's and") {
			t.Errorf("a stranger's %s: %d", act, status)
		}
	}
	if task := newest(t, ada.agent); task.Status != market.StatusClaimed || task.WorkerID != bob.agent.ID() {
		t.Errorf("the task is %+v", task)
	}
}

func TestFormsNeedTheirSession(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	good := ada.form("/tasks/new", "need", "x")
	forged := url.Values{"need": {"x"}, "csrf": {bob.form("/tasks/new").Get("csrf")}}
	for what, do := range map[string]func() (int, string){
		"without a token":   func() (int, string) { return ada.post("/tasks/new", url.Values{"need": {"x"}}) },
		"of another":        func() (int, string) { return ada.post("/tasks/new", forged) },
		"from another site": func() (int, string) { return ada.post("/tasks/new", good, "Origin", "https://evil.example") },
		"cross-site":        func() (int, string) { return ada.post("/tasks/new", good, "Sec-Fetch-Site", "cross-site") },
	} {
		if status, _ := do(); status != http.StatusForbidden {
			t.Errorf("a form %s: %d", what, status)
		}
	}
	nobody := newOperator(t, s.url)
	for _, path := range []string{"/me", "/me/money", "/me/settings", "/tasks/new"} {
		status, page := nobody.get(path)
		nobody.expect(path+" for nobody", http.StatusOK, "<h1>Sign in</h1>", status, page)
	}
	if status, page := nobody.post("/tasks/new", good); status != http.StatusUnauthorized || !strings.Contains(page, "<h1>Sign in</h1>") {
		t.Errorf("a form of nobody: %d", status)
	}
	if mine, err := ada.agent.Mine(t.Context(), market.MineQuery{}); err != nil || mine.Total != 0 {
		t.Errorf("posted anyway: %+v, %v", mine, err)
	}
}

func TestSigningInAndOut(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	at, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	cookies := ada.client.Jar.Cookies(at)
	if len(cookies) != 1 || strings.Contains(cookies[0].Value, ada.key) || len(cookies[0].Value) < 40 {
		t.Fatalf("the cookies are %v", cookies)
	}
	thief := newOperator(t, s.url)
	thief.client.Jar.SetCookies(at, cookies)
	if _, page := thief.get("/"); !strings.Contains(page, "Sign out") {
		t.Error("the copied cookie does not work while the session lasts")
	}
	status, page := ada.post("/sign-out", ada.form("/me"))
	ada.expect("signing out", http.StatusOK, "Sign in", status, page)
	thief.client.Jar, _ = cookiejar.New(nil)
	thief.client.Jar.SetCookies(at, cookies)
	if _, page := thief.get("/"); strings.Contains(page, "Sign out") {
		t.Error("a copied cookie outlives the session")
	}
	for key, want := range map[string]int{"": 401, "pwk-made-up": 401, ada.key + " ": 200} {
		status, page := ada.post("/sign-in", url.Values{"key": {key}})
		if status != want || strings.Contains(page, "pwk-made-up") {
			t.Errorf("signing in with %q: %d", key, status)
		}
	}
	if _, err := s.market.Suspend(t.Context(), market.SuspendInput{AgentID: ada.agent.ID(), Suspended: true, Reason: "a secret reason"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/me", "/tasks/new", "/sign-in"} {
		if status, page := ada.get(path); status != http.StatusForbidden || !strings.Contains(page, "ada is suspended") || strings.Contains(page, "secret reason") {
			t.Errorf("suspended, at %s: %d %s", path, status, page)
		}
	}
	if status, page := ada.get("/tasks"); status != http.StatusOK || !strings.Contains(page, "<h1>Tasks</h1>") {
		t.Errorf("what is for everybody: %d", status)
	}
	status, page = ada.post("/sign-out", ada.form("/me"))
	ada.expect("signing out while suspended", http.StatusOK, "Sign in", status, page)
}

// What has been done is said once, on the page that shows it, and only after it was done.
func TestWhatWasDoneIsSaidOnce(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing"))
	path := "/tasks/" + string(newest(t, ada.agent).TaskID)
	for _, link := range []string{"?done=approve", "?done=cancel"} {
		if _, page := ada.get(path + link); strings.Contains(page, "notice") {
			t.Errorf("%s is believed", link)
		}
	}
	ada.act(newest(t, ada.agent).TaskID, "cancel", "Cancelled. The credits are back.")
	if _, page := ada.get(path); strings.Contains(page, "The credits are back.") {
		t.Error("it is said twice")
	}
	ada.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing again"))
	if _, page := ada.get("/tasks/new"); strings.Contains(page, "Posted.") {
		t.Error("another page says so")
	}
	if _, page := ada.get("/tasks/" + string(newest(t, ada.agent).TaskID)); !strings.Contains(page, "Posted.") {
		t.Error("its own page does not say so")
	}
}

// Who has signed in is not asked to.
func TestSigningInTwice(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	for path, want := range map[string]string{"/sign-in": "/me", "/sign-in?to=/tasks": "/tasks", "/sign-in?to=//evil.example": "/me"} {
		ada.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if got := r.URL.Path; got != want {
				t.Errorf("%s leads to %s, want %s", path, got, want)
			}
			return nil
		}
		ada.get(path)
	}
}

// Every step of a task is in its life, with what it was about and which credits moved.
func TestALifeHasEveryStep(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing", "max_credits", "20", "deadline_hours", "5", "offer_to", string(bob.agent.ID())))
	id := newest(t, ada.agent).TaskID
	bob.act(id, "pickup", "Claimed")
	bob.act(id, "progress", "The poster was told.", "note", "the first verse")
	bob.act(id, "deliver", "Delivered.", "result", "la")
	ada.act(id, "reject", "Sent back", "reason", "too short")
	bob.act(id, "deliver", "Delivered.", "result", "la la")
	ada.act(id, "reject", "Sent back", "reason", "too loud")
	bob.act(id, "deliver", "Delivered.", "result", "la la la")
	ada.act(id, "approve", "Approved", "rating", "4")
	for _, o := range []*owner{ada, bob} {
		_, page := o.get("/tasks/" + string(id))
		_, life, _ := strings.Cut(page, `<ol class="life">`)
		for _, want := range []string{
			"Posted", "for one agent alone", "20 credits held in escrow", "Claimed", "the first verse", "Delivered", "<strong>Rejected</strong>", "too short",
			"Rejected, no. 2", "too loud", "Approved", "rated 4 of 5", "18 credits to the worker, 2 fee",
		} {
			_, rest, found := strings.Cut(life, want)
			if !found {
				t.Fatalf("%q is not in its place:\n%s", want, page)
			}
			life = rest
		}
	}
}

// A link to the sign-in page leads to no other site afterwards.
func TestSigningInLeadsNowhereElse(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	ada.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for to, want := range map[string]string{
		"": "/me", "/tasks/tk-1?done=x": "/tasks/tk-1?done=x", "https://evil.example": "/me", "//evil.example/x": "/me", `/\evil.example`: "/me",
		"javascript:alert(1)": "/me", "/me/money": "/me/money", "me": "/me", "/a\r\nX: y": "/me", "http:/x": "/me",
	} {
		res, err := ada.client.PostForm(s.url+"/sign-in", url.Values{"key": {ada.key}, "to": {to}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
		for _, c := range res.Cookies() {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 7*24*3600 {
				t.Errorf("the cookie is %v", c)
			}
		}
	}
}

// An owner's page hears of what others do, until the session ends.
func TestAnOwnersPageIsFollowed(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing"))
	id := newest(t, ada.agent).TaskID
	follow := func() (status int, retryAfter string, lines *bufio.Scanner) {
		res, err := ada.client.Get(s.url + "/live/mine")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res.StatusCode, res.Header.Get("Retry-After"), bufio.NewScanner(res.Body)
	}
	for range 5 {
		_, _, lines := follow()
		for lines.Scan() && lines.Text() != ":" {
		}
		defer func() {
			for lines.Scan() && lines.Text() == "" {
			}
			if got := lines.Text(); got != "data: "+string(id) {
				t.Errorf("the page was told %q", got)
			}
		}()
	}
	if status, retryAfter, _ := follow(); status != http.StatusServiceUnavailable || retryAfter == "" {
		t.Errorf("a sixth page is followed: %d", status)
	}
	bob.act(id, "pickup", "Claimed")
	nobody := newOperator(t, s.url)
	status, page := nobody.get("/live/mine")
	nobody.expect("following nobody", http.StatusOK, "<h1>Sign in</h1>", status, page)
}

// Long lists have pages.
func TestListsHavePages(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	for range 60 {
		if _, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 1, Tags: []string{"song"}}); err != nil {
			t.Fatal(err)
		}
	}
	root := newOperator(t, s.url)
	root.login()
	next, line := regexp.MustCompile(`href="([^"]+)" rel="next"`), regexp.MustCompile(`<tr><td( data-label="[^"]*")?>`)
	for path, browser := range map[string]*operator{
		"/me": ada.operator, "/me/money": ada.operator, "/tasks?tag=song&status=posted": ada.operator, "/admin/tasks?tag=song": root,
	} {
		seen, pages := 0, 0
		for at := path; at != ""; pages++ {
			status, page := browser.get(at)
			if status != http.StatusOK || pages > 3 {
				t.Fatalf("%s: %d\n%s", at, status, page)
			}
			seen += len(line.FindAllString(page, -1))
			at = ""
			if link := next.FindStringSubmatch(page); link != nil {
				at = html.UnescapeString(link[1])
			}
		}
		if want := map[string]int{"/me/money": 61}[path]; want == 0 && seen != 60 || want > 0 && seen != want {
			t.Errorf("%s shows %d lines on %d pages", path, seen, pages)
		}
	}
}

// What waits for an owner comes first, the soonest first.
func TestWhatWaitsForAnOwner(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	if _, page := ada.get("/me"); strings.Contains(page, "Waits for you") {
		t.Error("something waits in an empty market")
	}
	for _, need := range []string{"Sing", "Dance", "Paint"} {
		ada.post("/tasks/new", ada.form("/tasks/new", "need", need, "max_credits", "20"))
		id := newest(t, ada.agent).TaskID
		switch need {
		case "Sing":
			bob.act(id, "ask", "Asked.", "question", "How loud "+attack)
		case "Dance":
			bob.act(id, "pickup", "Claimed")
			bob.act(id, "deliver", "Delivered.", "result", "done", "credits_claimed", "10")
		case "Paint":
			bob.act(id, "pickup", "Claimed")
		}
	}
	_, page := ada.get("/me")
	for _, want := range []string{"<strong>Review</strong>", ">Dance<", "approved by itself", "<strong>Answer</strong>", "How loud", "about “Sing”"} {
		_, rest, found := strings.Cut(page, want)
		if !found {
			t.Fatalf("%q is not in its place:\n%s", want, page)
		}
		page = rest
	}
	_, page = bob.get("/me")
	for _, want := range []string{"<strong>Deliver</strong>", ">Paint<", "the claim ends", ">ada<"} {
		_, rest, found := strings.Cut(page, want)
		if !found {
			t.Fatalf("the worker: %q is not in its place:\n%s", want, page)
		}
		page = rest
	}
	mine, err := ada.agent.Mine(t.Context(), market.MineQuery{Status: market.StatusDelivered})
	if err != nil || mine.Total != 1 {
		t.Fatal(mine, err)
	}
	ada.act(mine.Tasks[0].TaskID, "approve", "Approved")
	_, page = ada.get("/me/money")
	for _, want := range []string{"Back from escrow: not charged", ", fee ", " back</td>", "paid 9 to <a href=\"/agents/" + string(bob.agent.ID()), "Held in escrow", "nobody yet", ">Dance<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the money lacks %q:\n%s", want, page)
		}
	}
	if _, page = bob.get("/me/money"); !strings.Contains(page, "Paid by <a href=\"/agents/"+string(ada.agent.ID())) || !strings.Contains(page, "after a fee of 1") {
		t.Errorf("the worker's money:\n%s", page)
	}
}

// A form that was refused comes back in its place, and in no other.
func TestARefusedFormIsNotPutIntoAnother(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing", "deadline_hours", "5", "max_credits", "1"))
	id := newest(t, ada.agent).TaskID
	path := "/tasks/" + string(id)
	status, page := ada.get(path)
	ada.expect("the deadline", http.StatusOK, ">in 4 h 59 min<", status, strings.ReplaceAll(page, ">in 5 h<", ">in 4 h 59 min<"))
	ada.expect("the crumb", http.StatusOK, `<a href="/me">Your tasks</a>`, status, page)
	bob.act(id, "pickup", "Claimed")
	bob.act(id, "deliver", "Delivered.", "result", "la")
	status, page = ada.get("/me")
	ada.expect("what waits", http.StatusOK, "<strong>Review</strong> <a href=\"/tasks/"+string(id), status, page)
	ada.act(id, "report", "Reported", "reason", "out of tune")
	status, page = ada.post(path+"/report", ada.form(path, "reason", "really out of tune"))
	ada.expect("a second report", http.StatusConflict, "already reported", status, page)
	if !strings.Contains(page, "You reported this task to the operator") || strings.Contains(page, "really") {
		t.Errorf("the report has no trace: %s", page)
	}
	status, page = ada.post(path+"/message", ada.form(path, "message", strings.Repeat("x", 5001)))
	ada.expect("a long message", http.StatusBadRequest, `<p class="problem" id="wrong-message">Message: `, status, page)
	if reject := regexp.MustCompile(`(?s)/reject".*?</form>`).FindString(page); strings.Contains(reject, "xxx") || strings.Contains(page, "<details open>") {
		t.Errorf("what was sent is in the wrong form: %s", reject)
	}
	status, page = ada.get("/me?status=expired")
	ada.expect("a filter that finds nothing", http.StatusOK, "No task of yours is like that.", status, page)
}

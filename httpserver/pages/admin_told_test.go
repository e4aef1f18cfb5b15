package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// What moves credits or ends something says what it did, to whom, and what they have now.
func TestTheDeskSaysWhatItDid(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "ada"}), s.agent(market.RegisterInput{Name: "bob"})
	task := approved(t, ada, bob)
	o := newOperator(t, s.url)
	o.login()
	path, case1 := "/admin/agents/"+string(bob.ID()), "/admin/tasks/"+string(task)
	for _, act := range []struct{ form, from, says string }{
		{"grant amount=5", path, "5 credits granted to bob, who has 123 now."},
		{"clawback amount=1", path, "1 credit taken back from bob, who has 122 now."},
		{"clawback amount=3 task=" + string(task), case1, "3 credits taken back from bob, who has 119 now."},
		{"clawback amount=2 refund=yes task=" + string(task), case1, "2 credits taken back from bob, who has 117 now, and given to ada, who has 82 now."},
		{"suspend to=suspended", path, "bob is suspended."},
		{"suspend to=active", path, "The suspension of bob has ended."},
		{"infra to=infra", path, "bob is appointed as infra agent."},
		{"infra to=none", path, "bob is no infra agent any more."},
	} {
		words := strings.Fields(act.form)
		form := o.form(act.from)
		for _, field := range words[1:] {
			name, value, _ := strings.Cut(field, "=")
			form.Set(name, value)
		}
		status, page := o.post(path+"/"+words[0], form)
		o.expect(act.form, http.StatusOK, `role="status">`+act.says+"</p>", status, page)
		if status, page = o.get(act.from); strings.Contains(page, act.says) {
			t.Errorf("%s is said twice: %d", act.says, status)
		}
	}
}

// approved is a task for 20 credits that bob has done for ada.
func approved(t *testing.T, ada, bob market.AgentAPI) market.TaskID {
	t.Helper()
	task := claimed(t, ada, bob)
	if _, err := bob.Deliver(t.Context(), task, market.DeliverInput{Result: "two"}); err != nil {
		t.Fatal(err)
	}
	if _, err := ada.Approve(t.Context(), task, market.ApproveInput{}); err != nil {
		t.Fatal(err)
	}
	return task
}

func claimed(t *testing.T, ada, bob market.AgentAPI) market.TaskID {
	t.Helper()
	posted, err := ada.Post(t.Context(), market.PostInput{Need: "Count the sheep", MaxCredits: 20})
	if err == nil {
		_, err = bob.PickupTask(t.Context(), posted.TaskID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return posted.TaskID
}

// A decision says who got what, and what became of the reports.
func TestTheDeskSaysWhoGotWhat(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "ada"}), s.agent(market.RegisterInput{Name: "bob"})
	o := newOperator(t, s.url)
	o.login()
	for outcome, says := range map[string]string{
		"refund":  "a refund: 20 credits back to ada. Its parties are told.</p>",
		"release": "a release: 18 credits to bob, 2 fee, 0 back to ada. Its parties are told.</p>",
		"split":   "a split: 14 credits to bob, 1 fee, 5 back to ada. Its parties are told. What was reported about it is closed: reviewed.</p>",
	} {
		task := claimed(t, ada, bob)
		if _, err := bob.Deliver(t.Context(), task, market.DeliverInput{Result: "two"}); err != nil {
			t.Fatal(err)
		}
		path := "/admin/tasks/" + string(task)
		form := o.form(path, "outcome", outcome)
		if outcome == "split" {
			form.Set("worker_credits", "15")
			form.Set("close", "yes")
		}
		status, page := o.post(path+"/resolve", form)
		o.expect(outcome, http.StatusOK, "The task has ended by your decision, "+says, status, page)
	}
}

// A cookie that somebody else has set puts no words on a page of the desk.
func TestANoticeHasNoWordsOfAnybody(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	bob := s.agent(market.RegisterInput{Name: "bob"})
	o := newOperator(t, s.url)
	o.login()
	path := "/admin/agents/" + string(bob.ID())
	for _, cookie := range []string{"granted", "granted/1/2/3/4", "granted/many/" + string(bob.ID()) + "/1", "granted/1/ag-who-won/1", "won", "suspended/%25s", "left+words", "revoked/operator:everybody"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: "pinchwork_done", Value: cookie})
		if _, page := o.do(r); strings.Contains(page, `class="notice"`) || !strings.Contains(page, `id="balance"`) {
			t.Errorf("%s makes the page\n%s", cookie, page)
		}
	}
}

// What a grant or a claw-back would do is shown, and nothing is done.
func TestCreditsAreForeseen(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "ada"}), s.agent(market.RegisterInput{Name: "bob"})
	task := approved(t, ada, bob)
	o := newOperator(t, s.url)
	o.login()
	path := "/admin/agents/" + string(bob.ID())
	status, page := o.post(path+"/grant", o.form(path, "amount", "7", "try", "yes", "sure", "", "reason", ""))
	o.expect("a grant", http.StatusOK, "7 credits: the agent has 118 and would have 125. Nothing is done yet.", status, page)
	if strings.Count(page, "Nothing is done yet") != 1 || strings.Contains(page, `name="meant"`) {
		t.Errorf("the page is\n%s", page)
	}
	status, page = o.post(path+"/clawback", o.form(path, "amount", "7", "try", "yes"))
	o.expect("a claw-back", http.StatusOK, "7 credits: the agent has 118 and would have 111. Nothing is done yet.", status, page)
	status, page = o.post(path+"/clawback", o.form(path, "amount", "119", "try", "yes"))
	o.expect("too much", http.StatusPaymentRequired, "118", status, page)
	at := "/admin/tasks/" + string(task)
	status, page = o.post(path+"/clawback", o.form(at, "amount", "7", "try", "yes", "task", string(task), "refund", "yes"))
	o.expect("a payment", http.StatusOK, "7 credits: the worker has 118 and would have 111. The poster has 80 and would have 87. Nothing is done yet.", status, page)
	if me, err := bob.Me(t.Context()); err != nil || me.Credits != 118 {
		t.Errorf("bob has %d, %v", me.Credits, err)
	}
}

// A grant of more than all that was issued so far is done when it is confirmed with the
// figures.
func TestAnUnusualGrantAsksOnceMore(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	bob := s.agent(market.RegisterInput{Name: "bob"})
	o := newOperator(t, s.url)
	o.login()
	path := "/admin/agents/" + string(bob.ID())
	has := func(what string, want int64) {
		t.Helper()
		if me, err := bob.Me(t.Context()); err != nil || me.Credits != want {
			t.Errorf("%s: bob has %d, want %d, %v", what, me.Credits, want, err)
		}
	}
	const asks = "more than all that was issued so far, which is 100: if it is meant, say once more that you are sure. Nothing is done yet."
	status, page := o.post(path+"/grant", o.form(path, "amount", "5000"))
	o.expect("the first time", http.StatusOK, "5\u2009000 credits: the agent has 100 and would have 5\u2009100. That is "+asks, status, page)
	o.expect("the form again", http.StatusOK, `name="meant" value="5000"`, status, page)
	has("the first time", 100)
	status, page = o.post(path+"/grant", o.form(path, "amount", "50000", "meant", "5000"))
	o.expect("another amount", http.StatusOK, asks, status, page)
	status, page = o.post(path+"/grant", o.form(path, "amount", "5000", "meant", "5000", "sure", ""))
	o.expect("not sure", http.StatusBadRequest, "confirm that you are", status, page)
	has("not sure", 100)
	form := url.Values{}
	for range 2 { // the same form twice
		if len(form) == 0 {
			form = o.form(path, "amount", "5000", "meant", "5000")
		}
		status, page = o.post(path+"/grant", form)
		o.expect("meant", http.StatusOK, "5\u2009000 credits granted to bob, who has 5\u2009100 now.", status, page)
	}
	has("meant", 5100)
}

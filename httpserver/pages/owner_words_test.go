package pages_test

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// The whole ledger is to be had as a file, by its owner alone; the further pages of it are
// about it alone.
func TestAnOwnersLedgerIsAFile(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	for n := range 120 {
		if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: ada.agent.ID(), Amount: 1, Reason: fmt.Sprintf("=grant %d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 15}); err != nil {
		t.Fatal(err)
	}
	status, page := ada.get("/me/money")
	ada.expect("the link", http.StatusOK, `<a href="/me/ledger.csv">As a file for spreadsheets (CSV)</a>`, status, page)
	ada.expect("page 1", http.StatusOK, "In escrow, by task", status, page)
	_, second := ada.get("/me/money?offset=50")
	if strings.Contains(second, "In escrow, by task") || !strings.Contains(second, "51–100 of 122") {
		t.Errorf("page 2:\n%s", second)
	}
	_, file := ada.get("/me/ledger.csv")
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil || len(rows) != 123 || rows[1][2] != "-15" || rows[2][5] != "'=grant 119" {
		t.Errorf("%d rows, %v: %q", len(rows), err, rows[:min(3, len(rows))])
	}
	if _, file := bob.get("/me/ledger.csv"); strings.Contains(file, "grant") || strings.Count(file, "\n") != 2 {
		t.Errorf("another's: %s", file)
	}
	status, page = newOperator(t, s.url).get("/me/ledger.csv")
	ada.expect("signed out", http.StatusOK, "API key", status, page)
}

// The line of a post calls it by one name, whatever became of it.
func TestEscrowHasOneName(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	var ids []market.TaskID
	for range 3 {
		p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 20})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.TaskID)
	}
	ada.act(ids[1], "cancel", "Cancelled")
	bob.act(ids[2], "pickup", "Claimed")
	bob.act(ids[2], "deliver", "Delivered.", "result", "la", "credits_claimed", "12")
	ada.act(ids[2], "approve", "Approved")
	_, page := ada.get("/me/money")
	for _, want := range []string{
		`data-label="What for">Held in escrow</td>`, `data-label="What for">Held in escrow: cancelled, all of it back</td>`,
		`data-label="What for">Held in escrow: paid 11 to <a href="/agents/` + string(bob.agent.ID()) + `">bob</a>, fee 1, 8 back</td>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

var alert = regexp.MustCompile(`<p class="problem" role="alert">(.*?)</p>`)

// What is wrong with a field stands there, once; the top of the page leads to it. What is
// wrong with no field that the page has stands at the top.
func TestAMistakeIsSaidOnce(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 15})
	if err != nil {
		t.Fatal(err)
	}
	id := p.TaskID
	path := "/tasks/" + string(id)
	once := func(o *owner, form, at, field, label, text string, fields ...string) {
		t.Helper()
		status, page := o.post(at, o.form(form, fields...))
		said := alert.FindStringSubmatch(page)
		want := `Nothing was changed: see <a href="#wrong-` + field + `">` + label + `</a>.`
		if status != http.StatusBadRequest && status != http.StatusPaymentRequired || said == nil || said[1] != want || strings.Count(html.UnescapeString(page), text) != 1 || strings.Count(page, `id="wrong-`+field+`"`) != 1 {
			t.Errorf("%s %s: %d, %q, %d times\n%s", at, field, status, said, strings.Count(page, text), page)
		}
	}
	once(ada, "/tasks/new", "/tasks/new", "need", "What you need", "What you need: ", "need", " ")
	once(ada, "/tasks/new", "/tasks/new", "max_credits", "Budget", "your agent has 85 credits", "need", "x", "max_credits", "86")
	once(ada, "/tasks/new", "/tasks/new", "tags", "Tags", "a hyphen in place of a space: data-cleanup", "need", "x", "tags", "go, data cleanup")
	once(ada, "/register", "/register", "tags", "Tags", "a hyphen in place of a space: data-cleanup", "name", "x", "tags", "data cleanup")
	once(ada, "/me/settings", "/me/settings", "name", "Name", "Name: ", "name", " ")
	once(ada, "/me/settings", "/me/settings", "webhook_url", "Webhook", "Webhook: ", "name", "ada", "webhook_url", "ftp://x")
	once(ada, "/me/settings", "/me/key", "overlap_minutes", "The old key", "The old key: ", "overlap_minutes", "x")
	once(bob, path, path+"/ask", "question", "Question", "Question: ", "question", " ")
	bob.act(id, "ask", "Asked.", "question", "which?")
	_, page := ada.get(path)
	asked := regexp.MustCompile(`name="question_id" value="([^"]+)"`).FindStringSubmatch(page)
	once(ada, path, path+"/answer", "answer", "Answer", "Answer: ", "question_id", asked[1], "answer", " ")
	bob.act(id, "pickup", "Claimed")
	once(bob, path, path+"/message", "message", "Message", "Message: ", "message", " ")
	once(bob, path, path+"/deliver", "credits_claimed", "Credits you claim", "Credits you claim: ", "result", "la", "credits_claimed", "x")
	once(bob, path, path+"/report", "reason", "Reason", "Reason: ", "reason", " ")
	bob.act(id, "deliver", "Delivered.", "result", "la")
	once(ada, path, path+"/approve", "rating", "Rating", "Rating: ", "rating", "9")
	once(ada, path, path+"/reject", "reason", "Reason", "Reason: ", "reason", " ")

	for act, form := range map[string]url.Values{"deliver": {"result": {" "}}, "ask": {"question": {" "}}, "reject": {"reason": {" "}}} {
		status, page := bob.post(path+"/"+act, filled(bob.form("/me"), form))
		if said := alert.FindStringSubmatch(page); status < 400 || said == nil || strings.Contains(said[1], "Nothing was changed") {
			t.Errorf("%s, of which the page has no form: %d, %q\n%s", act, status, said, page)
		}
	}
}

// Before a task is claimed it is known whom it is for, and what giving it back costs. Of the
// reader's own record nothing is told.
func TestWhoClaimsKnowsWhomFor(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob, cyd := s.owner("ada"), s.owner("bob"), s.owner("cyd")
	post := func(need string) market.TaskID {
		p, err := ada.agent.Post(t.Context(), market.PostInput{Need: need, MaxCredits: 5})
		if err != nil {
			t.Fatal(err)
		}
		return p.TaskID
	}
	first, long := post("Sing"), post("# "+strings.Repeat("word ", 33)+"\n\nand more")
	status, page := cyd.get("/tasks/" + string(first))
	cyd.expect("nobody has rated it", http.StatusOK, "approved 0 and rejected 0 deliveries, and no worker has rated it lately.", status, page)
	bob.act(first, "pickup", "Claimed")
	bob.act(first, "deliver", "Delivered.", "result", "la")
	ada.act(first, "approve", "Approved")
	bob.act(first, "rate", "Rated.", "rating", "2")
	_, page = cyd.get("/tasks/" + string(long))
	for _, want := range []string{
		`<div class="split offer">`, "<dt>Rated by workers</dt><dd>2.00 (1)</dd>", "approved 1 and rejected 0 deliveries and was rated 2.00 (1) by workers.",
		"Giving it back would be strike 1 of 5: the last one keeps it from taking tasks for 30 min.", "<dd>1 approved, 0 rejected</dd>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	for _, tag := range []string{"h1", "title"} {
		_, head, _ := strings.Cut(page, "<"+tag+">")
		head, _, _ = strings.Cut(head, "</"+tag+">")
		if head = strings.TrimSuffix(head, " · Pinchwork"); len([]rune(head)) != 80 || !strings.HasSuffix(head, "…") {
			t.Errorf("the %s is %q", tag, head)
		}
	}
	if !strings.Contains(page, strings.TrimSpace(strings.Repeat("word ", 33))) {
		t.Errorf("the need is not whole:\n%s", page)
	}
	if _, page := ada.get("/tasks/" + string(long)); strings.Contains(page, "Poster's record") || strings.Contains(page, "split offer") {
		t.Errorf("to its poster:\n%s", page)
	}
}

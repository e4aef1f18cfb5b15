package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
)

// The address of a form that was refused leads to the form's page when it is loaded again,
// and the refusal knows where that is.
func TestWhereAFormIsSentLeadsToItsPage(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Sing"))
	path := "/tasks/" + string(newest(t, ada.agent).TaskID)
	bob.act(newest(t, ada.agent).TaskID, "pickup", "Claimed")
	status, page := bob.post(path+"/deliver", bob.form(path, "result", " "))
	bob.expect("an empty result", http.StatusBadRequest, `data-page="`+path+`"`, status, page)
	for _, act := range pages.OwnerActs() {
		status, page := bob.get(path + "/" + act)
		bob.expect(act, http.StatusOK, "<h1>Sing</h1>", status, page)
	}
	for from, want := range map[string]string{"/me/key": "<h1>Settings</h1>", "/sign-out": "<h1>Marketplace</h1>", "/admin/agents/" + string(bob.agent.ID()) + "/grant": `name="key"`, "/admin/logout": `name="key"`} {
		status, page := bob.get(from)
		bob.expect(from, http.StatusOK, want, status, page)
	}
	if status, _ := bob.get(path + "/sing"); status != http.StatusNotFound {
		t.Errorf("a form that there is not: %d", status)
	}
}

// Going back and sending the form again posts nothing more, unless that is meant.
func TestTheSameIsPostedTwiceOnlyIfMeant(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	posted := func() int {
		mine, err := ada.agent.Mine(t.Context(), market.MineQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return mine.Total
	}
	send := func(fields ...string) (int, string) {
		return ada.post("/tasks/new", ada.form("/tasks/new", append([]string{"need", "Sing", "max_credits", "5"}, fields...)...))
	}
	send()
	id := string(newest(t, ada.agent).TaskID)
	status, page := send()
	ada.expect("the same again", http.StatusConflict, `href="/tasks/`+id+`"`, status, page)
	if n := posted(); n != 1 {
		t.Fatalf("there are %d", n)
	}
	status, page = send("again", "yes")
	ada.expect("meant", http.StatusOK, "Posted.", status, page)
	status, page = send("max_credits", "6")
	ada.expect("something else", http.StatusOK, "Posted.", status, page)
	if n := posted(); n != 3 {
		t.Errorf("there are %d", n)
	}
}

// Who ended a task stands beside its end, and when is there to be read.
func TestALifeSaysWhoEndedIt(t *testing.T) {
	c := clock.NewMock()
	c.Set(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	s := newSite(t, httpserver.Options{}, pinchwork.WithClock(c))
	ada, bob := s.owner("ada"), s.owner("bob")
	post := func() market.TaskID {
		p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 5})
		if err != nil {
			t.Fatal(err)
		}
		return p.TaskID
	}
	deliver := func(id market.TaskID) {
		_, err := bob.agent.PickupTask(t.Context(), id)
		if err == nil {
			_, err = bob.agent.Deliver(t.Context(), id, market.DeliverInput{Result: "la"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	approved, cancelled, timed := post(), post(), post()
	deliver(approved)
	deliver(timed)
	c.Add(time.Hour)
	if _, err := ada.agent.Approve(t.Context(), approved, market.ApproveInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := ada.agent.Cancel(t.Context(), cancelled); err != nil {
		t.Fatal(err)
	}
	c.Add(24 * time.Hour)
	for id, want := range map[market.TaskID][2]string{approved: {"<strong>Approved</strong>", ">you</a>"}, cancelled: {"<strong>Cancelled</strong>", ">you</a>"}, timed: {"<strong>Approved by itself", "2026-03-02 12:00 UTC"}} {
		_, page := ada.get("/tasks/" + string(id))
		_, end, found := strings.Cut(page, want[0])
		if end, _, _ = strings.Cut(end, "</li>"); !found || !strings.Contains(end, want[1]) || !strings.Contains(end, "2026-03-0") {
			t.Errorf("%s: %v\n%s", want, found, end)
		}
	}
}

// Tags are what commas separate: a space is refused, and how to write it is said.
func TestATagWithASpaceIsNotTwo(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	for path, form := range map[string][]string{"/tasks/new": {"need", "Sing"}, "/register": {"name", "eve"}} {
		status, page := ada.post(path, ada.form(path, append(form, "tags", "go, Code review")...))
		ada.expect(path, http.StatusBadRequest, "a hyphen in place of a space", status, page)
		ada.expect(path, http.StatusBadRequest, "(a-z, A-Z)", status, page)
	}
}

// What is written in talk is markdown, tags are shown, and a task is called by its first line.
func TestTextsReadAlikeEverywhere(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "# Sing *loud*\n\nand <b>long</b>", MaxCredits: 20})
	if err != nil {
		t.Fatal(err)
	}
	bob.act(p.TaskID, "ask", "Asked.", "question", "**which** <song>?")
	bob.act(p.TaskID, "pickup", "Claimed")
	bob.act(p.TaskID, "message", "Sent.", "message", "one\ntwo")
	bob.act(p.TaskID, "deliver", "Delivered.", "result", "la", "credits_claimed", "15")
	ada.act(p.TaskID, "reject", "Sent back", "reason", "- too *short*")
	_, page := bob.get("/tasks/" + string(p.TaskID))
	for _, want := range []string{
		"<h1>Sing loud</h1>", "<title>Sing loud ·", `content="Sing loud"`, "<strong>which</strong> &lt;song&gt;?", "one<br>", "<em>short</em>", "&lt;b&gt;long&lt;/b&gt;",
		`name="note" maxlength="1000"`, "up to 500\u2009000 characters", "Deliver again within <time",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	bob.act(p.TaskID, "deliver", "Delivered.", "result", "la la", "credits_claimed", "15")
	ada.act(p.TaskID, "approve", "Approved")
	for path, want := range map[string][]string{"/": {">Sing loud<"}, "/tasks": {">Sing loud<", ">Budget<"}, "/me": {">Sing loud<", "15 of 20"}, "/me/money": {">Sing loud<", "Held in escrow: paid 14 to ", ", fee 1, 5 back"}} {
		_, page := ada.get(path)
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q:\n%s", path, part, page)
			}
		}
	}
}

// Of a task that is offered to named agents nothing is promised to be read by others, and
// the way back leads to where it is listed.
func TestAHireIsNotForEveryAgentToRead(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	p, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 5, OfferTo: []market.AgentID{bob.agent.ID()}})
	if err != nil {
		t.Fatal(err)
	}
	_, page := bob.get("/tasks/" + string(p.TaskID))
	if strings.Contains(page, "for every agent to read") || !strings.Contains(page, `<p class="crumbs"><a href="/me">Your tasks</a>`) {
		t.Errorf("the hired agent's page:\n%s", page)
	}
	if _, page := bob.get("/tasks"); strings.Contains(page, "Nothing has been posted yet") || !strings.Contains(page, `yours is on <a href="/me">`) {
		t.Errorf("the list:\n%s", page)
	}
	if _, page := bob.get("/me"); !strings.Contains(page, "You are asked by name") {
		t.Errorf("the agent's page:\n%s", page)
	}
}

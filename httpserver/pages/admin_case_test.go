package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// A task's file tells the case as it happened, with everybody's words, and then lets the
// operator decide with the figures before it.
func TestACaseIsToldInOrder(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob, cyd := s.owner("ada"), s.owner("bob"), s.owner("cyd")
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Count the sheep", "max_credits", "20"))
	id := newest(t, ada.agent).TaskID
	bob.act(id, "ask", "Asked.", "question", "black ones too?")
	asked, err := ada.agent.Questions(t.Context(), id, market.Page{})
	if err != nil {
		t.Fatal(err)
	}
	ada.act(id, "answer", "Answered.", "question_id", string(asked.Questions[0].ID), "answer", "all of them")
	cyd.act(id, "pickup", "Claimed")
	cyd.act(id, "deliver", "Delivered.", "result", "there are three", "credits_claimed", "11")
	ada.act(id, "reject", "Sent back", "reason", "there are four", "feedback", "one is asleep")
	cyd.act(id, "abandon", "Given back")
	bob.act(id, "pickup", "Claimed")
	bob.act(id, "progress", "The poster was told", "note", "at the gate")
	bob.act(id, "message", "Sent.", "message", "it is dark")
	bob.act(id, "deliver", "Delivered.", "result", "there are five")
	ada.act(id, "report", "Reported", "reason", "he guesses")

	root := newOperator(t, s.url)
	root.login()
	path := "/admin/tasks/" + string(id)
	_, page := root.get(path)
	inOrder(t, page, "<strong>Posted</strong>", "20 credits held in escrow", "black ones too?", "all of them", "<strong>Claimed</strong>", ">cyd</a>",
		"Delivered, no. 1", "for 11 credits", "there are three", "<strong>Rejected</strong>", "there are four", "one is asleep",
		"<strong>Claimed</strong>", ">bob</a>", "at the gate", "it is dark", "Delivered, no. 2", "for 20 credits: 18 to the worker, 2 fee", "there are five",
		"<strong>Reported</strong>", "he guesses", "Approved by itself unless rejected",
		`<h2 id="decide">End the task</h2>`, "Refund: 20 back to the poster", "Release: 18 to the worker, 2 fee, 0 back to the poster",
		"Split: half of it would be 9 to the worker, 1 fee, 10 back to the poster")
	if top, _, _ := strings.Cut(page, `id="case"`); !strings.Contains(top, `href="#decide"`) {
		t.Error("nothing at the top leads to the decision")
	}
	root.post(path+"/resolve", root.form(path, "outcome", "refund", "reason", "nobody counted", "close", "yes"))
	_, page = root.get(path)
	inOrder(t, page, "he guesses", "Ended by decision", ">root</a>", "refund, 20 credits back to the poster", "nobody counted", "Report closed", "reviewed")
	if strings.Contains(page, `id="decide"`) {
		t.Error("what has ended may be decided")
	}
	ada.post("/tasks/new", ada.form("/tasks/new", "need", "Another flock", "max_credits", "20"))
	id = newest(t, ada.agent).TaskID
	bob.act(id, "pickup", "Claimed")
	bob.act(id, "deliver", "Delivered.", "result", "none")
	ada.act(id, "approve", "Approved", "rating", "4", "feedback", "quick")
	bob.act(id, "rate", "Rated", "rating", "2", "feedback", "bossy")
	status, page := root.get("/admin/tasks/" + string(id))
	root.expect("a rating of the poster", http.StatusOK, "rated 2 of 5", status, page)
	inOrder(t, page, "<strong>Approved</strong>", "rated 4 of 5, 18 credits to the worker, 2 fee", "quick", "<strong>Poster rated</strong>", "bossy")
}

// inOrder expects texts one after the other.
func inOrder(t *testing.T, page string, texts ...string) {
	t.Helper()
	rest := page
	for i, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("no %q after %q in\n%s", text, texts[max(i-1, 0)], page)
		}
		rest = after
	}
}

package mcpserver_test

import (
	"io"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/mcpserver"
)

var revisions = []string{"2026-07-28", "2025-11-25", "2025-06-18"}

// A whole life with two agents, in every revision of the protocol and over a pipe.
func TestALife(t *testing.T) {
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			s := newSite(t, httpserver.Options{})
			live(t, s.agent("ada", revision), s.agent("bob", revision))
		})
	}
	t.Run("pipe", func(t *testing.T) {
		s := newSite(t, httpserver.Options{})
		live(t, s.agent("ada", revisions[0]).overAPipe(s.url), s.agent("bob", revisions[1]).overAPipe(s.url))
	})
}

// overAPipe is the same agent, whose host runs the tools as a program with its key.
func (p *person) overAPipe(url string) *person {
	p.t.Helper()
	client, err := httpclient.New(url, p.key)
	if err != nil {
		p.t.Fatal(err)
	}
	tools, err := mcpserver.New(mcpserver.Options{Agent: mcpserver.Always(client)})
	if err != nil {
		p.t.Fatal(err)
	}
	hear, tell := io.Pipe()
	read, write := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- tools.Serve(p.t.Context(), hear, write) }()
	session, err := connect(p.t.Context(), &mcp.IOTransport{Reader: read, Writer: tell}, "")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = session.Close()
		if err := <-served; err != nil {
			p.t.Errorf("the pipe ended with %v", err)
		}
	})
	return &person{p.t, p.id, p.key, session}
}

func live(t *testing.T, ada, bob *person) {
	bob.call("profile", object{"good_at": "security reviews", "tags": []string{"security"}}).ok().has(string(bob.id), "profile", "agent_id")
	ada.call("find_agents", object{"search": "security"}).ok().has(string(bob.id), "agents", 0, "agent_id").has("bob", "agents", 0, "untrusted", "name")
	bob.call("find_work", nil).ok().has(nil, "tasks", 0)

	ada.call("estimate", object{"need": "Review this", "tags": "security"}).ok().says("Fewer than 5 posters").has(nil, "prices")
	ada.call("estimate", object{"need": " "}).bad(market.CodeInvalid)
	posted := ada.call("delegate", object{"need": "Review this: rm -rf $X", "context": "a script", "max_credits": 20, "tags": []string{"security"}, "idempotency_key": "k1"}).ok().
		has("posted", "task", "status").has(80.0, "balance")
	id := posted.get("task", "task_id")
	ada.call("delegate", object{"need": "Review this: rm -rf $X", "context": "a script", "max_credits": 20, "tags": []string{"security"}, "idempotency_key": "k1"}).ok().has(id, "task", "task_id")
	ada.call("delegate", object{"need": "another", "idempotency_key": "k1"}).bad(market.CodeIdempotencyKeyUsed)
	ada.call("credits", nil).ok().has(80.0, "credits", "balance").has(20.0, "credits", "set_aside")

	offer := bob.call("find_work", object{"tags": "security"}).ok().has(id, "tasks", 0, "task_id").has("Review this: rm -rf $X", "tasks", 0, "untrusted", "need")
	offer.has(nil, "tasks", 0, "need")
	bob.call("ask", object{"task_id": id, "question": "In which shell?"}).ok()
	question := ada.call("look", object{"task_id": id}).ok().says("1 question without your answer").has("In which shell?", "untrusted", "questions", 0, "question").get("untrusted", "questions", 0, "question_id")
	ada.call("answer", object{"task_id": id, "question_id": question, "answer": "bash"}).ok()
	bob.call("look", object{"task_id": id}).ok().has("bash", "untrusted", "questions", 0, "answer").has("you", "untrusted", "questions", 0, "by")
	ada.call("look", object{"task_id": id}).ok().has("look with wait_seconds", "next", 0).has("cancel", "next", 1)
	ada.call("answer", object{"task_id": id, "question_id": "qa-none", "answer": "bash"}).bad(market.CodeNotFound).steps("ids are like qa-")

	ada.call("take", object{"task_id": id}).bad(market.CodeOwnTask)
	ada.call("take", nil).ok().says("What is open is your own")
	bob.call("take", object{"search": "translate"}).ok().says("without them 1 is on offer to you")
	bob.call("find_work", object{"tags": "cobol"}).ok().says("without them 1 is on offer to you")
	bob.call("take", object{"tags": []string{"security"}}).ok().has(id, "task", "task_id").has("a script", "untrusted", "context").has("bash", "untrusted", "questions", 0, "answer").has(nil, "yours")
	bob.call("take", object{"task_id": id}).ok().has("claimed", "task", "status").has("Review this: rm -rf $X", "untrusted", "need")
	bob.call("progress", object{"task_id": id, "note": "reading", "percent": "50"}).ok().says("You have until ")
	ada.call("look", object{"task_id": id}).ok().has("reading", "untrusted", "progress_note").has(50.0, "task", "percent").has("a script", "yours", "context")
	bob.call("write", object{"task_id": id, "message": "Is X set?", "idempotency_key": "m1"}).ok()
	bob.call("write", object{"task_id": id, "message": "Is X set?", "idempotency_key": "m1"}).ok()
	ada.call("look", object{"task_id": id}).ok().says("1 message from the other side").has("Is X set?", "untrusted", "messages", 0, "text").has(nil, "untrusted", "messages", 1)
	for _, party := range []*person{ada, bob} {
		party.call("look", object{"task_id": id}).ok().has("bash", "untrusted", "questions", 0, "answer")
	}

	ada.call("approve", object{"task_id": id}).bad(market.CodeWrongState)
	bob.call("deliver", object{"task_id": id, "result": "no findings", "credits_claimed": 30}).ok().says("18 credits on approval, after a fee of 2").says("counts as 20").has("delivered", "task", "status")
	bob.call("deliver", object{"task_id": id, "result": "no findings"}).ok()
	bob.call("deliver", object{"task_id": id, "result": "others"}).bad(market.CodeWrongState)
	ada.call("reject", object{"task_id": id, "reason": "X may be empty"}).ok().has("claimed", "task", "status")
	ada.call("reject", object{"task_id": id, "reason": "X may be empty"}).ok()
	bob.call("look", object{"task_id": id}).ok().has("X may be empty", "untrusted", "rejection_reason").has("no findings", "yours", "result")
	bob.call("progress", object{"task_id": id}).ok().says("does not start anew")
	bob.call("deliver", object{"task_id": id, "result": "X may be empty: quote it", "credits_claimed": 10.0}).ok()
	ada.call("look", object{"task_id": id, "wait_seconds": 5}).ok().has("X may be empty: quote it", "untrusted", "result").has(10.0, "task", "credits_charged")
	ada.call("rate", object{"task_id": id, "rating": 5}).bad(market.CodeForbidden).steps("with approve")
	ada.call("approve", object{"task_id": id, "rating": 5, "feedback": "good"}).ok().says("10 credits paid: 9 to the worker, 1 fee; 10 refunded.")
	ada.call("approve", object{"task_id": id, "rating": 5, "feedback": "good"}).ok().has("approved", "task", "status")
	ada.call("approve", object{"task_id": id, "rating": 1}).bad(market.CodeAlreadyDone).steps("Nothing is left to do")
	bob.call("look", object{"role": "worker", "status": "approved"}).ok().has(id, "tasks", 0, "task_id")
	bob.call("rate", object{"task_id": id, "rating": 4, "feedback": "a clear need"}).ok()
	ada.call("look", object{"task_id": id}).ok().has(4.0, "task", "poster_rating").has("a clear need", "untrusted", "poster_feedback")
	bob.call("look", object{"task_id": id}).ok().has("a clear need", "yours", "poster_feedback")
	bob.call("rate", object{"task_id": id, "rating": 4}).bad(market.CodeAlreadyDone)
	bob.call("credits", nil).ok().has(109.0, "credits", "balance")

	second := ada.call("delegate", object{"need": "another", "max_credits": 5}).ok().get("task", "task_id")
	bob.call("take", object{"task_id": second}).ok()
	bob.call("abandon", object{"task_id": second}).ok()
	for range 2 {
		ada.call("cancel", object{"task_id": second}).ok().has("cancelled", "task", "status")
	}
	bob.call("look", object{"task_id": second}).bad(market.CodeNotFound)
	ada.call("credits", nil).ok().has(90.0, "credits", "balance").has(0.0, "credits", "set_aside")
	checkDocuments(t, ada, id.(string))
}

// checkDocuments reads what is not a tool.
func checkDocuments(t *testing.T, p *person, task string) {
	for uri, says := range map[string]string{"pinchwork://manual": "## Earn credits", "pinchwork://tasks/" + task: `"untrusted":{"result":"X may be empty: quote it"`} {
		r, err := p.session.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if err != nil || len(r.Contents) != 1 || !strings.Contains(r.Contents[0].Text, says) {
			t.Errorf("%s: %+v, %v", uri, r, err)
		}
	}
	if _, err := p.session.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "pinchwork://tasks/tk-none"}); err == nil {
		t.Error("a task that is not there can be read")
	}
	for name, says := range map[string]string{"delegate": "Translate it", "work": "find_work"} {
		r, err := p.session.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: name, Arguments: map[string]string{"need": "Translate it"}})
		if err != nil || !strings.Contains(r.Messages[0].Content.(*mcp.TextContent).Text, says) {
			t.Errorf("prompt %s: %+v, %v", name, r, err)
		}
	}
}

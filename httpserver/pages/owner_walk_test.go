package pages_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
)

// forbidden are what the forms of a task's page say, and the same by the API.
var forbidden = map[string]struct {
	form url.Values
	api  func(context.Context, market.AgentAPI, market.TaskID) error
}{
	"pickup": {nil, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.PickupTask(ctx, id))
	}},
	"ask": {url.Values{"question": {"which?"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Ask(ctx, id, "which?"))
	}},
	"answer": {url.Values{"question_id": {"qa-1"}, "answer": {"that"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Answer(ctx, id, "qa-1", "that"))
	}},
	"cancel": {nil, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error { return failed(a.Cancel(ctx, id)) }},
	"deliver": {url.Values{"result": {"mine"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Deliver(ctx, id, market.DeliverInput{Result: "mine"}))
	}},
	"progress": {url.Values{"note": {"half"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Progress(ctx, id, market.ProgressInput{Note: "half"}))
	}},
	"message": {url.Values{"message": {"hello"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.SendMessage(ctx, id, "hello"))
	}},
	"abandon": {nil, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Abandon(ctx, id))
	}},
	"approve": {url.Values{"rating": {"5"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Approve(ctx, id, market.ApproveInput{Rating: 5}))
	}},
	"reject": {url.Values{"reason": {"bad"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Reject(ctx, id, market.RejectInput{Reason: "bad"}))
	}},
	"rate": {url.Values{"rating": {"1"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Rate(ctx, id, market.RateInput{Rating: 1}))
	}},
	"report": {url.Values{"reason": {"spam"}}, func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.ReportTask(ctx, id, "spam"))
	}},
}

func failed[T any](_ T, err error) error { return err }

// Whoever signs in can do nothing by a form that the API would refuse, and is told the
// same: neither who is no party of a task, nor the party whose turn it is not, nor who does
// not see it.
func TestFormsRefuseWhatTheAPIRefuses(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob, cyd := s.owner("ada"), s.owner("bob"), s.owner("cyd")
	post := func(to ...market.AgentID) market.TaskID {
		posted, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Count the sheep", MaxCredits: 10, OfferTo: to})
		if err != nil {
			t.Fatal(err)
		}
		return posted.TaskID
	}
	delivered, hidden := post(), post(bob.agent.ID())
	if _, err := bob.agent.PickupTask(t.Context(), delivered); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.agent.Deliver(t.Context(), delivered, market.DeliverInput{Result: "two"}); err != nil {
		t.Fatal(err)
	}
	before, err := ada.agent.Task(t.Context(), delivered, 0)
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]int{}
	for _, act := range pages.OwnerActs() {
		f, listed := forbidden[act]
		if !listed {
			t.Errorf("%s is not in the table", act)
			continue
		}
		for what, at := range map[string]struct {
			by *owner
			id market.TaskID
		}{"a stranger": {cyd, delivered}, "the poster": {ada, delivered}, "the worker": {bob, delivered}, "who does not see it": {cyd, hidden}} {
			if at.id == delivered && mayDo(&before, at.by, act) {
				continue
			}
			refused[act]++
			path := "/tasks/" + string(at.id)
			form := at.by.form("/me")
			form.Set("once", what)
			status, page := at.by.post(path+"/"+act, filled(form, f.form))
			err := f.api(t.Context(), at.by.agent, at.id)
			if err == nil {
				t.Fatalf("%s by %s: the API does it", act, what)
			}
			want, message := httpserver.Explain(err)
			if want == http.StatusNotFound {
				message = "ot found" // of the task, or the page
			}
			if status != want || !strings.Contains(html.UnescapeString(page), message) {
				t.Errorf("%s by %s: the page says %d, the API %d %q\n%s", act, what, status, want, message, page)
			}
		}
	}
	for act := range forbidden {
		if refused[act] == 0 {
			t.Errorf("nobody is refused %s", act)
		}
	}
	after, err := ada.agent.Task(t.Context(), delivered, 0)
	if err != nil || after.Status != before.Status || after.RejectionCount != 0 {
		t.Errorf("the task is %+v, %v", after, err)
	}
}

// mayDo leaves out what the reader of a delivered task may do.
func mayDo(t *market.Task, o *owner, act string) bool {
	switch act {
	case "report":
		return true
	case "message":
		return o.agent.ID() == t.WorkerID || o.agent.ID() == t.PosterID
	}
	return o.agent.ID() == t.PosterID && slices.Contains([]string{"approve", "reject"}, act)
}

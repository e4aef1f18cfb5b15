package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// A task that an operator ended says so beside its status, to the desk and to its parties.
func TestADecisionStandsBesideTheStatus(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	root := newOperator(t, s.url)
	root.login()
	for want, decision := range map[string]market.ResolveTaskInput{
		"by decision: split, 15 of 20": {Outcome: market.OutcomeSplit, WorkerCredits: 15, Reason: "half of it"},
		"by decision: refund":          {Outcome: market.OutcomeRefund, Reason: "nothing of it"},
	} {
		id := claimed(t, ada.agent, bob.agent)
		for at, reader := range map[string]*operator{"/admin/tasks/": root, "/tasks/": ada.operator} {
			if status, page := reader.get(at + string(id)); status != http.StatusOK || strings.Contains(page, "by decision") {
				t.Errorf("before it, %s says\n%s", at, page)
			}
		}
		if _, err := s.market.ResolveTask(market.WithOperator(t.Context(), market.Operator{Name: "eve", Role: market.OperatorAct}), id, decision); err != nil {
			t.Fatal(err)
		}
		for _, reader := range []struct {
			*operator
			at string
		}{{root, "/admin/tasks/"}, {ada.operator, "/tasks/"}, {bob.operator, "/tasks/"}} {
			status, page := reader.get(reader.at + string(id))
			reader.expect("the page", http.StatusOK, "</span> <span>"+want+"</span> <code>", status, page)
		}
	}
}

// Nobody is told who is suspended (rule 4.27): an agent's page is the same, and hires it for
// later.
func TestASuspendedAgentsPageHiresIt(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	at := "/agents/" + string(bob.agent.ID())
	_, before := ada.get(at)
	if _, err := s.market.Suspend(market.WithOperator(t.Context(), market.Operator{Name: "eve", Role: market.OperatorAct}), market.SuspendInput{AgentID: bob.agent.ID(), Suspended: true, Reason: "spam"}); err != nil {
		t.Fatal(err)
	}
	if _, page := ada.get(at); page != before {
		t.Errorf("the page was\n%s\nand is\n%s", before, page)
	}
	hire := "/tasks/new?offer_to=" + string(bob.agent.ID())
	if !strings.Contains(before, `href="`+hire+`">Hire this agent`) {
		t.Errorf("the page is\n%s", before)
	}
	status, page := ada.get(hire)
	ada.expect("where it leads", http.StatusOK, "if it is not taken it expires", status, page)
	status, page = ada.post("/tasks/new", ada.form(hire, "need", "Count the sheep", "offer_to", string(bob.agent.ID())))
	ada.expect("the hire", http.StatusOK, "Posted.", status, page)
}

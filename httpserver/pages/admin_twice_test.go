package pages_test

import (
	"net/http"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// An operator whose page was older than another's act is told of it, and what its own has
// changed.
func TestTheSecondOperatorReadsOfTheFirst(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	bob := s.agent(market.RegisterInput{Name: "bob"})
	path := "/admin/agents/" + string(bob.ID())
	o := newOperator(t, s.url)
	o.login()
	stale := o.form(path, "to", "suspended", "reason", "fraud")
	eve := market.WithOperator(t.Context(), market.Operator{Name: "eve", Role: market.OperatorAct})
	if _, err := s.market.Suspend(eve, market.SuspendInput{AgentID: bob.ID(), Suspended: true, Reason: "spam " + attack}); err != nil {
		t.Fatal(err)
	}
	status, page := o.post(path+"/suspend", stale)
	o.expect("another reason", http.StatusOK, "Agent was suspended already; your reason is now the reason. Before you it was done by eve at 20", status, page)
	o.expect("another reason", http.StatusOK, "<strong>suspended</strong>: fraud (by <a", status, page)
	o.expect("another reason", http.StatusOK, `before that by <a href="/admin/actions?of=eve">eve</a>`, status, page)
	status, page = o.post(path+"/suspend", stale)
	o.expect("the same again", http.StatusOK, "Agent was suspended already; nothing has changed. Before you it was done by root at 20", status, page)
	stale = o.form(path, "to", "active")
	if _, err := s.market.Suspend(eve, market.SuspendInput{AgentID: bob.ID(), Reason: "no spam"}); err != nil {
		t.Fatal(err)
	}
	status, page = o.post(path+"/suspend", stale)
	o.expect("an end that was", http.StatusOK, "Agent was not suspended; nothing has changed. Before you it was done by eve at 20", status, page)
	stale = o.form(path, "to", "infra")
	if _, err := s.market.AppointInfra(eve, market.InfraInput{AgentID: bob.ID(), Infra: true}); err != nil {
		t.Fatal(err)
	}
	status, page = o.post(path+"/infra", stale)
	o.expect("appointed twice", http.StatusOK, "It is so already; nothing has changed. Before you it was done by eve at 20", status, page)
}

package pages_test

import (
	"net/http"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// A number is read as the pages write it, with thousands apart, and not guessed at.
func TestANumberIsReadAsItIsWritten(t *testing.T) {
	s := newSite(t, httpserver.Options{AdminKey: adminKey})
	bob := s.agent(market.RegisterInput{Name: "bob"})
	root := newOperator(t, s.url)
	root.login()
	path := "/admin/agents/" + string(bob.ID())
	for _, typed := range []string{"1 0", "1,000", "1.5", "1e3", "10 00", "one"} {
		status, page := root.post(path+"/grant", root.form(path, "amount", typed))
		root.expect(typed, http.StatusBadRequest, "must be a whole number", status, page)
	}
	for _, typed := range []string{"20", " 1 "} {
		status, page := root.post(path+"/grant", root.form(path, "amount", typed))
		root.expect(typed, http.StatusOK, "granted to bob", status, page)
	}
	if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: bob.ID(), Amount: 100_000}); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"1 000", "1\u2009000"} {
		status, page := root.post(path+"/clawback", root.form(path, "amount", typed))
		root.expect(typed, http.StatusOK, "1\u2009000 credits taken back", status, page)
	}
	if me, err := bob.Me(t.Context()); err != nil || me.Credits != 100+21+100_000-2_000 {
		t.Errorf("bob has %d, %v", me.Credits, err)
	}
}

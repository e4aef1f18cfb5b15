package pages_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// rows reads a file of the desk.
func (o *operator) rows(path string) [][]string {
	o.t.Helper()
	status, page := o.get(path)
	rows, err := csv.NewReader(strings.NewReader(page)).ReadAll()
	if status != http.StatusOK || err != nil {
		o.t.Fatalf("%s: %d, %v, %s", path, status, err, page)
	}
	return rows[1:]
}

// The log comes out whole, beyond what a page has, with the filters of its page, and texts
// in it are no formulas. So does the ledger of an agent. Who is not logged in gets neither.
func TestTheLogComesOutAsAFile(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "ada"}), s.agent(market.RegisterInput{Name: "bob"})
	for n := range 120 {
		to := ada.ID()
		if n%2 == 1 {
			to = bob.ID()
		}
		if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: to, Amount: 1, Reason: fmt.Sprintf("=grant %d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.market.Suspend(t.Context(), market.SuspendInput{AgentID: bob.ID(), Suspended: true, Reason: "spam"}); err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, s.url)
	o.login()
	if all := o.rows("/admin/actions.csv"); len(all) != 122 || all[len(all)-1][14] != "'=grant 0" || all[1][3] != "suspend" {
		t.Errorf("all: %d rows, %q", len(all), all[:2])
	}
	_, page := o.get("/admin/actions?of=" + string(bob.ID()) + "&kind=suspend&offset=0")
	export := "/admin/actions.csv?kind=suspend&amp;of=" + string(bob.ID()) + `"`
	if !strings.Contains(page, export) {
		t.Errorf("no %s in\n%s", export, page)
	}
	if some := o.rows("/admin/actions.csv?kind=suspend&of=" + string(bob.ID())); len(some) != 1 || some[0][3] != "suspend" {
		t.Errorf("of one kind about one agent: %q", some)
	}
	if ledger := o.rows("/admin/agents/" + string(bob.ID()) + "/ledger.csv"); len(ledger) != 61 {
		t.Errorf("%d rows in the ledger", len(ledger))
	}
	for _, path := range []string{"/admin/actions.csv", "/admin/agents/" + string(bob.ID()) + "/ledger.csv"} {
		status, page := newOperator(t, s.url).get(path)
		o.expect(path, http.StatusOK, `name="key"`, status, page)
	}
	status, page := o.get("/admin/actions.csv?kind=nonsense")
	o.expect("nonsense", http.StatusBadRequest, "must be one of", status, page)
}

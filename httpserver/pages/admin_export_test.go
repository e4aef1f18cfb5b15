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
	if all := o.rows("/admin/actions.csv"); len(all) != 122 || all[len(all)-1][17] != "'=grant 0" || all[1][3] != "suspend" {
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

// The log is found by the name of an agent that nobody else has, and its file too; of several
// the page offers the choice, of an id that nobody has it says so.
func TestTheLogIsFoundByNames(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.agent(market.RegisterInput{Name: "Stingy-Poster"})
	twins := []market.AgentID{s.agent(market.RegisterInput{Name: "twin"}).ID(), s.agent(market.RegisterInput{Name: "twin"}).ID()}
	for _, id := range append(twins, ada.ID()) {
		if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: id, Amount: 7, Reason: "for " + string(id)}); err != nil {
			t.Fatal(err)
		}
	}
	o := newOperator(t, s.url)
	o.login()
	status, page := o.get("/admin/actions?of=stingy-poster")
	o.expect("a name", http.StatusOK, "for "+string(ada.ID()), status, page)
	if strings.Contains(page, "for "+string(twins[0])) {
		t.Error("others are listed too")
	}
	at := s.market.Now().UTC().Format("2006-01-02 15:04")
	if !strings.Contains(page, ">"+at) || !strings.Contains(page, "Credits granted") {
		t.Errorf("no %s in %s", at, page)
	}
	if rows := o.rows("/admin/actions.csv?of=stingy-poster"); len(rows) != 1 || rows[0][5] != "Stingy-Poster" || rows[0][6] != string(ada.ID()) {
		t.Errorf("the file has %q", rows)
	}
	for _, at := range []string{"/admin/actions", "/admin/actions.csv"} {
		status, page = o.get(at + "?of=twin")
		o.expect("twins", http.StatusOK, "Which agent?", status, page)
		if !strings.Contains(page, "of="+string(twins[0])) || !strings.Contains(page, "of="+string(twins[1])) || strings.Contains(page, "actions.csv") {
			t.Errorf("%s offers %s", at, page)
		}
		status, page = o.get(at + "?of=ag-nobody")
		o.expect("nobody", http.StatusOK, "ag-nobody: there is no agent of this id", status, page)
	}
}

// The log of some days says how many entries those have, on the page and in the file.
func TestTheLogOfSomeDays(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.agent(market.RegisterInput{Name: "ada"})
	if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: ada.ID(), Amount: 7, Reason: "welcome"}); err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, s.url)
	o.login()
	today, before := s.market.Now().UTC().Format("2006-01-02"), s.market.Now().UTC().AddDate(0, 0, -1).Format("2006-01-02")
	status, page := o.get("/admin/actions?kind=grant&from=" + today + "&to=" + today)
	o.expect("today", http.StatusOK, "1 act", status, page)
	if rows := o.rows("/admin/actions.csv?kind=grant&from=" + today); len(rows) != 1 {
		t.Errorf("the file has %q", rows)
	}
	status, page = o.get("/admin/actions?to=" + before)
	o.expect("the day before", http.StatusOK, "Nothing.", status, page)
	status, page = o.get("/admin/actions?from=" + today + "&to=" + before)
	o.expect("the wrong way round", http.StatusBadRequest, "must not be before from", status, page)
	status, page = o.get("/admin/actions?from=yesterday")
	o.expect("no day", http.StatusBadRequest, "must be a day such as", status, page)
}

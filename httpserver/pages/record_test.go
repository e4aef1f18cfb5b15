package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// An owner sees by the hour how its agent has worked, and the tasks themselves; so does the
// desk, and nobody else.
func TestAnAgentsOwnRecord(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	bob := s.owner("bob")
	status, page := bob.get("/me/record?days=1")
	bob.expect("before the first task", http.StatusOK, "Nothing of your agent’s has ended in this time.", status, page)
	if !strings.Contains(page, `href="/me/record?days=30"`) || strings.Contains(page, "<svg class=\"chart\"") {
		t.Errorf("before the first task the page is\n%s", page)
	}
	ada := s.agent(market.RegisterInput{Name: "Ada"})
	task := s.trade(ada, bob.agent, 4)
	s.trade(ada, bob.agent, 5)
	desk := newOperator(t, s.url)
	desk.login()
	for _, at := range []struct {
		by         *operator
		page, home string
	}{{bob.operator, "/me/record", ""}, {desk, "/admin/agents/" + string(bob.agent.ID()) + "/record", "/admin"}} {
		for _, days := range []string{"1", "7", "30"} {
			status, page := at.by.get(at.page + "?days=" + days)
			at.by.expect(at.page, http.StatusOK, `aria-label="2 done for others, 0 done by others for it"`, status, page)
			for _, want := range []string{
				`aria-label="36 earned, after fees, 0 spent"`, `aria-label="0 seconds from the claim to the delivery, the median"`,
				`aria-label="100 % of what it did and was approved was never sent back"`, `aria-label="The last ratings, oldest first: 4, 5"`, `<p class="axis" aria-hidden="true">UTC</p>`,
				`href="` + at.home + "/tasks/" + string(task) + `"`, `for <a href="` + at.home + "/agents/" + string(ada.ID()) + `">Ada</a>`,
				`href="` + at.page + "?days=" + days + `" aria-current="true"`, `data-label="Not sent back, %">100<`, `data-label="Not sent back, %">–<`,
			} {
				if !strings.Contains(page, want) {
					t.Errorf("%s of %s days lacks %q:\n%s", at.page, days, want, page)
				}
			}
		}
	}
	if status, page := desk.get("/admin/agents/ag-nobody/record"); status != http.StatusNotFound || !strings.Contains(page, "ag-nobody") {
		t.Errorf("of nobody: %d\n%s", status, page)
	}
	if _, page := s.get("/me/record"); strings.Contains(page, string(task)) || !strings.Contains(page, "/sign-in?to=") {
		t.Errorf("a stranger gets\n%s", page)
	}
	if _, page := bob.get("/agents/" + string(bob.agent.ID())); !strings.Contains(page, `href="/me/record"`) {
		t.Error("the agent's own page does not lead to its record")
	}
	if _, page := desk.get("/admin/agents/" + string(bob.agent.ID())); !strings.Contains(page, `/record"`) {
		t.Error("the desk's page of the agent does not lead to its record")
	}
}

package pages_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

var nextPage = regexp.MustCompile(`href="([^"]+)" rel="next"`)

// Every list says how many fit its filters, also where a page looks through what does not.
func TestEveryListOfTheDeskSaysHowManyFit(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "ada"}), s.agent(market.RegisterInput{Name: "bob"})
	var first market.TaskID
	for i := range 70 {
		tags := []string{}
		if i%7 == 0 {
			tags = []string{"seventh"}
		}
		posted, err := ada.Post(t.Context(), market.PostInput{Need: fmt.Sprint("Sheep ", i), MaxCredits: 1, Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		first = posted.TaskID
	}
	if _, err := bob.ReportTask(t.Context(), first, "wolves"); err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, s.url)
	o.login()
	for range 60 {
		if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: bob.ID(), Amount: 1}); err != nil {
			t.Fatal(err)
		}
	}
	id := string(ada.ID())
	for path, want := range map[string]string{
		"/admin/agents": "2 agents<", "/admin/agents?standing=active&search=ada": "1 agent<",
		"/admin/tasks": ">70 tasks<", "/admin/tasks?tag=seventh": ">10 tasks<", "/admin/tasks?poster=" + id: ">70 tasks<", "/admin/tasks?status=posted": ">70 tasks<",
		"/admin/tasks?of=reported": ">1 task<", "/admin/tasks?search=sheep": ">At least 50 tasks<", "/admin/reports": "1 report, open.",
		"/admin/reports?status=": "1 report.", "/admin/actions": "61 acts.", "/admin/actions?kind=grant": "60 acts.", "/admin/actions?of=root&kind=log_in": "by or about root, newest first. On this page 0 acts.",
	} {
		status, page := o.get(path)
		o.expect(path, http.StatusOK, want, status, page)
	}
	_, page := o.get("/admin/tasks?search=sheep")
	next := nextPage.FindStringSubmatch(page)
	if next == nil {
		t.Fatal(page)
	}
	status, page := o.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	o.expect("the last page of words", http.StatusOK, ">70 tasks<", status, page)
	o.expect("the last page of words", http.StatusOK, "51–70 of 70<", status, page)
}

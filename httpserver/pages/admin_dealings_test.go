package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// An agent's page at the desk says with whom it trades, and leads to what is between both.
func TestWhomAnAgentDealsWith(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "Ada"}), s.agent(market.RegisterInput{Name: "Bob"})
	for range 2 {
		posted, err := ada.Post(t.Context(), market.PostInput{Need: "sheep", MaxCredits: 20})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bob.PickupTask(t.Context(), posted.TaskID); err != nil {
			t.Fatal(err)
		}
		if _, err := bob.Deliver(t.Context(), posted.TaskID, market.DeliverInput{Result: "counted", CreditsClaimed: 7}); err != nil {
			t.Fatal(err)
		}
		if _, err := ada.Approve(t.Context(), posted.TaskID, market.ApproveInput{}); err != nil {
			t.Fatal(err)
		}
	}
	o := newOperator(t, s.url)
	o.login()
	between := `poster=` + string(ada.ID()) + `&amp;worker=` + string(bob.ID()) + `">2</a>`
	for at, with := range map[market.AgentID]string{ada.ID(): "Bob", bob.ID(): "Ada"} {
		status, page := o.get("/admin/agents/" + string(at))
		_, dealings, _ := strings.Cut(page, `id="dealings"`)
		dealings, _, _ = strings.Cut(dealings, "</section>")
		o.expect("whom it deals with", http.StatusOK, between, status, dealings)
		if !strings.Contains(dealings, ">"+with+"</a>") || !strings.Contains(dealings, ">14<") {
			t.Errorf("of %s it is said:\n%s", at, dealings)
		}
		if strings.Count(page, "7 of 20") != 2 {
			t.Errorf("the tasks of %s do not say what was charged", at)
		}
	}
}

// From a task its reports are closed on a page of their own, however many others wait, and
// one that was refused stays there.
func TestTheReportsOfATask(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "Ada"}), s.agent(market.RegisterInput{Name: "Bob"})
	var tasks []market.TaskID
	for _, need := range []string{"sheep", "goats"} {
		posted, err := ada.Post(t.Context(), market.PostInput{Need: need, MaxCredits: 5})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bob.ReportTask(t.Context(), posted.TaskID, "about "+need); err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, posted.TaskID)
	}
	o := newOperator(t, s.url)
	o.login()
	at := "/admin/reports?task=" + string(tasks[0])
	status, page := o.get("/admin/tasks/" + string(tasks[0]))
	o.expect("the task", http.StatusOK, `href="`+at+"#rp-", status, page)
	status, page = o.get(at)
	o.expect("its reports", http.StatusOK, "<details open><summary>Close the report", status, page)
	if !strings.Contains(page, "about sheep") || strings.Contains(page, "about goats") {
		t.Errorf("the reports of a task are\n%s", page)
	}
	_, id, _ := strings.Cut(page, `id="rp-`)
	id, _, _ = strings.Cut(id, `"`)
	closing := "/admin/reports/rp-" + id + "?task=" + string(tasks[0])
	form := o.form(at, "as", "reviewed", "reason", "")
	status, page = o.post(closing, form)
	o.expect("without a reason", http.StatusBadRequest, "about sheep", status, page)
	form.Set("reason", "read")
	status, page = o.post(closing, form)
	o.expect("with one", http.StatusOK, "Report closed: reviewed.", status, page)
	status, page = o.get(at)
	o.expect("closed", http.StatusOK, `closed by <a href="/admin/actions?of=root">root</a>, <time`, status, page)
	o.expect("closed", http.StatusOK, `</time>: <strong>reviewed</strong></span> <a href="/admin/actions?of=rp-`+id+`">in the log</a>`, status, page)
	status, page = o.get("/admin/reports?status=reviewed")
	o.expect("closed, in the list", http.StatusOK, `closed by <a href="/admin/actions?of=root">root</a>, <time`, status, page)
}

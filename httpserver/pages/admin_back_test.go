package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// formAt is the address of the first form of a page that begins so, as a browser reads it.
func formAt(page, begins string) string {
	_, rest, _ := strings.Cut(page, `action="`+begins)
	at, _, _ := strings.Cut(rest, `"`)
	return begins + strings.ReplaceAll(at, "&amp;", "&")
}

// Every act leads back to the list as it was: its filter and its page; and so does a form
// that is refused. What was delivered again is seen to arrive.
func TestEveryActLeadsBackToTheListAsItWas(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	hook := "https://hooks.example.com/in"
	ada, bob := s.agent(market.RegisterInput{Name: "ada", WebhookURL: hook}), s.agent(market.RegisterInput{Name: "bob"})
	posted, err := ada.Post(t.Context(), market.PostInput{Need: "Sheep", MaxCredits: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Ask(t.Context(), posted.TaskID, "How many?"); err != nil {
		t.Fatal(err)
	}
	attempt := func(delivered bool) {
		t.Helper()
		jobs, err := s.market.LeaseWebhooks(t.Context(), time.Minute, 10)
		if err != nil || len(jobs) != 1 {
			t.Fatal(jobs, err)
		}
		out := store.WebhookOutcome{Delivered: delivered, Error: "status 500", At: s.market.Now().Add(2 * time.Second)}
		if ok, err := s.market.FinishWebhook(t.Context(), jobs[0], out); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	attempt(false)
	reported, err := bob.ReportTask(t.Context(), posted.TaskID, "wolves")
	if err != nil {
		t.Fatal(err)
	}
	o := newOperator(t, s.url)
	o.login()
	id := string(ada.ID())

	list := "/admin/webhooks?agent=" + id
	_, page := o.get(list)
	letter := o.form(list, "letter", id+" "+deadIn(t, s, ada.ID()))
	letter.Del("sure")
	status, page := o.post(formAt(page, "/admin/webhooks/redeliver"), letter)
	o.expect("a refused redelivery", http.StatusBadRequest, "of ada, the newest first", status, page)
	letter.Set("sure", "yes")
	status, page = o.post(formAt(page, "/admin/webhooks/redeliver"), letter)
	o.expect("a redelivery", http.StatusOK, "The deliveries are due again.", status, page)
	o.expect("a redelivery", http.StatusOK, "of ada, the newest first", status, page)
	o.expect("a redelivery", http.StatusOK, "<strong>not arrived yet</strong>: <a", status, page)
	attempt(true)
	for _, path := range []string{list, "/admin/webhooks", "/admin/agents/" + id} {
		status, page = o.get(path)
		o.expect("an arrival", http.StatusOK, `<strong>arrived</strong> <time`, status, page)
	}

	list = "/admin/reports?offset=0&status="
	_, page = o.get(list)
	at := formAt(page, "/admin/reports/"+string(reported.ReportID))
	status, page = o.post(at, o.form(list, "as", "dismissed", "which", string(reported.ReportID)))
	o.expect("closing a report", http.StatusOK, "Report closed: dismissed.", status, page)
	o.expect("closing a report", http.StatusOK, "1 report.", status, page)

	for range 60 {
		if _, err := s.market.Grant(t.Context(), market.GrantInput{AgentID: ada.ID(), Amount: 1, Reason: "more"}); err != nil {
			t.Fatal(err)
		}
	}
	list = "/admin/agents/" + id + "?offset=50"
	_, page = o.get(list)
	status, page = o.post(formAt(page, "/admin/agents/"+id+"/grant"), o.form(list, "amount", "1"))
	o.expect("a grant", http.StatusOK, "1 credit granted to ada, who has ", status, page)
	o.expect("a grant", http.StatusOK, `rel="prev"`, status, page)
}

// deadIn is the id of the agent's dead letter.
func deadIn(t *testing.T, s *site, id market.AgentID) string {
	t.Helper()
	list, err := s.market.DeadWebhooks(t.Context(), market.DeadQuery{AgentID: id})
	if err != nil || len(list.Dead) != 1 {
		t.Fatal(list, err)
	}
	return list.Dead[0].EventID
}

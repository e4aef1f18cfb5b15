package browser_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/browsertest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// A shift of the operator: every form of the desk, by clicks and keys, with scripts and
// without.
func TestOperator(t *testing.T) {
	t.Run("with scripts", func(t *testing.T) { shift(t, newSite(t, ""), true) })
	t.Run("without", func(t *testing.T) { shift(t, newSite(t, "/market"), false) })
}

func shift(t *testing.T, s *site, scripts bool) {
	t.Helper()
	reported, err := s.worker.ReportTask(t.Context(), s.task, "It asks for passwords")
	must(t, err)
	_, err = s.worker.ReportTask(t.Context(), s.review, "It does not pay")
	must(t, err)
	letter := s.deadWebhook()
	tab := browsertest.Open(t)
	tab.Scripts(scripts)

	s.logIn(tab, adminKey)
	tab.Until(`document.querySelector("h1").textContent === "Overview"`)
	for _, waits := range []string{"2 open reports", "1 dead webhook"} {
		tab.Until(`document.querySelector("main").textContent.includes("` + waits + `")`)
	}
	tab.Click(`.decide a[href$="/admin/reports"]`)
	tab.Until(`document.querySelector("h1").textContent === "Reports"`)
	order(tab, `form[action$="`+string(reported.ReportID)+`"]`, "a misunderstanding", `button[value="dismissed"]`)
	told(tab, "Report closed: dismissed.")

	tab.Click(`nav.desk a[href$="/admin"]`)
	tab.Click(`#dead ~ .wide a`)
	tab.Until(`document.querySelector("#balance")`)
	order(tab, `form.redeliver`, "the endpoint is back", "button")
	told(tab, "The delivery is due again.")
	tab.Until(`document.querySelector("#dead + *").textContent === "None."`)
	if found, err := s.market.DeadWebhooks(t.Context(), market.DeadQuery{}); err != nil || found.Total != 0 {
		t.Errorf("%s is among %d dead webhooks, %v", letter, found.Total, err)
	}
	s.deadWebhook()
	tab.Click(`nav.desk a[href$="/admin/webhooks"]`)
	tab.Until(`document.querySelectorAll("tbody tr").length === 2`)
	tab.Click(`tbody tr:last-child input[name="letter"]`)
	tab.Picture(fmt.Sprint("dead-webhooks ", scripts))
	order(tab, "#again", "the endpoint is back", "button")
	told(tab, "The deliveries are due again.")
	tab.Until(`document.querySelectorAll("tbody tr").length === 1`)
	order(tab, "#seen", "it is gone for good", "button")
	told(tab, "Marked as seen: what fails from now on waits again.")
	tab.Until(`document.querySelector("tbody").textContent.includes("seen")`)
	tab.Click(`nav.desk a[href$="/admin"]`)
	tab.Until(`!document.querySelector("main").textContent.includes("dead webhook")`)

	tab.Click(`nav.desk a[href$="/admin/agents"]`)
	tab.Until(`document.querySelector("h1").textContent === "Agents"`)
	tab.Click("#search")
	tab.Type("journeys\r")
	tab.Until(`document.querySelectorAll(".agents tbody tr").length === 1`)
	tab.Click(".agents a")
	tab.Until(`document.querySelector("#balance")`)
	purse(t, tab, s)

	order(tab, "#infra", "knows its way", "button")
	tab.Until(`document.querySelector("#infra button").textContent === "Take the appointment back"`)
	order(tab, "#infra", "no longer", "button")
	tab.Until(`document.querySelector("#infra button").textContent === "Appoint"`)
	order(tab, "#suspend", "spam", "button")
	tab.Until(`document.querySelector(".lead strong").textContent === "suspended"`)
	if _, err := s.poster.Post(t.Context(), market.PostInput{Need: "anything"}); err == nil {
		t.Error("a suspended agent may post")
	}
	tab.Click(`nav.desk a[href$="/admin"]`)
	tab.Click(`a[href$="standing=suspended"]`)
	tab.Click(".agents a")
	order(tab, "#suspend", "it was no spam", "button")
	tab.Until(`!document.querySelector(".lead strong")`)

	tab.Click(`nav.desk a[href$="/admin"]`)
	tab.Click(`a[href$="of=reported"]`)
	tab.Click(`.tasks a[href$="` + string(s.review) + `"]`)
	tab.Click(`#resolve input[value="split"]`)
	tab.Click("#worker-credits")
	tab.Type("6")
	tab.Click(`#resolve button[name="try"]`)
	tab.Until(`document.querySelector("#figures").textContent.includes("Nothing is done yet")`)
	tab.Click("#why-resolve")
	tab.Type("half of it is there")
	tab.Click(`#resolve input[name="sure"]`)
	tab.Click("#resolve button.danger")
	told(tab, "The task has ended by your decision, a split: 6 credits to Grace with a rather long name that wraps on a telephone, 0 fee, 4 back to Ada. Its parties are told. What was reported about it is closed: reviewed.")

	tab.Click(`nav.desk a[href$="/admin/operators"]`)
	tab.Click("#name")
	tab.Type("eve")
	tab.Click("#why-add")
	tab.Type("nights")
	tab.Click(`#add input[name="sure"]`)
	tab.Click("#add button")
	tab.Until(`document.querySelector("#new-key").textContent.startsWith("pwo-")`)
	order(tab, `form[action$="/eve/revoke"]`, "left", "button")
	told(tab, "Operator eve revoked. The key and all sessions of that operator have ended.")
	tab.Click(`nav.desk a[href$="/admin/actions"]`)
	tab.Until(`document.querySelector("tbody").textContent.includes("half of it is there")`)
	tab.Click("#of")
	tab.Type("Ada\r")
	tab.Until(`document.querySelector(".lead").textContent.includes("by or about Ada")`)
	tab.Until(`document.querySelector("tbody").textContent.includes("it was no spam")`)

	tab.Click(`nav.desk a[href$="/admin/audit"]`)
	tab.Click(`form[action$="/admin/audit"] button`)
	tab.Until(`document.querySelector("#verdict").textContent === "The books balance."`)
	tab.Clean(s.origin)

	tab.Click(`form[action$="/logout"] button`)
	tab.Until(`!document.querySelector("nav.desk")`)
	tab.Visit(s.root + "/admin/agents")
	tab.Until(`document.querySelector("#key") && !document.querySelector(".agents")`)
}

// order opens a form of the desk, says why, confirms and sends it.
func order(tab *browsertest.Tab, form, why, button string) {
	tab.Click(`details:has(> ` + form + `) > summary`)
	tab.Click(form + ` input[name="reason"]`)
	tab.Type(why)
	tab.Click(form + ` input[name="sure"]`)
	tab.Click(form + " " + button)
}

// deadWebhook lets a delivery to the poster fail for good, and every other that is due.
func (s *site) deadWebhook() string {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := s.poster.UpdateMe(ctx, market.UpdateInput{WebhookURL: market.Some("https://hooks.example.com/in")})
	must(s.t, err)
	_, err = s.worker.Ask(ctx, s.open, "And the tables?")
	must(s.t, err)
	jobs, err := s.market.LeaseWebhooks(ctx, time.Minute, 10)
	must(s.t, err)
	if len(jobs) == 0 {
		s.t.Fatal("no delivery is due")
	}
	for _, job := range jobs {
		_, err = s.market.FinishWebhook(ctx, job, store.WebhookOutcome{Error: "status 500", At: s.market.Now()})
		must(s.t, err)
	}
	return jobs[0].Event.DeliveryID()
}

// purse grants credits on the page of the poster and takes them back, and sees it there.
func purse(t *testing.T, tab *browsertest.Tab, s *site) {
	t.Helper()
	before, err := s.poster.Me(t.Context())
	must(t, err)
	pay(tab, "grant", "#amount")
	tab.Until(fmt.Sprintf(`document.querySelector("#balance").textContent === "%d"`, before.Credits+25))
	pay(tab, "clawback", "#claw-amount")
	tab.Until(fmt.Sprintf(`document.querySelector("#balance").textContent === "%d"`, before.Credits))
	after, err := s.poster.Me(t.Context())
	must(t, err)
	if after.Credits != before.Credits {
		t.Errorf("25 credits to and fro made %d of %d", after.Credits, before.Credits)
	}
}

// pay sends a form about 25 credits.
func pay(tab *browsertest.Tab, form, amount string) {
	tab.Click(`details:has(> #` + form + `) > summary`)
	tab.Click(amount)
	tab.Type("25")
	tab.Click("#why-" + form)
	tab.Type("thanks")
	tab.Click("#" + form + ` input[name="sure"]`)
	tab.Click("#" + form + ` button:not([name="try"])`)
}

// A wrong key opens nothing, and a form without the session's token does nothing.
func TestOperatorIsAsked(t *testing.T) {
	s := newSite(t, "")
	tab := browsertest.Open(t)
	s.logIn(tab, "not-the-key")
	tab.Until(`document.querySelector(".problem") && document.querySelector("#key")`)
	s.logIn(tab, adminKey)
	tab.Until(`document.querySelector("nav.desk")`)
	before, err := s.worker.Me(t.Context())
	must(t, err)
	tab.Visit(s.root + "/admin/agents/" + string(s.worker.ID()))
	browsertest.Eval[bool](tab, `document.querySelector("#grant input[name=csrf]").remove() || true`)
	pay(tab, "grant", "#amount")
	tab.Until(`!document.querySelector("#grant") || document.querySelector(".problem")`)
	after, err := s.worker.Me(t.Context())
	must(t, err)
	if after.Credits != before.Credits {
		t.Errorf("a form without a token made %d of %d credits", after.Credits, before.Credits)
	}
}

package browser_test

import (
	"fmt"
	"testing"

	"github.com/pinchwork/pinchwork/internal/browsertest"
	"github.com/pinchwork/pinchwork/market"
)

// A shift of the operator: everything that the pages can do, by clicks and keys.
func TestOperator(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		_, err := s.worker.ReportTask(t.Context(), s.task, "It asks for passwords")
		must(t, err)
		tab := browsertest.Open(t)

		s.logIn(tab, adminKey)
		tab.Until(`document.querySelector("h1").textContent === "Reports"`)
		tab.Click(`.tasks input[name="note"]`)
		tab.Type("a misunderstanding")
		tab.Click(`button[value="dismissed"]`)
		tab.Until(`document.querySelector(".lead").textContent.startsWith("0 open")`)

		tab.Click(`nav.desk a[href$="/admin/agents"]`)
		tab.Until(`document.querySelector("h1").textContent === "Agents"`)
		tab.Click("#search")
		tab.Type("journeys\r")
		tab.Until(`document.querySelectorAll(".agents tbody tr").length === 1`)
		tab.Click(".agents a")
		tab.Until(`document.querySelector("#balance")`)
		grant(t, tab, s)

		tab.Click("#infra button")
		tab.Until(`document.querySelector("#infra button").textContent === "Take the appointment back"`)
		tab.Click("#suspend-reason")
		tab.Type("spam")
		tab.Click("#suspend button")
		tab.Until(`document.querySelector(".lead strong").textContent === "suspended"`)
		if _, err := s.poster.Post(t.Context(), market.PostInput{Need: "anything"}); err == nil {
			t.Error("a suspended agent may post")
		}
		tab.Click("#suspend button")
		tab.Until(`!document.querySelector(".lead strong")`)
		if got := browsertest.Eval[string](tab, `document.querySelector("#dead + *").textContent`); got != "None: the agent has no webhook." {
			t.Errorf("dead webhooks: %s", got)
		}

		tab.Click(`nav.desk a[href$="/admin/tasks"]`)
		tab.Click(`.tasks a[href$="` + string(s.review) + `"]`)
		tab.Click(`#resolve input[value="split"]`)
		tab.Click("#worker-credits")
		tab.Type("6")
		tab.Click("#resolve-reason")
		tab.Type("half of it is there")
		tab.Click(`#resolve input[name="sure"]`)
		tab.Click("#resolve button")
		told(tab, "The task has ended by your decision; both parties are told.")
		tab.Click(`nav.desk a[href$="/admin/operators"]`)
		tab.Click("#name")
		tab.Type("eve\r")
		tab.Until(`document.querySelector("#new-key").textContent.startsWith("pwo-")`)
		tab.Click(`nav.desk a[href$="/admin/actions"]`)
		tab.Until(`document.querySelector("tbody").textContent.includes("half of it is there")`)

		tab.Click(`nav.desk a[href$="/admin/audit"]`)
		tab.Click(`form[action$="/admin/audit"] button`)
		tab.Until(`document.querySelector("#verdict").textContent === "The books balance."`)
		tab.Clean(s.origin)

		tab.Click(`form[action$="/logout"] button`)
		tab.Until(`!document.querySelector("nav.desk")`)
		tab.Visit(s.root + "/admin/agents")
		tab.Until(`document.querySelector("#key") && !document.querySelector(".agents")`)
	})
}

// grant grants credits on the page of the poster, and sees them there.
func grant(t *testing.T, tab *browsertest.Tab, s *site) {
	t.Helper()
	before, err := s.poster.Me(t.Context())
	must(t, err)
	tab.Click("#amount")
	tab.Type("25")
	tab.Click("#grant-reason")
	tab.Type("thanks\r")
	tab.Until(fmt.Sprintf(`document.querySelector("#balance").textContent === "%d"`, before.Credits+25))
	after, err := s.poster.Me(t.Context())
	must(t, err)
	if after.Credits != before.Credits+25 {
		t.Errorf("25 credits made %d of %d", after.Credits, before.Credits)
	}
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
	tab.Click("#amount")
	tab.Type("25\r")
	tab.Until(`!document.querySelector("#grant") || document.querySelector(".problem")`)
	after, err := s.worker.Me(t.Context())
	must(t, err)
	if after.Credits != before.Credits {
		t.Errorf("a form without a token made %d of %d credits", after.Credits, before.Credits)
	}
}

package browser_test

import (
	"fmt"
	"testing"

	"github.com/pinchwork/pinchwork/internal/browsertest"
	"github.com/pinchwork/pinchwork/market"
)

// Two owners at their browsers live a whole life by clicks and keys, with scripts and
// without.
func TestOwners(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "/market")
			poster, worker := s.signedIn(s.key, scripts), s.signedIn(s.workerKey, scripts)

			poster.Click(`a[href$="/tasks/new"]`)
			poster.Click("#need")
			poster.Type("Count the sheep")
			poster.Click("#max_credits")
			poster.Type("20")
			poster.Click("button.main")
			told(poster, "Posted. The credits are held in escrow.")
			at := browsertest.Eval[string](poster, `location.origin + location.pathname`)

			worker.Visit(at)
			fill(worker, "ask", "#ask-question", "All of them?")
			poster.Visit(at)
			fill(poster, "answer", `textarea[name="answer"]`, "Every one")
			worker.Visit(at)
			fill(worker, "pickup", "", "")
			fill(worker, "message", "#message-text", "I begin")
			fill(worker, "progress", "#progress-note", "half of them")
			fill(worker, "deliver", "#deliver-result", "41")
			poster.Visit(at)
			poster.Click(`.decide details summary`)
			fill(poster, "reject", "#reject-reason", "One is missing")
			worker.Visit(at)
			fill(worker, "deliver", "#deliver-result", "42")
			poster.Visit(at)
			poster.Click(`form[action$="/approve"] input[value="5"]`)
			fill(poster, "approve", "#approve-feedback", "Thanks")
			worker.Visit(at)
			worker.Click(`form[action$="/rate"] input[value="4"]`)
			fill(worker, "rate", "", "")
			for _, tab := range []*browsertest.Tab{poster, worker} {
				tab.Click(`nav.account a[href$="/me/money"]`)
				tab.Until(`document.querySelector("h1").textContent === "Money"`)
				tab.Clean(s.origin)
				tab.Click(`nav.account button`)
				tab.Until(`document.querySelector('nav.account a[href$="/sign-in"]')`)
			}
			task, err := s.poster.Mine(t.Context(), market.MineQuery{})
			must(t, err)
			if got := task.Tasks[0]; got.Status != market.StatusApproved || got.Rating != 5 || got.Result != "42" || got.RejectionCount != 1 {
				t.Errorf("the task is %+v", got)
			}
		})
	}
}

// What others do appears on an owner's page by itself, and takes nothing from the owner's
// pen.
func TestAnOwnersPageIsUpToDate(t *testing.T) {
	s := newSite(t, "/market")
	tab := s.signedIn(s.key, true)
	tab.Visit(s.root + "/tasks/" + string(s.open))
	tab.Click("#questions ~ ol textarea")
	tab.Type("I am writing")
	_, err := s.worker.PickupTask(t.Context(), s.open)
	must(t, err)
	tab.Until(`document.querySelector(".title .status").textContent.includes("claimed")`)
	_, err = s.worker.Deliver(t.Context(), s.open, market.DeliverInput{Result: "Chapter **4**"})
	must(t, err)
	tab.Until(`document.querySelector('form[action$="/approve"]') && document.querySelector(".prose strong").textContent === "4"`)
	if got := browsertest.Eval[string](tab, `document.querySelector("#questions ~ ol textarea").value`); got != "I am writing" {
		t.Errorf("what was written is %q", got)
	}
	tab.Click(`form[action$="/approve"] button`)
	told(tab, "Approved and paid.")
	tab.Visit(s.root + "/me")
	mine := `[...document.querySelectorAll("tbody tr")].filter(r => r.textContent.includes("claimed")).length`
	before := browsertest.Eval[int](tab, mine)
	s.post("One more")
	_, _, err = s.worker.Pickup(t.Context(), market.Filter{})
	must(t, err)
	tab.Until(fmt.Sprintf("%s === %d", mine, before+1))
	tab.Clean(s.origin)
}

// signedIn is a tab in which the owner of a key has signed in.
func (s *site) signedIn(key string, scripts bool) *browsertest.Tab {
	tab := browsertest.Open(s.t)
	tab.Scripts(scripts)
	s.signIn(tab, key)
	return tab
}

func (s *site) signIn(tab *browsertest.Tab, key string) {
	tab.Visit(s.root + "/sign-in")
	tab.Click("#key")
	tab.Type(key + "\r")
	tab.Until(`document.querySelector("nav.account button")`)
}

// fill writes into a field of a form, if there is one to be filled, and sends the form.
func fill(tab *browsertest.Tab, act, field, text string) {
	form := fmt.Sprintf(`form[action$="/%s"] `, act)
	if field != "" {
		tab.Click(form + field)
		tab.Type(text)
	}
	browsertest.Eval[bool](tab, `window.before = true`)
	tab.Click(form + "button")
	tab.Until(`!window.before && document.querySelector(".notice[role=status]")`)
}

func told(tab *browsertest.Tab, notice string) {
	tab.Until(fmt.Sprintf(`document.querySelector(".notice").textContent === %q`, notice))
}

package browser_test

import (
	"fmt"
	"slices"
	"strings"
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
			if !scripts { // as on an old telephone
				poster.Size(390, 844)
				worker.Size(390, 844)
			}

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
			if got := browsertest.Eval[string](worker, `document.querySelector("#deliver-result").value`); got != "41" {
				t.Errorf("delivering again begins with %q", got)
			}
			browsertest.Eval[string](worker, `document.querySelector("#deliver-result").value = ""`)
			fill(worker, "deliver", "#deliver-result", "42")
			poster.Visit(at)
			poster.Click(`form[action$="/approve"] input[value="5"]`)
			fill(poster, "approve", "#approve-feedback", "Thanks")
			worker.Visit(at)
			worker.Click(`form[action$="/rate"] input[value="4"]`)
			fill(worker, "rate", "", "")
			if got := browsertest.Eval[string](poster, `document.querySelector(".life").textContent`); !inOrder(got, "Posted", "Claimed", "half of them", "Rejected", "One is missing", "rated 5 of 5") {
				t.Errorf("the life is %s", got)
			}
			poster.Picture("walk-approved " + name)
			s.search(poster)
			s.hire(poster, worker)
			worker.Picture("walk-hired " + name)
			s.takeBack(poster, worker)
			fill(worker, "report", "#report-reason", "Only a test")
			for _, tab := range []*browsertest.Tab{poster, worker} {
				account(tab, `a[href$="/me/money"]`)
				tab.Until(`document.querySelector("h1").textContent === "Money"`)
				tab.Picture("walk-money " + name)
				tab.Clean(s.origin)
				account(tab, "button")
				tab.Until(`document.querySelector('nav.account a[href$="/sign-in"]')`)
			}
			task, err := s.poster.Mine(t.Context(), market.MineQuery{})
			must(t, err)
			i := slices.IndexFunc(task.Tasks, func(t market.Task) bool { return t.Need == "Count the sheep" })
			if got := task.Tasks[i]; got.Status != market.StatusApproved || got.Rating != 5 || got.Result != "42" || got.RejectionCount != 1 {
				t.Errorf("the task is %+v", got)
			}
		})
	}
}

// inOrder reports whether a text has all of these, one after the other.
func inOrder(text string, all ...string) bool {
	for _, want := range all {
		_, rest, found := strings.Cut(text, want)
		if !found {
			return false
		}
		text = rest
	}
	return true
}

// search finds an own task by a word, among those with the most credits first.
func (s *site) search(poster *browsertest.Tab) {
	poster.Visit(s.root + "/me")
	browsertest.Eval[string](poster, `document.querySelector("details.fold").open = true; document.querySelector("#order").value = "credits"`)
	poster.Click("#search")
	poster.Type("sheep\r")
	poster.Until(`document.querySelector("#search").value === "sheep" && document.querySelectorAll("[data-part=tasks] tbody tr").length === 1`)
	if got := browsertest.Eval[string](poster, `document.querySelector("[data-part=tasks] tbody").textContent + location.search`); !inOrder(got, "Count the sheep", "order=credits") {
		s.t.Errorf("a search finds %s", got)
	}
	poster.Picture("walk-searched")
}

// hire finds an agent among all and posts a task for it alone.
func (s *site) hire(poster, worker *browsertest.Tab) {
	poster.Click(`nav a[href$="/agents"]`)
	poster.Until(`document.querySelector("h1").textContent === "Agents"`)
	poster.Click("#search")
	poster.Type("contracts\r")
	poster.Until(`location.search.includes("contracts")`)
	poster.Click(".agents li a")
	poster.Click(`a.button[href*="offer_to="]`)
	poster.Until(`document.querySelector("#offer_to")?.value.startsWith("ag-")`)
	poster.Click("#need")
	poster.Type("Read the contract")
	poster.Click("#max_credits")
	poster.Type("5")
	poster.Click("button.main")
	told(poster, "Posted. The credits are held in escrow.")
	poster.Until(`document.querySelector(".facts").textContent.includes("Only for")`)

	account(worker, `a[href$="/me"]`)
	worker.Until(`document.querySelector(".waiting").textContent.includes("Read the contract")`)
	worker.Visit(browsertest.Eval[string](worker, `[...document.querySelectorAll(".waiting a")].find(a => a.textContent === "Read the contract").href`))
	worker.Until(`document.querySelector("h1").textContent === "Read the contract"`)
	fill(worker, "pickup", "", "")
}

// takeBack gives back what was claimed, and cancels it.
func (s *site) takeBack(poster, worker *browsertest.Tab) {
	open := func(tab *browsertest.Tab, act string) {
		tab.Click(fmt.Sprintf(`details:has(form[action$="/%s"]) summary`, act))
	}
	open(worker, "abandon")
	fill(worker, "abandon", "", "")
	// The task will not be the worker's to see any more: its page would be loaded in vain.
	worker.Click(`nav a[href$="/tasks"]`)
	worker.Until(`document.querySelector("h1").textContent === "Tasks"`)
	account(poster, `a[href$="/me"]`)
	poster.Until(`document.querySelector("#mine")`)
	poster.Click(`tbody a[href*="/tasks/"]`)
	open(poster, "cancel")
	fill(poster, "cancel", "", "")
	told(poster, "Cancelled. The credits are back.")
	if browsertest.Eval[bool](worker, `document.querySelector(".fold summary").getClientRects().length > 0`) { // on a telephone
		worker.Click(".fold summary")
	}
	worker.Click("#search")
	worker.Type("Count\r")
	worker.Until(`document.querySelectorAll("tbody tr").length === 1`)
	worker.Click(`td.need a`)
	open(worker, "report")
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

// account follows a link to what belongs to the agent, which is in a menu on a telephone.
func account(tab *browsertest.Tab, link string) {
	if browsertest.Eval[bool](tab, `document.querySelector(".menu summary").checkVisibility()`) {
		tab.Click(".menu summary")
	}
	tab.Click("nav.account " + link)
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

package browser_test

import (
	"fmt"
	"testing"

	"github.com/pinchwork/pinchwork/internal/browsertest"
)

// What did not reach its webhook an owner finds from the first page, and delivers again by
// clicks, all of it or one.
func TestOwnersDeliverAgain(t *testing.T) {
	for name, scripts := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "/market")
			s.deadWebhook()
			s.deadWebhook()
			tab := s.signedIn(s.key, scripts)
			tab.Visit(s.root + "/me")
			tab.Click(`a[href$="/me/settings#failed"]`)
			tab.Until(`document.querySelectorAll("#failed ~ form tbody tr").length === 2`)
			for _, l := range looks {
				l.put(tab)
				if over := browsertest.Eval[int](tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s: %d pixels too wide", l, over)
				}
				for _, wide := range browsertest.Eval[[]string](tab, cutOff) {
					t.Errorf("%s: the list %s has columns out of sight", l, wide)
				}
				if tall := browsertest.Eval[int](tab, tallest); l.width < 640 && tall > 230 {
					t.Errorf("%s: a row is %d pixels tall", l, tall)
				}
				if !browsertest.Eval[bool](tab, `document.querySelector('button[name="all"]').getBoundingClientRect().top >= document.querySelector("#failed ~ form table").getBoundingClientRect().bottom`) {
					t.Errorf("%s: the button for all is beside the list", l)
				}
				tab.Picture(fmt.Sprintf("failed-%s %s", l, name))
			}
			if scripts {
				for _, v := range tab.Violations() {
					t.Error(v)
				}
			}
			const done = "On their way again. What fails for good once more is listed below again."
			tab.Click(`button[name="all"]`)
			told(tab, done)
			tab.Until(`document.querySelector("#failed + .empty")`)
			s.deadWebhook()
			tab.Visit(s.root + "/me/settings")
			tab.Until(`document.querySelectorAll("#failed ~ form tbody tr").length === 3`)
			tab.Click(`tbody tr:last-child button[name="event"]`)
			told(tab, done)
			tab.Until(`document.querySelectorAll("#failed ~ form tbody tr").length === 2`)
			tab.Clean(s.origin)
		})
	}
}

// On a telephone one reads what a task brings and whom it is for before its claim.
func TestTheFactsComeBeforeTheClaim(t *testing.T) {
	s := newSite(t, "")
	tab := s.signedIn(s.workerKey, true)
	tab.Size(390, 844)
	tab.Visit(s.root + "/tasks/" + string(s.open))
	tab.Picture("offer")
	top := func(of string) int {
		return browsertest.Eval[int](tab, fmt.Sprintf(`Math.round(document.querySelector(%q).getBoundingClientRect().top)`, of))
	}
	if facts, need, claim := top(".facts"), top("#need"), top("#take"); facts >= need || need >= claim {
		t.Errorf("the facts are at %d, the need at %d, the claim at %d", facts, need, claim)
	}
	if over := browsertest.Eval[int](tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("%d pixels too wide", over)
	}
	for _, v := range tab.Violations() {
		t.Error(v)
	}
	tab.Clean(s.origin)
}

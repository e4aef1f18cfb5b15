package browser_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/browsertest"
)

// look is a window and colours.
type look struct {
	scheme        string
	width, height int64
}

func (l look) String() string { return fmt.Sprintf("%s-%d", l.scheme, l.width) }

// looks are those that every page has to stand: each width in each scheme where that shows
// something else.
var looks = []look{{"light", 390, 844}, {"light", 1280, 800}, {"light", 1920, 1080}, {"dark", 390, 844}, {"dark", 1280, 800}}

// telling are the looks in which every rule of axe-core is tried and a picture is kept: each
// width and each scheme.
var telling = []look{{"dark", 390, 844}, {"light", 1280, 800}}

func (l look) put(tab *browsertest.Tab) {
	tab.Size(l.width, l.height)
	tab.Scheme(l.scheme)
}

// settled waits for what a page makes by itself.
func settled(tab *browsertest.Tab, page string) {
	if page == "docs" {
		tab.Until(`document.querySelector(".opblock") && document.querySelector("#servers[aria-label]")`)
	}
}

// No page scrolls sideways on a telephone, dark is dark, and every rule of axe-core is kept.
func TestEveryPageFitsAndIsAccessible(t *testing.T) {
	s := newSite(t, "")
	tab := browsertest.Open(t)
	s.tour(tab, func(page, address string) {
		tab.Visit(address)
		settled(tab, page)
		for _, l := range looks {
			l.put(tab)
			if over := browsertest.Eval[int](tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s %s: %d pixels too wide", page, l, over)
			}
			if l.width > 1000 {
				for _, wide := range browsertest.Eval[[]string](tab, cutOff) {
					t.Errorf("%s %s: the list %s has columns out of sight", page, l, wide)
				}
			}
			if l.width < 640 {
				for _, hidden := range browsertest.Eval[[]string](tab, beside) {
					t.Errorf("%s %s: one has to scroll sideways for %q", page, l, hidden)
				}
				if tall := browsertest.Eval[int](tab, tallest); tall > 230 {
					t.Errorf("%s %s: a row of a table is %d pixels tall", page, l, tall)
				}
			}
			if dark := browsertest.Eval[bool](tab, background+` < 384`); dark != (l.scheme == "dark") {
				t.Errorf("%s %s: dark is %v", page, l, dark)
			}
			if !slices.Contains(telling, l) {
				continue
			}
			tab.Picture(page + "-" + l.String())
			for _, v := range tab.Violations() {
				if page == "docs" && excused(v) {
					continue
				}
				t.Errorf("%s %s: %s", page, l, v)
			}
		}
	})
	tab.NeedAxe() // the rest has been seen without it
}

// beside are the cells of stacked tables that are out of sight.
const beside = `[...document.querySelectorAll("table.stack :is(td, tbody th)")].filter(c => c.getBoundingClientRect().right > innerWidth).map(c => c.textContent.trim())`

// cutOff are the lists that do not fit into the page, and scroll.
const cutOff = `[...document.querySelectorAll(".wide:has(> table.stack)")].filter(w => w.scrollWidth > w.clientWidth).map(w => w.ariaLabel || w.getAttribute("aria-labelledby") || w.textContent.slice(0, 40))`

// tallest is the height of the highest row of a stacked table.
const tallest = `Math.round(Math.max(0, ...[...document.querySelectorAll("table.stack tbody tr")].map(r => r.getBoundingClientRect().height)))`

// background is the brightness behind the page, from 0 to 765.
const background = `getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((sum, x) => sum + +x, 0)`

// excused is what Swagger UI does and no style or attribute of ours can mend:
// the button that opens an operation contains the link to it.
func excused(v browsertest.Violation) bool {
	for _, n := range v.Nodes {
		if !strings.HasPrefix(n.HTML, `<button aria-expanded="false" class="opblock-summary-control">`) {
			return false
		}
	}
	return v.ID == "nested-interactive"
}

// A keyboard reaches everything in the order of the page, shows where it is,
// and Enter follows.
func TestKeyboard(t *testing.T) {
	s := newSite(t, "")
	tab := browsertest.Open(t)
	tab.Visit(s.root + "/agents")
	for i, want := range []string{"Skip to content", "Pinchwork", "Tasks", "Agents", "Tags", "Manual", "API", "Sign in", "Register", "search", "tag", "sort", "Show", "Ada"} {
		tab.Type("\t")
		focus := browsertest.Eval[string](tab, `document.activeElement.id || document.activeElement.textContent`)
		if i < 13 && focus != want {
			t.Errorf("tab %d reaches %q, want %q", i+1, focus, want)
		}
		if !browsertest.Eval[bool](tab, `(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(document.activeElement))`) {
			t.Errorf("the focus on %q is not visible", focus)
		}
		if !browsertest.Eval[bool](tab, `(r => r.left >= 0 && r.top >= 0 && r.right <= innerWidth)(document.activeElement.getBoundingClientRect())`) {
			t.Errorf("%q has the focus out of sight", focus)
		}
	}
	name := browsertest.Eval[string](tab, `document.activeElement.textContent`)
	tab.Type("\r")
	tab.Until(`document.querySelector("h1").textContent === ` + fmt.Sprintf("%q", name))
	tab.Type("\t\r")
	tab.Until(`location.hash === "#main"`)
}

// Signed in, a telephone shows the site's name with the agent's beside it, and one line of
// pages; what belongs to the agent is a menu that needs no scripts, and a row on a desk.
func TestTheNavigationOfATelephone(t *testing.T) {
	s := newSite(t, "")
	tab := browsertest.Open(t)
	tab.Scripts(false)
	s.signIn(tab, s.workerKey)
	tab.Visit(s.root + "/me/money")
	const seen = `document.querySelector('nav.account a[href$="/me/settings"]').checkVisibility({contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true})`
	for _, l := range telling {
		l.put(tab)
		if telephone := l.width < 640; browsertest.Eval[bool](tab, seen) == telephone || browsertest.Eval[bool](tab, `document.querySelector(".menu summary").checkVisibility()`) != telephone {
			t.Errorf("%s: the menu is closed and the row is there, or neither", l)
		}
	}
	telling[0].put(tab)
	const lines = `(at => [at(".name").bottom > at(".menu summary").top, at(".name").right < at(".menu summary").left, at("nav[aria-label=Pages]").height < 2 * at("nav[aria-label=Pages] a").height])(s => document.querySelector(s).getBoundingClientRect())`
	for i, right := range browsertest.Eval[[]bool](tab, lines) {
		if !right {
			t.Errorf("the header of a telephone: no. %d is wrong", i)
		}
	}
	tab.Click(".menu summary")
	tab.Picture("menu-" + telling[0].String())
	if !browsertest.Eval[bool](tab, seen) || browsertest.Eval[int](tab, `document.documentElement.scrollWidth - innerWidth`) > 0 {
		t.Error("the open menu shows nothing, or is too wide")
	}
	tab.Scripts(true) // for axe-core
	for _, v := range tab.Violations() {
		t.Error(v)
	}
	tab.Click(`nav.account a[href$="/me/settings"]`)
	tab.Until(`document.querySelector("h1").textContent === "Settings"`)
	tab.NeedAxe()
}

package browser_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/internal/browsertest"
)

const number = `(name => [...document.querySelectorAll(".numbers div")].find(d => d.querySelector("dt").textContent === name).querySelector("dd").textContent)`

// What happens in the marketplace appears on an open dashboard.
func TestDashboardIsLive(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		tab := browsertest.Open(t)
		tab.Visit(s.root + "/")
		for name, want := range map[string]string{"Open": "2", "In progress": "1", "Done": "1", "Agents": "2", "Credits in escrow": "30"} {
			if got := browsertest.Eval[string](tab, number+"("+fmt.Sprintf("%q", name)+")"); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
		if got := browsertest.Eval[string](tab, `document.querySelector(".tasks .need").textContent`); !strings.HasPrefix(got, "Translate chapter 4") {
			t.Errorf("the newest task is %q", got)
		}
		browsertest.Eval[bool](tab, `window.sameDocument = true`)
		s.postOverHTTP("Water the <b>plants</b>")
		tab.Until(`document.querySelector(".tasks .need").textContent === "Water the <b>plants</b>"`)
		tab.Until(number + `("Open") === "3" && ` + number + `("Credits in escrow") === "35"`)
		if !browsertest.Eval[bool](tab, `window.sameDocument === true`) {
			t.Error("the page was loaded again")
		}
		tab.Clean(s.origin)
	})
}

// The directory is searched by typing, and leads to an agent's page.
func TestDirectoryIsSearched(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		tab := browsertest.Open(t)
		tab.Visit(s.root + "/")
		tab.Click(`nav a[href$="/agents"]`)
		tab.Until(`document.querySelectorAll(".agents li").length === 2`)
		tab.Click("#search")
		tab.Type("contracts\r")
		tab.Until(`location.search.startsWith("?search=contracts") && document.querySelectorAll(".agents li").length === 1`)
		tab.Click(".agents li a")
		tab.Until(`document.querySelector("h1").textContent.startsWith("Grace")`)
		if got := browsertest.Eval[string](tab, number+`("Tasks done")`); got != "1" {
			t.Errorf("tasks done: %s", got)
		}
		tab.Visit(s.root + "/agents?search=nobody-at-all")
		tab.Click(".empty a")
		tab.Until(`location.search === "" && document.querySelectorAll(".agents li").length === 2`)
		tab.Clean(s.origin)
	})
}

// Swagger UI shows every operation of this server.
func TestDocsShowEveryOperation(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		tab := browsertest.Open(t)
		tab.Visit(s.root + "/docs")
		tab.Until(fmt.Sprintf(`document.querySelectorAll(".opblock").length === %d`, len(httpserver.Routes())))
		shown := browsertest.Eval[[]string](tab, `[...document.querySelectorAll(".opblock")].map(e =>
			e.querySelector(".opblock-summary-method").textContent + " " + e.querySelector(".opblock-summary-path").dataset.path)`)
		for _, r := range httpserver.Routes() {
			if !slices.Contains(shown, r.Method+" "+r.Path) {
				t.Errorf("%s %s is not shown", r.Method, r.Path)
			}
		}
		tab.Clean(s.origin)
	})
}

// Every page asks only its own server, breaks no policy, logs no error, and
// links to what is there.
func TestEveryPageIsClean(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		tab := browsertest.Open(t)
		followed := map[string]bool{}
		for name, address := range s.every() {
			if name == "missing" { // the browser itself reports the 404
				continue
			}
			tab.Visit(address)
			settled(tab, name)
			tab.Clean(s.origin)
			if name == "docs" {
				continue
			}
			links := browsertest.Eval[[]string](tab, `[...new Set([...document.querySelectorAll("a[href]")].map(a => a.href.split("#")[0]))]`)
			links = slices.DeleteFunc(links, func(link string) bool { return followed[link] })
			for _, link := range links {
				followed[link] = true
			}
			asked, _ := json.Marshal(links)
			dead := browsertest.Eval[[]string](tab, `Promise.all(`+string(asked)+`.map(
				async u => u.startsWith(`+fmt.Sprintf("%q", s.root+"/")+`) && (await fetch(u)).ok ? "" : u)).then(all => all.filter(u => u))`)
			if len(dead) > 0 {
				t.Errorf("%s links to %q", name, dead)
			}
		}
	})
}

// The first page of the list of tasks follows the market, for everybody; what is picked
// from it stays picked.
func TestTheListOfTasksIsLive(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		tab := browsertest.Open(t)
		tab.Visit(s.root + "/tasks?status=posted")
		rows := `document.querySelectorAll("tbody tr").length`
		if n := browsertest.Eval[int](tab, rows); n != 2 {
			t.Fatalf("there are %d rows", n)
		}
		browsertest.Eval[bool](tab, `window.sameDocument = true`)
		s.postOverHTTP("Water the <b>plants</b>")
		tab.Until(rows + ` === 3 && document.querySelector("td.need").textContent === "Water the <b>plants</b>"`)
		s.pickup()
		tab.Until(rows + ` === 2 && window.sameDocument`)
		tab.Clean(s.origin)
	})
}

package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// Beside the filters stands how many there are, as far as that is counted.
func TestTasksSayHowManyAreInEachState(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.agent(market.RegisterInput{Name: "ada"}), s.agent(market.RegisterInput{Name: "bob"})
	for _, need := range []string{"one", "two", "three"} {
		if _, err := ada.Post(t.Context(), market.PostInput{Need: need, MaxCredits: 10}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := bob.Pickup(t.Context(), market.Filter{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"/tasks":                    {`aria-current="true">all 3</a>`, `href="/tasks?status=posted">posted 2</a>`, ">claimed 1</a>", ">approved 0</a>"},
		"/tasks?status=claimed":     {">all 3</a>", `aria-current="true">claimed 1</a>`},
		"/tasks?order=ended":        {`href="/tasks?order=ended&amp;status=approved">approved 0</a>`, ">all 0</a>"},
		"/tasks?order=ended&tag=go": {`aria-current="true">all</a>`, `href="/tasks?order=ended&amp;status=approved&amp;tag=go">approved</a>`},
		"/tasks?search=one":         {`aria-current="true">all</a>`, `href="/tasks?search=one&amp;status=posted">posted</a>`},
	} {
		_, page := s.get(path)
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q", path, part)
			}
		}
	}
}

// Who finds nothing is told what was looked for, and how more is found.
func TestAFruitlessSearchSaysHowToFindMore(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	s.agent(market.RegisterInput{Name: "ada"})
	for path, want := range map[string][]string{
		"/agents?search=no+such&tag=go": {"All the words of “no such”", "fewer words", `href="/agents?search=no%20such"`, `href="/agents"`},
		"/tasks?search=no+such&tag=go":  {"All the words of “no such”", "fewer words", `href="/tasks?search=no%20such"`, `href="/tasks"`},
		"/tags?tag=go-lang":             {"“go-lang”", "as a whole", `href="/tasks?search=go-lang"`, `href="/agents?search=go-lang"`},
		"/":                             {"pinchwork register", "pinchwork tasks create", `href="/sign-in"`},
	} {
		_, page := s.get(path)
		for _, part := range want {
			if !strings.Contains(page, part) {
				t.Errorf("%s lacks %q", path, part)
			}
		}
	}
}

// A section of the manual has the same name on the page as in the raw text.
func TestASectionIsAPlaceOnThePage(t *testing.T) {
	s := withAll(t)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	_, page := s.get("/manual")
	for _, name := range append(s.sections(), "browser", "cli") {
		res, err := browser.Get(s.url + "/manual?section=" + name)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		_, at, found := strings.Cut(res.Header.Get("Location"), "/manual#")
		if res.StatusCode != http.StatusSeeOther || !found || !strings.Contains(page, ` id="`+at+`"`) {
			t.Errorf("%s leads to %q (%s)", name, res.Header.Get("Location"), res.Status)
		}
	}
	if res, _ := s.get("/manual?section=none-of-them"); res.StatusCode != http.StatusOK {
		t.Errorf("an unknown section: %s", res.Status)
	}
}

// The section about the browser names only pages that there are.
func TestTheManualsPagesAreThere(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada := s.owner("ada")
	_, text := s.get("/skill.md?section=browser")
	paths := regexp.MustCompile(regexp.QuoteMeta(s.url)+`(/[a-z/-]*)`).FindAllStringSubmatch(text, -1)
	if len(paths) < 7 {
		t.Fatalf("it names %v", paths)
	}
	for _, path := range paths {
		if status, page := ada.get(path[1]); status != http.StatusOK || !strings.Contains(page, "Sign out") {
			t.Errorf("%s: %d", path[1], status)
		}
	}
}

// On a telephone each cell of a table says which column it is of.
func TestCellsNameTheirColumns(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ada, bob := s.owner("ada"), s.owner("bob")
	posted, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing", MaxCredits: 10, Tags: []string{"song"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ada.agent.Post(t.Context(), market.PostInput{Need: "Sing on", MaxCredits: 10, Tags: []string{"song"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.agent.Post(t.Context(), market.PostInput{Need: "Dance", MaxCredits: 10, Tags: []string{"dance"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.agent.PickupTask(t.Context(), posted.TaskID); err != nil {
		t.Fatal(err)
	}
	head, cell := regexp.MustCompile(`<th scope="col"[^>]*>([^<]*)</th>`), regexp.MustCompile(`<t[dh](?: scope="row")?(?: class="[^"]*")?(?: data-label="([^"]*)")?>`)
	for _, path := range []string{"/", "/tasks", "/tags", "/me", "/me/work", "/me/money"} {
		_, page := ada.get(path)
		tables := strings.Split(page, "<table")[1:]
		if len(tables) == 0 {
			t.Errorf("%s has no table", path)
		}
		for _, table := range tables {
			table, _, _ = strings.Cut(table, "</table>")
			top, body, _ := strings.Cut(table, "<tbody>")
			names := head.FindAllStringSubmatch(top, -1)
			for _, row := range strings.Split(body, "<tr>")[1:] {
				cells := cell.FindAllStringSubmatch(row, -1)
				for i, c := range cells {
					if len(cells) != len(names) || c[1] != names[i][1] {
						t.Errorf("%s: cell %d of %d says %q in a table of %v", path, i, len(cells), c[1], names)
					}
				}
			}
			if !strings.HasPrefix(table, ` class="stack"`) {
				t.Errorf("%s: a table does not stack", path)
			}
		}
	}
}

package pages_test

import (
	"strings"
	"testing"

	"github.com/pkoukk/tiktoken-go"
	tiktokenloader "github.com/pkoukk/tiktoken-go-loader"

	"github.com/pinchwork/pinchwork/httpserver"
)

// An agent reads the manual with a context that is not ours to fill.
const (
	manualTokens  = 3_500
	sectionTokens = 600
)

// counter counts tokens.
func counter(t *testing.T) func(string) int {
	t.Helper()
	tiktoken.SetBpeLoader(tiktokenloader.NewOfflineLoader())
	encoding, err := tiktoken.GetEncoding("cl100k_base")
	if err != nil {
		t.Fatal(err)
	}
	return func(s string) int { return len(encoding.Encode(s, nil, nil)) }
}

// withAll is a site with all that the manual may speak of, and the usual settings.
func withAll(t *testing.T) *site {
	return newSite(t, httpserver.Options{PublicURL: "https://market.example", Limits: httpserver.DefaultLimits(), Doors: []httpserver.Door{
		{Path: "/mcp", Open: noDoor}, {Path: "/.well-known/agent-card.json", Open: noDoor},
	}})
}

// sections are the names of all sections, of the manual and then its references.
func (s *site) sections() []string {
	s.t.Helper()
	_, refusal := s.get("/skill.md?section=none-of-them")
	_, list, found := strings.Cut(strings.TrimSpace(refusal), "Sections: ")
	if !found {
		s.t.Fatalf("an unknown section: %s", refusal)
	}
	return strings.Split(list, ", ")
}

func (s *site) section(name string) string {
	s.t.Helper()
	_, text := s.get("/skill.md?section=" + name)
	if !strings.HasPrefix(text, "## ") {
		s.t.Fatalf("section %s: %.200s", name, text)
	}
	return text
}

func TestTheManualIsShort(t *testing.T) {
	s, tokens := withAll(t), counter(t)
	for _, path := range []string{"/skill.md", "/skill/SKILL.md"} {
		_, text := s.get(path)
		if n := tokens(text); n > manualTokens || n < manualTokens/2 {
			t.Errorf("%s has %d tokens, at most %d should be", path, n, manualTokens)
		} else {
			t.Logf("%s: %d tokens", path, n)
		}
	}
	for _, name := range s.sections() {
		if n := tokens(s.section(name)); n > sectionTokens {
			t.Errorf("section %s has %d tokens, at most %d should be", name, n, sectionTokens)
		}
	}
}

// The shortest path stands first, and what an agent does every day before what it looks
// up.
func TestTheManualBeginsWithWhatEverybodyNeeds(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	_, manual := s.get("/skill.md")
	last := 0
	for _, heading := range []string{"Quick start", "Key safety", "Heartbeat", "Lifecycle", "Rejection", "Credits", "Matching", "Events", "Errors", "More"} {
		at := strings.Index(manual, "\n## "+heading+"\n")
		if at < last {
			t.Errorf("%s stands at %d, what should come before it at %d", heading, at, last)
		}
		last = at
	}
}

// Whoever reads one section only knows where calls go and with what.
func TestASectionStandsAlone(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for _, name := range s.sections() {
		text := s.section(name)
		calls := strings.Contains(text, "`POST /") || strings.Contains(text, "`GET /") || strings.Contains(text, "`PATCH /")
		if calls && (!strings.Contains(text, s.url) || !strings.Contains(text, "Authorization: Bearer ")) {
			t.Errorf("%s does not say where its calls go: %s", name, text)
		}
	}
}

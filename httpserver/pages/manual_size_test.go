package pages_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/httpserver"
)

// An agent reads the manual with a context that is not ours to fill. The table of
// routes and the list of codes are made from the tables and grow with them.
func TestTheManualIsShort(t *testing.T) {
	s := newSite(t, httpserver.Options{PublicURL: "https://market.example"})
	_, manual := s.get("/skill.md")
	whole := utf8.RuneCountInString(manual)
	for _, made := range []string{`(?m)^\| .*\n`, "(`[a-z_]+`, ){12,}`[a-z_]+`"} {
		manual = regexp.MustCompile(made).ReplaceAllString(manual, "")
	}
	if own := utf8.RuneCountInString(manual); own > 12_500 || own == whole {
		t.Errorf("the manual has %d characters, %d of them its own; at most 12,500 should be", whole, own)
	}
}

// What everybody can do stands before what has to be installed, and what an agent
// does every day before what it looks up.
func TestTheManualBeginsWithWhatEverybodyNeeds(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	_, manual := s.get("/skill.md")
	last := 0
	for _, heading := range []string{"Key safety", "Quick start", "Heartbeat", "Lifecycle", "Matching", "Events", "Errors", "Webhooks", "Command line", "Endpoints", "Admin"} {
		at := strings.Index(manual, "\n## "+heading+"\n")
		if at < last {
			t.Errorf("%s stands at %d, what should come before it at %d", heading, at, last)
		}
		last = at
	}
}

// What agents found out by trying only is said.
func TestTheManualSaysWhatAgentsMissed(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for section, sayings := range map[string][]string{
		"heartbeat": {"more often than every 5m", "tell nobody by event", "`POST /v1/tasks/pickup`"},
		"events":    {"curl -N ", `data: {"type":"`, "`Last-Event-ID`; 0 replays", "`gap`"},
		"matching":  {"by the server: shared tags", "`poster_record`"},
		"search":    {"comma-separated or repeated"},
		"credits":   {"more than that counts as `max_credits`", "`fee`, `worker_receives`"},
		"lifecycle": {"`review_deadline`", "deleted after 7 days"},
	} {
		_, text := s.get("/skill.md?section=" + section)
		for _, saying := range sayings {
			if !strings.Contains(strings.ReplaceAll(text, "\n", " "), saying) {
				t.Errorf("%s does not say %q: %s", section, saying, text)
			}
		}
	}
}

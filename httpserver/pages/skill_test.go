package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
)

// The skill is the manual, and each reference is a file that it leads to.
func TestTheSkillIsTheManual(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	_, manual := s.get("/skill.md")
	res, first := s.get("/skill/SKILL.md")
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/markdown") {
		t.Fatalf("%s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	head := regexp.MustCompile(`(?s)\A---\nname: pinchwork\ndescription: >-\n(.*?)\n---\n`).FindStringSubmatch(first)
	if head == nil || len(head[1]) > 1024 || !strings.Contains(head[1], s.url) {
		t.Errorf("SKILL.md begins with %.300s", first)
	}
	own, _, _ := strings.Cut(manual, "\n## More\n")
	if !strings.Contains(first, own) {
		t.Error("SKILL.md is not the manual")
	}
	references := map[string]bool{}
	for _, link := range regexp.MustCompile(`\]\(references/([a-z0-9-]+)\.md\)`).FindAllStringSubmatch(first, -1) {
		references[link[1]] = true
		if res, text := s.get("/skill/references/" + link[1] + ".md"); res.StatusCode != http.StatusOK || text != s.section(link[1]) {
			t.Errorf("%s: %s, %.40q", link[1], res.Status, text)
		}
	}
	for _, name := range s.sections() {
		if in := strings.Contains(own, s.section(name)[:20]); in == references[name] && name != "more" {
			t.Errorf("the skill has %s in SKILL.md: %v, and beside it: %v", name, in, references[name])
		}
	}
	for _, path := range []string{"/skill/skill.md", "/skill/references/nothing.md", "/skill/references/webhooks", "/skill/references/Webhooks.md", "/skill/references/%2e%2e%2fSKILL.md"} {
		if res, _ := s.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

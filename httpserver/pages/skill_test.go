package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
)

// The skill holds the whole manual: what everybody needs first, and each other section
// in a file that the first leads to.
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
	all := first
	for _, link := range regexp.MustCompile(`\]\((references/[a-z0-9-]+\.md)\)`).FindAllStringSubmatch(first, -1) {
		res, text := s.get("/skill/" + link[1])
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(text, "## ") {
			t.Errorf("%s: %s, %.40q", link[1], res.Status, text)
		}
		all += text
	}
	for line := range strings.Lines(manual) {
		if !strings.Contains(all, line) {
			t.Errorf("the skill lacks %q", line)
		}
	}
	for _, path := range []string{"/skill/skill.md", "/skill/references/nothing.md", "/skill/references/credits", "/skill/references/Credits.md", "/skill/references/%2e%2e%2fSKILL.md"} {
		if res, _ := s.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

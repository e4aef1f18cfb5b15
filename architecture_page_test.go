package pinchwork_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var room = regexp.MustCompile("`([a-z0-9/]+)`")

// The page's list of rooms is the list of packages, each in one row.
func TestArchitecturePageListsEveryPackage(t *testing.T) {
	_, table, found := strings.Cut(readPage(t, "docs/architecture.md"), "\n## Rooms\n")
	table, _, ends := strings.Cut(table, "\n## ")
	if !found || !ends {
		t.Fatal("the page has no list of rooms")
	}
	var listed []string
	for line := range strings.SplitSeq(table, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range room.FindAllStringSubmatch(cells[1], -1) {
				listed = append(listed, m[1])
			}
		}
	}
	slices.Sort(listed)
	if want := packages(t); !slices.Equal(listed, want) {
		t.Errorf("the page lists\n%s\nbut there are\n%s", strings.Join(listed, "\n"), strings.Join(want, "\n"))
	}
}

// packages are the module's, by their folders; the root goes by its name.
func packages(t *testing.T) []string {
	t.Helper()
	const module = "github.com/pinchwork/pinchwork"
	out, err := exec.CommandContext(t.Context(), "go", "list", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(string(out))
	for i, path := range all {
		if all[i] = strings.TrimPrefix(path, module+"/"); path == module {
			all[i] = "pinchwork"
		}
	}
	slices.Sort(all)
	return all
}

// A link in a page to another file of the repository leads somewhere.
func TestLinksBetweenPagesLead(t *testing.T) {
	links := 0
	eachPage(t, func(path, page string) {
		for _, m := range link.FindAllStringSubmatch(prose(page), -1) {
			target, part, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue
			}
			links++
			if target = filepath.Join(filepath.Dir(path), target); m[1][0] == '#' {
				target = path
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", path, m[1])
			} else if part != "" && !slices.Contains(headings(readPage(t, target)), part) {
				t.Errorf("%s: %s has no such heading", path, m[1])
			}
		}
	})
	if links < 20 {
		t.Errorf("%d links found", links)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	noSlug  = regexp.MustCompile(`[^a-z0-9 _-]`)
	inLine  = regexp.MustCompile("`[^`\\n]*`")
)

// prose is a page without its blocks and its code, where brackets are no links and signs no
// headings.
func prose(page string) string {
	return inLine.ReplaceAllString(fence.ReplaceAllString(page, ""), "`")
}

// headings are what a link names a heading by; one that comes again gets a number.
func headings(page string) (slugs []string) {
	seen := map[string]int{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		slug := strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
		if n := seen[slug]; n > 0 {
			slugs = append(slugs, fmt.Sprintf("%s-%d", slug, n))
		} else {
			slugs = append(slugs, slug)
		}
		seen[slug]++
	}
	return slugs
}

// eachPage visits the pages for people who read the repository.
func eachPage(t *testing.T, visit func(path, page string)) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			visit(path, readPage(t, path))
		}
	}
}

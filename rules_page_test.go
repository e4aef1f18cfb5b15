package pinchwork_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	statedRule = regexp.MustCompile(`(?m)^\*\*(\d+\.\d+)\*\* `)
	citedRule  = regexp.MustCompile(`\brules? ((?:\d+\.\d+)(?:(?:, | and )\d+\.\d+)*)`)
	ruleNumber = regexp.MustCompile(`\d+\.\d+`)
	chapter    = regexp.MustCompile(`(?m)^## (\d+)\. `)
)

// Rules are numbered without gaps, chapter by chapter, so that a number means one
// rule, and each names tests that there are.
func TestRulesAreNumberedAndProven(t *testing.T) {
	for i, part := range chapters(t) {
		stated := statedRule.FindAllStringSubmatchIndex(part, -1)
		if len(stated) == 0 {
			t.Errorf("chapter %d states no rule", i+1)
		}
		for j, at := range stated {
			end := len(part)
			if j+1 < len(stated) {
				end = stated[j+1][0]
			}
			if number, want := part[at[2]:at[3]], fmt.Sprintf("%d.%d", i+1, j+1); number != want {
				t.Errorf("rule %s stands where %s belongs", number, want)
			} else {
				checkProof(t, number, part[at[1]:end])
			}
		}
	}
}

// chapters cuts the page of rules and checks that they are in order.
func chapters(t *testing.T) (parts []string) {
	t.Helper()
	page := readPage(t, "docs/rules.md")
	heads := chapter.FindAllStringSubmatchIndex(page, -1)
	for i, at := range heads {
		if number := page[at[2]:at[3]]; number != fmt.Sprint(i+1) {
			t.Fatalf("chapter %s stands where %d belongs", number, i+1)
		}
		end := len(page)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		parts = append(parts, page[at[1]:end])
	}
	if len(parts) == 0 {
		t.Fatal("there are no chapters")
	}
	return parts
}

func checkProof(t *testing.T, number, text string) {
	t.Helper()
	_, proof, found := strings.Cut(text, "\nTests: ")
	named := namedTest.FindAllStringSubmatch(proof, -1)
	if !found || len(named) == 0 {
		t.Errorf("rule %s names no test", number)
	}
	for _, n := range named {
		if !hasTest(t, n[1], n[2]) {
			t.Errorf("rule %s: there is no %s in %s", number, n[2], n[1])
		}
	}
	if all := len(anyTest.FindAllString(text, -1)); all != len(named) {
		t.Errorf("rule %s mentions %d tests, %d of them with their package", number, all, len(named))
	}
}

// A comment may cite a rule only by a number that the page has.
func TestCitedRulesAreStated(t *testing.T) {
	stated := map[string]bool{}
	for _, m := range statedRule.FindAllStringSubmatch(readPage(t, "docs/rules.md"), -1) {
		stated[m[1]] = true
	}
	eachSource(t, func(path string, lines []string) {
		for i, line := range lines {
			for _, cited := range citedRule.FindAllStringSubmatch(comment(path, line), -1) {
				for _, number := range ruleNumber.FindAllString(cited[1], -1) {
					if !stated[number] {
						t.Errorf("%s:%d cites rule %s, which is not stated", path, i+1, number)
					}
				}
			}
		}
	})
}

// comment is what a line of a source says to people, "" when it says nothing.
func comment(path, line string) string {
	mark := map[string]string{".go": "//", ".sql": "--", ".lua": "--", ".sh": "#", "": "#"}[filepath.Ext(path)]
	if _, said, found := strings.Cut(line, mark); found {
		return said
	}
	return ""
}

// eachSource visits the files that people write code in.
func eachSource(t *testing.T, visit func(path string, lines []string)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "artifacts" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !isSource(path):
			return nil
		}
		seen++
		visit(path, strings.Split(readPage(t, path), "\n"))
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d sources seen, %v", seen, err)
	}
}

func isSource(path string) bool {
	switch filepath.Ext(path) {
	case ".go", ".sql", ".lua", ".sh":
		return true
	}
	return filepath.Dir(path) == ".ci" || path == "Makefile"
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	elsewhere = regexp.MustCompile(`(?i)contract,? ?§|§ ?\d|\bpitfalls? \d|product document`)
	citedPage = regexp.MustCompile(`[\w/.-]*\b[\w-]+\.md\b`)
)

// Whoever reads a comment has the repository and nothing else.
func TestCommentsCiteNothingThatIsElsewhere(t *testing.T) {
	pages := map[string]bool{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "httpserver/pages/texts/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			pages[filepath.Base(path)] = true
		}
	}
	eachSource(t, func(path string, lines []string) {
		for i, line := range lines {
			said := comment(path, line)
			if cited := elsewhere.FindString(said); cited != "" {
				t.Errorf("%s:%d cites %q, which no reader has", path, i+1, cited)
			}
			for _, page := range citedPage.FindAllString(said, -1) {
				if !pages[filepath.Base(page)] {
					t.Errorf("%s:%d cites %s, which is not in the repository", path, i+1, page)
				}
			}
		}
	})
}

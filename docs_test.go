package pinchwork_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// block is a fenced block of a page.
type block struct{ page, language, text string }

var fence = regexp.MustCompile("(?ms)^([ \t]*)```([a-z]*)\n(.*?)^[ \t]*```[ \t]*$")

func eachBlock(t *testing.T, visit func(block)) {
	t.Helper()
	eachPage(t, func(page, text string) {
		found := fence.FindAllStringSubmatch(text, -1)
		if 2*len(found) != strings.Count(text, "```") {
			t.Errorf("%s: a block does not end", page)
		}
		for _, m := range found {
			visit(block{filepath.ToSlash(page), m[2], strings.TrimPrefix(strings.ReplaceAll("\n"+m[3], "\n"+m[1], "\n"), "\n")})
		}
	})
}

// proof says for blocks of a page, of one language and with this beginning, which tests run
// them, or read them and hold them against what there is; or why no test can.
type proof struct {
	language, begins string
	tests            []string
	sample           string
}

// Every block of a page is run by a test that is named here, or says why not. Go is not in
// the list: it is cut out of programs that tests run.
func TestEveryBlockOfThePagesIsProven(t *testing.T) {
	used := map[string][]bool{}
	eachBlock(t, func(b block) {
		if b.language == "go" {
			return
		}
		proofs := provenBlocks[b.page]
		i := slices.IndexFunc(proofs, func(p proof) bool { return p.language == b.language && strings.HasPrefix(b.text, p.begins) })
		if i < 0 {
			first, _, _ := strings.Cut(b.text, "\n")
			t.Errorf("%s: no test runs the %q block that begins with %q: name one in provenBlocks, or say why none can", b.page, b.language, first)
			return
		}
		if used[b.page] == nil {
			used[b.page] = make([]bool, len(proofs))
		}
		used[b.page][i] = true
	})
	for page, proofs := range provenBlocks {
		for i, p := range proofs {
			if used[page] == nil || !used[page][i] {
				t.Errorf("%s has no %q block that begins with %q", page, p.language, p.begins)
			}
			if (len(p.tests) == 0) == (p.sample == "") {
				t.Errorf("%s, %q: either tests or a reason", page, p.begins)
			}
			for _, name := range p.tests {
				if at := strings.LastIndex(name, "."); at < 0 || !hasTest(t, name[:at], name[at+1:]) {
					t.Errorf("%s, %q: there is no test %s", page, p.begins, name)
				}
			}
		}
	}
}

// Go in a page is a piece of an example: of a program in examples/, or of an Example or a
// Test function, which are compiled and run.
func TestGoInThePagesIsCutOutOfExamples(t *testing.T) {
	var sources []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || len(path) > 1 && d.Name()[0] == '.') {
			return filepath.SkipDir
		}
		name := filepath.ToSlash(path)
		if strings.HasPrefix(name, "examples/") && strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "example_test.go") {
			sources = append(sources, "\n"+readPage(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	eachBlock(t, func(b block) {
		if b.language != "go" {
			return
		}
		found++
		if !slices.ContainsFunc(sources, func(source string) bool { return isPiece(source, b.text) }) {
			t.Errorf("%s: no example has\n%s", b.page, b.text)
		}
	})
	if found < 10 {
		t.Errorf("%d blocks found", found)
	}
}

// isPiece says whether whole lines of a source are the text, with another indentation.
func isPiece(source, text string) bool {
	for _, indent := range []string{"", "\t", "\t\t"} {
		lines := strings.SplitAfter(text, "\n")
		for i, line := range lines {
			if strings.TrimSpace(line) != "" {
				lines[i] = indent + line
			}
		}
		if strings.Contains(source, "\n"+strings.Join(lines, "")) {
			return true
		}
	}
	return false
}

// JSON in a page is JSON.
func TestJSONInThePagesIsJSON(t *testing.T) {
	eachBlock(t, func(b block) {
		if b.language == "json" && !json.Valid([]byte(b.text)) {
			t.Errorf("%s: no JSON: %s", b.page, b.text)
		}
	})
}

var (
	makes     = regexp.MustCompile("`make ([a-z]+)")
	makesLine = regexp.MustCompile(`(?m)^make ([a-z]+)`)
)

// What the pages say to make is a target.
func TestThePagesMakeWhatThereIs(t *testing.T) {
	makefile := "\n" + readPage(t, "Makefile")
	found := 0
	check := func(page string, all [][]string) {
		for _, m := range all {
			if found++; !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s: there is no make %s", page, m[1])
			}
		}
	}
	eachPage(t, func(page, text string) { check(page, makes.FindAllStringSubmatch(text, -1)) })
	eachBlock(t, func(b block) {
		if b.language == "sh" {
			check(b.page, makesLine.FindAllStringSubmatch(b.text, -1))
		}
	})
	if found < 5 {
		t.Errorf("%d found", found)
	}
}

// The picture of the concepts is well formed, loads nothing, and has every state of a task.
func TestThePictureOfTheConcepts(t *testing.T) {
	picture := readPage(t, "docs/concepts.svg")
	d := xml.NewDecoder(strings.NewReader(picture))
	var words strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.CharData:
			words.Write(token)
		case xml.StartElement:
			for _, a := range token.Attr {
				if a.Name.Local == "href" || a.Name.Local == "src" {
					t.Errorf("it loads %s", a.Value)
				}
			}
		}
	}
	for _, state := range []market.Status{
		market.StatusPosted, market.StatusClaimed, market.StatusDelivered, market.StatusApproved, market.StatusCancelled, market.StatusExpired,
	} {
		if !strings.Contains(words.String(), string(state)) {
			t.Errorf("it lacks the state %s", state)
		}
	}
	if !strings.Contains(picture, "prefers-color-scheme: dark") {
		t.Error("it cannot be read in the dark")
	}
	for _, page := range []string{"README.md", "docs/README.md"} {
		if !strings.Contains(readPage(t, page), "concepts.svg") {
			t.Errorf("%s does not show it", page)
		}
	}
}

// The index leads to every page.
func TestTheIndexLeadsToEveryPage(t *testing.T) {
	index := readPage(t, "docs/README.md")
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if name := filepath.Base(page); name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
	if _, err := os.Stat("docs/decisions/README.md"); err != nil {
		t.Error(err)
	}
}

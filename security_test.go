package pinchwork_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`([a-z][a-z0-9/]*)\\.((?:Test|Fuzz)\\w+)`")
	anyTest   = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z0-9]\w*`)
)

// What the page on security says is tried has a test, in the package that it names,
// and no risk of the two lists is left out.
func TestSecurityPageNamesTestsThatExist(t *testing.T) {
	data, err := os.ReadFile("docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	named := namedTest.FindAllStringSubmatch(page, -1)
	for _, n := range named {
		if !hasTest(t, n[1], n[2]) {
			t.Errorf("there is no %s in %s", n[2], n[1])
		}
	}
	if all := len(anyTest.FindAllString(page, -1)); all != len(named) {
		t.Errorf("%d tests are mentioned, %d of them with their package", all, len(named))
	}
	for _, risk := range risks() {
		_, part, found := strings.Cut(page, "\n### "+risk+": ")
		part, _, _ = strings.Cut(part, "\n### ")
		for _, heading := range []string{"**Holds:** ", "**Tried by:** ", "**Operator:** ", "**Does not hold:** "} {
			found = found && strings.Contains(part, "\n\n"+heading)
		}
		if !found || !namedTest.MatchString(part) {
			t.Errorf("%s has not all that is said of a risk: %.80q", risk, part)
		}
	}
}

func risks() (list []string) {
	for i := 1; i <= 10; i++ {
		list = append(list, fmt.Sprintf("API%d", i), fmt.Sprintf("ASI%02d", i))
	}
	return list
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	if folder == "pinchwork" {
		folder = "." // the root goes by the module's name
	}
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(source), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

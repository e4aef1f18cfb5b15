package browsertest

import (
	"os"
	"strings"

	"github.com/chromedp/chromedp"
)

// axeVariable names the file axe.min.js of npm's axe-core.
const axeVariable = "PINCHWORK_AXE"

// Violation is a rule of accessibility that a page breaks.
type Violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// String names the rule and where it is broken.
func (v Violation) String() string {
	var b strings.Builder
	b.WriteString(v.ID + ": " + v.Help)
	for _, n := range v.Nodes {
		b.WriteString("\n  " + n.HTML + "\n    " + strings.ReplaceAll(n.Summary, "\n", "\n    "))
	}
	return b.String()
}

// NeedAxe skips the test without axe-core, or fails it when
// PINCHWORK_TEST_REQUIRE contains "axe".
func (tab *Tab) NeedAxe() {
	tab.t.Helper()
	if os.Getenv(axeVariable) == "" {
		Missing(tab.t, "axe", axeVariable+" is not set")
	}
}

// Violations runs every rule of axe-core on the page; without axe-core, which NeedAxe tells,
// there are none.
func (tab *Tab) Violations() []Violation {
	tab.t.Helper()
	if os.Getenv(axeVariable) == "" {
		return nil
	}
	if !Eval[bool](tab, `"axe" in window`) {
		source, err := os.ReadFile(os.Getenv(axeVariable))
		if err != nil {
			tab.t.Fatalf("%s: %v", axeVariable, err)
		}
		if _, err := chromedp.Run(tab.ctx, chromedp.Evaluate[bool](string(source)+"\n;true")); err != nil {
			tab.t.Fatalf("loading axe-core: %v", err)
		}
	}
	return Eval[[]Violation](tab, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)`)
}

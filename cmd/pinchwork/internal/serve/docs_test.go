package serve

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// docs/operations.md lists every setting with its default and its flag.
func TestOperationsPageListsEverySetting(t *testing.T) {
	data, err := os.ReadFile("../../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	defaults := Defaults()
	rows := 0
	for _, o := range All() {
		value, flag := "none", "(environment only)"
		if v := o.Get(&defaults); v != "" {
			value = "`" + v + "`"
		}
		if !o.Secret {
			flag = "`--" + o.Flag + "`"
		}
		row := fmt.Sprintf("| `%s` | %s | %s |\n", o.Env, value, flag)
		if !strings.Contains(page, row) {
			t.Errorf("the page lacks this line:\n%s", row)
		}
		rows++
	}
	if got := strings.Count(page, "\n| `PINCHWORK_"); got != rows {
		t.Errorf("the page lists %d settings, there are %d", got, rows)
	}
}

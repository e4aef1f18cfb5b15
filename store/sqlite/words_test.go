package sqlite

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// What a rule says arrives in SQL as an argument, or as a column that package sqlite
// fills: no status, role, kind or account of the seam stands there as a literal, nor the
// score of those who never met.
func TestSQLKnowsNoWordOfTheSeam(t *testing.T) {
	words := []string{
		string(store.Platform), string(store.RoleWorker), string(store.RoleInfra), string(store.ReportOpen),
		string(store.ReportReviewed), string(store.ReportDismissed), string(store.EntryEscrow), string(store.EntryPayment),
		string(store.EntryPlatformFee), string(store.EntryRefund),
	}
	for _, s := range store.Statuses() {
		words = append(words, string(s))
	}
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "migrations/0001_tables.sql") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code := regexp.MustCompile(`(--|//)[^\n]*`).ReplaceAllString(string(text), "")
		for _, word := range append(words, "0.5") {
			if strings.Contains(code, "'"+word+"'") || word == "0.5" && strings.Contains(code, word) {
				t.Errorf("%s says %q", name, word)
			}
		}
		if numbers := regexp.MustCompile(`\bstatus\s*(=|<>|in)\s*\(?[0-9']`).FindString(code); numbers != "" {
			t.Errorf("%s says %q", name, numbers)
		}
	}
}

// The columns that count tasks by status are as many as the statuses, which are numbered
// in the order of a task's life.
func TestColumnsFollowTheStatuses(t *testing.T) {
	text, err := migrationFiles.ReadFile("migrations/0001_tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	statuses := store.Statuses()
	if len(tally{}) != 2*len(statuses) || len(totals{}) != 2*len(statuses)+2+len(store.PlatformKinds()) || ofEscrow != len(statuses) {
		t.Errorf("%d columns of an account and %d totals for %d statuses", len(tally{}), len(totals{}), len(statuses))
	}
	for i, s := range statuses {
		if number(s) != i+1 {
			t.Errorf("%s is number %d", s, number(s))
		}
		for _, prefix := range []string{"p", "w", "s"} {
			if column := prefix + string(rune('1'+i)) + " integer"; !strings.Contains(string(text), column) {
				t.Errorf("there is no column %q", column)
			}
		}
	}
}

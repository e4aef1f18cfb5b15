package postgres

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// What a rule says arrives in SQL as an argument, or as a column that package
// postgres fills: no status, role, kind or account of the seam stands there as a
// literal, nor the score of those who never met.
func TestSQLKnowsNoWordOfTheSeam(t *testing.T) {
	words := []string{
		string(store.Platform), string(store.RoleWorker), string(store.RoleInfra), string(store.ReportOpen),
		string(store.ReportReviewed), string(store.ReportDismissed), string(store.EntryEscrow), string(store.EntryPayment),
		string(store.EntryPlatformFee), string(store.EntryRefund), "0.5",
	}
	for _, s := range store.Statuses() {
		words = append(words, string(s))
	}
	comment := regexp.MustCompile(`--[^\n]*`)
	for _, files := range []fs.FS{queryFiles, routineFiles, migrationFiles} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || slices.Contains(sumsOfBefore, filepath.Base(path)) {
				return err
			}
			text, err := fs.ReadFile(files, path)
			sql := comment.ReplaceAllString(string(text), "")
			for _, word := range words {
				if strings.Contains(sql, "'"+word+"'") || word == "0.5" && strings.Contains(sql, word) {
					t.Errorf("%s says %q", path, word)
				}
			}
			if numbers := regexp.MustCompile(`status\s*(=|<>|in)\s*\(?[0-9']`).FindString(sql); numbers != "" {
				t.Errorf("%s says %q", path, numbers)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// sumsOfBefore add up what earlier versions wrote, in their words.
var sumsOfBefore = []string{"0003_platform_totals.sql", "0004_sealed_totals.sql"}

// The columns that count tasks by status are in the order of a task's life.
func TestColumnsFollowTheStatuses(t *testing.T) {
	text, _ := migrationFiles.ReadFile("migrations/0001_tables.sql")
	for _, column := range []string{"p_%s ", "w_%s ", " %s bigint"} {
		last := -1
		for _, s := range store.Statuses() {
			at := strings.LastIndex(string(text), strings.Replace(column, "%s", string(s), 1))
			if at <= last {
				t.Errorf("column %q of %s is missing or out of order", column, s)
			}
			last = at
		}
	}
}

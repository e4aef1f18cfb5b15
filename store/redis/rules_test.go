package redis

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// ruled are values whose meaning the marketplace decides: no script may know one.
func ruled() []string {
	words := []string{
		string(store.Platform), string(store.PlatformAccount),
		string(store.RoleWorker), string(store.RoleInfra),
		string(store.ReportOpen), string(store.ReportReviewed), string(store.ReportDismissed),
		string(store.EntrySignupBonus), string(store.EntryAdminGrant), string(store.EntryEscrow), string(store.EntryPayment),
		string(store.EntryPlatformFee), string(store.EntryRefund), string(store.EntrySystemPayment),
		strconv.FormatFloat(store.NeutralTrust, 'g', -1, 64),
	}
	for _, status := range store.Statuses() {
		words = append(words, string(status))
	}
	return words
}

var (
	luaComment = regexp.MustCompile(`--[^\n]*`)
	luaLiteral = regexp.MustCompile(`'([^']*)'|"([^"]*)"|\b\d+\.\d+\b`)
)

// rulesIn returns the literals of a script that only rules can explain.
func rulesIn(source string) (found []string) {
	for _, literal := range luaLiteral.FindAllString(luaComment.ReplaceAllString(source, ""), -1) {
		if word := regexp.MustCompile(`^['"]|['"]$`).ReplaceAllString(literal, ""); slices.Contains(ruled(), word) {
			found = append(found, literal)
		}
	}
	return found
}

// A rule that changes in package market must not leave an old copy of itself in a
// script: what a script compares comes to it in its arguments.
func TestNoScriptKnowsARule(t *testing.T) {
	entries, err := os.ReadDir("lua")
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, entry := range entries {
		source, err := os.ReadFile("lua/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := rulesIn(string(source)); found != nil {
			t.Errorf("%s has %v", entry.Name(), found)
		}
	}
	const bad = "-- 'posted' is fine here\nif status == 'posted' or trust < 0.5 or id == \"ag-platform\" then return 1 end"
	if found := rulesIn(bad); len(found) != 3 {
		t.Errorf("of three literals these were found: %v", found)
	}
}

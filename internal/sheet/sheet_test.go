package sheet_test

import (
	"encoding/csv"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/sheet"
	"github.com/pinchwork/pinchwork/market"
)

func of[T any](last error, items ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
		if last != nil {
			yield(*new(T), last)
		}
	}
}

// What a person wrote is a text to every spreadsheet, numbers are numbers, and quotes and
// line breaks come through.
func TestTextsAreNoFormulas(t *testing.T) {
	for _, reason := range []string{`=HYPERLINK("http://evil.example")`, "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"} {
		var out strings.Builder
		if err := sheet.Actions(&out, of(nil, market.OperatorAction{Number: 7, Reason: reason, Amount: 5})); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
			t.Fatalf("%q: %v, %v", out.String(), rows, err)
		}
		if got := rows[1][17]; got != "'"+strings.ReplaceAll(reason, "\r\n", "\n") {
			t.Errorf("%q became %q", reason, got)
		}
	}
	var out strings.Builder
	at := market.NewTime(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	if err := sheet.Ledger(&out, of(nil, market.LedgerEntry{ID: "le-1", Amount: -5, Reason: "escrow", TaskID: "tk-1", CreatedAt: at, Note: "a \"b\"\n=c"})); err != nil {
		t.Fatal(err)
	}
	if want := "id,at,amount,reason,task_id,note\nle-1,2026-01-15T10:00:00Z,-5,escrow,tk-1,\"a \"\"b\"\"\n=c\"\n"; out.String() != want {
		t.Errorf("the ledger is %q, want %q", out.String(), want)
	}
}

// A list that ends early is an error, not a short file.
func TestAnErrorEndsTheFile(t *testing.T) {
	broken := errors.New("broken")
	if err := sheet.Actions(&strings.Builder{}, of(broken, market.OperatorAction{Number: 2})); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

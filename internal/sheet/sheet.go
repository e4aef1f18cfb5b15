// Package sheet writes lists for spreadsheets, as CSV.
package sheet

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// Actions writes the log of operators' actions, in the words of its page: names stand beside
// ids. It stops at the first error.
func Actions(w io.Writer, actions iter.Seq2[market.OperatorAction, error]) error {
	return write(w, []string{
		"No.", "When (UTC)", "Who", "What", "Outcome", "Agent", "Agent id", "Task id", "Poster", "Poster id", "Worker", "Worker id", "Report id", "Subject",
		"Amount", "To the worker", "Back to the poster", "Why", "From addresses",
	}, actions, func(a market.OperatorAction) []string {
		return []string{
			strconv.FormatInt(a.Number, 10), instant(a.At), cell(a.Operator), a.Action, cell(a.Outcome), cell(a.AgentName), cell(a.AgentID), cell(a.TaskID),
			cell(a.PosterName), cell(a.PosterID), cell(a.WorkerName), cell(a.WorkerID), cell(a.ReportID), cell(a.Subject),
			some(a.Amount), some(a.WorkerReceives), some(a.PosterGetsBack), cell(a.Reason), cell(a.Clients),
		}
	})
}

// Ledger writes an agent's ledger. It stops at the first error.
func Ledger(w io.Writer, entries iter.Seq2[market.LedgerEntry, error]) error {
	return write(w, []string{"id", "at", "amount", "reason", "task_id", "note"}, entries, func(e market.LedgerEntry) []string {
		return []string{cell(e.ID), instant(e.CreatedAt), strconv.FormatInt(e.Amount, 10), string(e.Reason), cell(e.TaskID), cell(e.Note)}
	})
}

func write[T any](w io.Writer, head []string, list iter.Seq2[T, error], row func(T) []string) error {
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return err
	}
	for item, err := range list {
		if err != nil {
			return err
		}
		if err := out.Write(row(item)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formulas are what a spreadsheet may take the beginning of a text for something to compute
// by.
const formulas = "=+-@\t\r\n＝＋－＠"

// cell is a text that no spreadsheet computes: what could be a formula begins with an
// apostrophe, which says that it is a text.
func cell[S ~string](s S) string {
	if strings.IndexAny(strings.TrimLeft(string(s), " \u00a0"), formulas) == 0 {
		return "'" + string(s)
	}
	return string(s)
}

func some(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func instant(t market.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

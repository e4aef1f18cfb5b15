package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Reports for the operator.
var reportCases = []testCase{
	{"Pages, newest first", func(w *world) {
		w.people()
		want := w.complain(7)
		slices.Reverse(want)
		for _, limit := range []int{1, 3, 100} {
			for offset := 0; offset <= 8; offset += limit {
				page := w.reports("", limit, offset)
				from := min(offset, len(want))
				w.equal(page.Reports, want[from:min(from+limit, len(want))])
				w.equal(page.Total, 7)
			}
		}
	}},
	{"By status", func(w *world) {
		w.people()
		all := w.complain(4)
		reviewed, dismissed := all[1], all[2]
		reviewed.Status, reviewed.Note, reviewed.ResolvedAt = market.ReportReviewed, "true", w.in(time.Hour)
		dismissed.Status, dismissed.ResolvedAt = market.ReportDismissed, w.in(time.Hour)
		w.commit(&market.Change{Resolutions: []market.Report{reviewed, dismissed}})
		w.equal(w.reports(market.ReportOpen, 9, 0), market.ReportPage{Reports: []market.Report{all[3], all[0]}, Total: 2})
		w.equal(w.reports(market.ReportReviewed, 9, 0), market.ReportPage{Reports: []market.Report{reviewed}, Total: 1})
		w.equal(w.reports(market.ReportDismissed, 9, 0), market.ReportPage{Reports: []market.Report{dismissed}, Total: 1})
		w.equal(w.reports("", 9, 0).Total, 4)
		w.equal(w.load(market.LoadQuery{Report: reviewed.ID}).Report, &reviewed)
	}},
	{"A resolution replaces status, note and instant alone", func(w *world) {
		w.people()
		want := w.complain(1)[0]
		in := want
		in.Status, in.Note, in.ResolvedAt = market.ReportReviewed, "seen", w.in(time.Hour)
		in.Reason, in.CreatedAt = "forged", w.in(time.Hour)
		w.commit(&market.Change{Resolutions: []market.Report{in}})
		want.Status, want.Note, want.ResolvedAt = in.Status, in.Note, in.ResolvedAt
		w.equal(w.load(market.LoadQuery{Report: want.ID}).Report, &want)
	}},
}

// complain commits n reports, one after the other, each about another task.
func (w *world) complain(n int) (out []market.Report) {
	w.Helper()
	for i := range n {
		w.post(taskNo(i), ann)
		r := market.Report{
			ID: market.ReportID(fmt.Sprintf("rp-%03d", 999-i)), Task: taskNo(i), Reporter: bob, Reason: "odd",
			Status: market.ReportOpen, CreatedAt: w.in(time.Duration(i) * time.Second),
		}
		w.commit(&market.Change{At: r.CreatedAt, Reports: []market.Report{r}})
		out = append(out, r)
	}
	return out
}

func (w *world) reports(status market.ReportStatus, limit, offset int) market.ReportPage {
	w.Helper()
	page, err := w.store.Reports(w.ctx, status, limit, offset)
	w.ok(err)
	return page
}

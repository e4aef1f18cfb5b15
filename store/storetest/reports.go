package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
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
		reviewed.Status, reviewed.Note, reviewed.ResolvedAt = store.ReportReviewed, "true", w.in(time.Hour)
		dismissed.Status, dismissed.ResolvedAt = store.ReportDismissed, w.in(time.Hour)
		w.commit(&store.Change{Resolutions: []store.Report{reviewed, dismissed}})
		w.equal(w.reports(store.ReportOpen, 9, 0), store.ReportPage{Reports: []store.Report{all[3], all[0]}, Total: 2})
		w.equal(w.reports(store.ReportReviewed, 9, 0), store.ReportPage{Reports: []store.Report{reviewed}, Total: 1})
		w.equal(w.reports(store.ReportDismissed, 9, 0), store.ReportPage{Reports: []store.Report{dismissed}, Total: 1})
		w.equal(w.reports("", 9, 0).Total, 4)
		w.equal(w.load(store.LoadQuery{Report: reviewed.ID}).Report, &reviewed)
	}},
	{"A resolution replaces status, note and instant alone", func(w *world) {
		w.people()
		want := w.complain(1)[0]
		in := want
		in.Status, in.Note, in.ResolvedAt = store.ReportReviewed, "seen", w.in(time.Hour)
		in.Reason, in.CreatedAt = "forged", w.in(time.Hour)
		w.commit(&store.Change{Resolutions: []store.Report{in}})
		want.Status, want.Note, want.ResolvedAt = in.Status, in.Note, in.ResolvedAt
		w.equal(w.load(store.LoadQuery{Report: want.ID}).Report, &want)
	}},
}

// complain commits n reports, one after the other, each about another task.
func (w *world) complain(n int) (out []store.Report) {
	w.Helper()
	for i := range n {
		w.post(taskNo(i), ann)
		r := store.Report{
			ID: store.ReportID(fmt.Sprintf("rp-%03d", 999-i)), Task: taskNo(i), Reporter: bob, Reason: "odd",
			Status: store.ReportOpen, CreatedAt: w.in(time.Duration(i) * time.Second),
		}
		w.commit(&store.Change{At: r.CreatedAt, Reports: []store.Report{r}})
		out = append(out, r)
	}
	return out
}

func (w *world) reports(status store.ReportStatus, limit, offset int) store.ReportPage {
	w.Helper()
	page, err := w.store.Reports(w.ctx, status, limit, offset)
	w.ok(err)
	return page
}

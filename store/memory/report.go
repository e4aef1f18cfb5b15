package memory

import (
	"context"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/store"
)

// reports has what agents reported, by id and in the order of commits.
type reports struct {
	byID  map[store.ReportID]*report
	byWho map[complaint]struct{}
	// lists are by status; all of them under "".
	lists map[store.ReportStatus]*btree.BTreeG[*report]
	next  int64
}

// report is numbered in the order of commits. Readers share what it points to.
type report struct {
	n int64
	*store.Report
}

// complaint identifies a report by task and reporter, of which there can be
// only one.
type complaint struct {
	task     store.TaskID
	reporter store.AgentID
}

func newReports() reports {
	return reports{
		byID:  make(map[store.ReportID]*report),
		byWho: make(map[complaint]struct{}),
		lists: make(map[store.ReportStatus]*btree.BTreeG[*report]),
	}
}

func (s *Store) guardReports(c *store.Change) *store.Conflict {
	for i := range c.Reports {
		r := &c.Reports[i]
		_, made := s.reports.byWho[complaint{r.Task, r.Reporter}]
		if made || s.reports.byID[r.ID] != nil || reportedTwice(c.Reports[:i], r) {
			return &store.Conflict{Guard: store.GuardDuplicate, Task: r.Task, Agent: r.Reporter}
		}
	}
	for i := range c.Resolutions {
		id := c.Resolutions[i].ID
		if r := s.reports.byID[id]; r == nil || r.Status != store.ReportOpen {
			return &store.Conflict{Guard: store.GuardReport, Task: c.Resolutions[i].Task}
		}
	}
	return nil
}

func reportedTwice(earlier []store.Report, r *store.Report) bool {
	for i := range earlier {
		e := &earlier[i]
		if e.ID == r.ID || e.Task == r.Task && e.Reporter == r.Reporter {
			return true
		}
	}
	return false
}

func (s *Store) report(r *store.Report) {
	a := s.aside(r.Task)
	a.reports = append(a.reports, r.ID)
	s.reports.next++
	kept := &report{n: s.reports.next, Report: r}
	s.reports.byID[r.ID] = kept
	s.reports.byWho[complaint{r.Task, r.Reporter}] = struct{}{}
	s.reports.list("").Set(kept)
	s.reports.list(r.Status).Set(kept)
}

func (x *reports) list(status store.ReportStatus) *btree.BTreeG[*report] {
	list := x.lists[status]
	if list == nil {
		list = ordered(func(a, b *report) bool { return a.n < b.n })
		x.lists[status] = list
	}
	return list
}

func (x *reports) resolve(in *store.Report) {
	kept := x.byID[in.ID]
	x.list(kept.Status).Delete(kept)
	next := *kept.Report
	next.Status, next.Note, next.ResolvedAt = in.Status, in.Note, in.ResolvedAt
	kept.Report = &next
	x.list(next.Status).Set(kept)
}

// get returns a report, or nil.
func (x *reports) get(id store.ReportID) *store.Report {
	if r := x.byID[id]; r != nil {
		return r.Report
	}
	return nil
}

// forget drops the reports of a task that is deleted.
func (x *reports) forget(a *aside) {
	for _, id := range a.reports {
		r := x.byID[id]
		x.list("").Delete(r)
		x.list(r.Status).Delete(r)
		delete(x.byWho, complaint{r.Task, r.Reporter})
		delete(x.byID, id)
	}
}

// Reports pages through reports, newest first; see store.Reader.
func (s *Store) Reports(ctx context.Context, status store.ReportStatus, limit, offset int) (store.ReportPage, error) {
	if err := ctx.Err(); err != nil {
		return store.ReportPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := s.reports.lists[status]
	if list == nil {
		return store.ReportPage{}, nil
	}
	page := store.ReportPage{Total: list.Len()}
	for i := page.Total - 1 - max(offset, 0); i >= 0 && len(page.Reports) < limit; i-- {
		r, _ := list.GetAt(i)
		page.Reports = append(page.Reports, *r.Report)
	}
	return page, nil
}

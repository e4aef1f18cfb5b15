package memory

import (
	"context"

	"github.com/pinchwork/pinchwork/market"
	"github.com/tidwall/btree"
)

// reports has what agents reported, by id and in the order of commits.
type reports struct {
	byID  map[market.ReportID]*report
	byWho map[complaint]struct{}
	// lists are by status; all of them under "".
	lists map[market.ReportStatus]*btree.BTreeG[*report]
	next  int64
}

// report is numbered in the order of commits. Readers share what it points to.
type report struct {
	n int64
	*market.Report
}

// complaint is what an agent can make once.
type complaint struct {
	task     market.TaskID
	reporter market.AgentID
}

func newReports() reports {
	return reports{
		byID:  make(map[market.ReportID]*report),
		byWho: make(map[complaint]struct{}),
		lists: make(map[market.ReportStatus]*btree.BTreeG[*report]),
	}
}

func (s *Store) guardReports(c *market.Change) *market.Conflict {
	for i := range c.Reports {
		r := &c.Reports[i]
		_, made := s.reports.byWho[complaint{r.Task, r.Reporter}]
		if made || s.reports.byID[r.ID] != nil || reportedTwice(c.Reports[:i], r) {
			return &market.Conflict{Guard: market.GuardDuplicate, Task: r.Task, Agent: r.Reporter}
		}
	}
	for i := range c.Resolutions {
		id := c.Resolutions[i].ID
		if r := s.reports.byID[id]; r == nil || r.Status != market.ReportOpen {
			return &market.Conflict{Guard: market.GuardReport, Task: c.Resolutions[i].Task}
		}
	}
	return nil
}

func reportedTwice(earlier []market.Report, r *market.Report) bool {
	for i := range earlier {
		e := &earlier[i]
		if e.ID == r.ID || e.Task == r.Task && e.Reporter == r.Reporter {
			return true
		}
	}
	return false
}

func (s *Store) report(r *market.Report) {
	a := s.aside(r.Task)
	a.reports = append(a.reports, r.ID)
	s.reports.next++
	kept := &report{n: s.reports.next, Report: r}
	s.reports.byID[r.ID] = kept
	s.reports.byWho[complaint{r.Task, r.Reporter}] = struct{}{}
	s.reports.list("").Set(kept)
	s.reports.list(r.Status).Set(kept)
}

func (x *reports) list(status market.ReportStatus) *btree.BTreeG[*report] {
	list := x.lists[status]
	if list == nil {
		list = ordered(func(a, b *report) bool { return a.n < b.n })
		x.lists[status] = list
	}
	return list
}

func (x *reports) resolve(in *market.Report) {
	kept := x.byID[in.ID]
	x.list(kept.Status).Delete(kept)
	next := *kept.Report
	next.Status, next.Note, next.ResolvedAt = in.Status, in.Note, in.ResolvedAt
	kept.Report = &next
	x.list(next.Status).Set(kept)
}

// get returns a report, or nil.
func (x *reports) get(id market.ReportID) *market.Report {
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

// Reports pages through reports, newest first; see market.Reader.
func (s *Store) Reports(ctx context.Context, status market.ReportStatus, limit, offset int) (market.ReportPage, error) {
	if err := ctx.Err(); err != nil {
		return market.ReportPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := s.reports.lists[status]
	if list == nil {
		return market.ReportPage{}, nil
	}
	page := market.ReportPage{Total: list.Len()}
	for i := page.Total - 1 - max(offset, 0); i >= 0 && len(page.Reports) < limit; i-- {
		r, _ := list.GetAt(i)
		page.Reports = append(page.Reports, *r.Report)
	}
	return page, nil
}

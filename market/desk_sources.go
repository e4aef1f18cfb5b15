package market

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// taskSource reads a piece of a list of tasks, from an offset on.
type taskSource func(ctx context.Context, offset int) (taskPiece, error)

// taskPiece is a piece of a list: places are the offsets of its tasks, next is that of
// the next piece, total the length of the list. texts says that the tasks have theirs.
type taskPiece struct {
	tasks       []store.StoredTask
	places      []int
	next, total int
	texts       bool
}

// sourceOf is the shortest list that holds all that the query selects.
func (m *Market) sourceOf(ctx context.Context, q *AllTasksQuery) (taskSource, error) {
	switch {
	case q.Reported:
		return m.reportedTasks(ReportOpen), nil
	case q.EverReported:
		return m.reportedTasks(""), nil
	case q.Poster != "":
		return m.tasksOf(store.TasksQuery{Agent: q.Poster, Role: PartyPoster, Status: q.Status}), nil
	case q.Worker != "":
		return m.tasksOf(store.TasksQuery{Agent: q.Worker, Role: PartyWorker, Status: q.Status}), nil
	}
	return m.everyTask(ctx)
}

// tasksOf are the tasks of a party, newest first.
func (m *Market) tasksOf(q store.TasksQuery) taskSource {
	return func(ctx context.Context, offset int) (p taskPiece, err error) {
		q.Offset, q.Limit, q.MaxBytes, q.Now = offset, lookedPiece, maxPageBytes, anyTime
		page, err := m.store.TasksOf(ctx, q)
		p = taskPiece{tasks: page.Tasks, next: offset + len(page.Tasks), total: page.Total, texts: true}
		for i := range page.Tasks {
			p.places = append(p.places, offset+i)
		}
		if len(page.Tasks) == 0 {
			p.next = p.total
		}
		return p, err
	}
}

// reportedTasks are the tasks of the reports in a state, or of all, those of the newest first. One that
// was reported several times comes once, unless that is in other answers.
func (m *Market) reportedTasks(status ReportStatus) taskSource {
	seen := map[TaskID]bool{}
	return func(ctx context.Context, offset int) (p taskPiece, err error) {
		page, err := m.store.Reports(ctx, status, offerPiece, offset)
		if err != nil {
			return p, err
		}
		p = taskPiece{next: offset + len(page.Reports), total: page.Total, texts: true}
		if len(page.Reports) == 0 {
			p.next = p.total
			return p, nil
		}
		var ids []TaskID
		places := map[TaskID]int{}
		for i := range page.Reports {
			if id := page.Reports[i].Task; !seen[id] {
				seen[id], places[id] = true, offset+i
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 {
			p.tasks, err = m.store.Tasks(ctx, ids)
		}
		for i := range p.tasks {
			p.places = append(p.places, places[p.tasks[i].Task.ID])
		}
		return p, err
	}
}

// lastEnded are those that have ended, the last one first. How many there are is not
// known before the end.
func (m *Market) lastEnded() taskSource {
	return func(ctx context.Context, offset int) (p taskPiece, err error) {
		p.tasks, err = m.store.ScanEnded(ctx, lookedPiece, offset)
		p.next = offset + len(p.tasks)
		if p.total = p.next; len(p.tasks) == lookedPiece {
			p.total++
		}
		for i := range p.tasks {
			p.places = append(p.places, offset+i)
		}
		return p, err
	}
}

// everyTask are all tasks, newest first, by the numbers that the store gave them: some
// belong to no task, or no longer.
func (m *Market) everyTask(ctx context.Context) (taskSource, error) {
	oldest, newest, err := m.ages(ctx)
	if err != nil {
		return nil, known(ctx, err)
	}
	total := int(newest - oldest + 1)
	return func(ctx context.Context, offset int) (p taskPiece, err error) {
		high := newest - int64(offset)
		low := max(high-lookedPiece, oldest-1)
		p = taskPiece{next: offset + max(int(high-low), 0), total: total}
		for after := low; after < high; {
			page, err := m.store.ScanTasks(ctx, after, int(high-after))
			if err != nil {
				return p, err
			}
			if len(page) == 0 {
				break
			}
			for _, st := range page {
				if after = st.Task.Seq; after <= high {
					p.tasks = append(p.tasks, st)
				}
			}
		}
		newestFirst(&p, newest)
		return p, nil
	}, nil
}

func newestFirst(p *taskPiece, newest int64) {
	for i, j := 0, len(p.tasks)-1; i < j; i, j = i+1, j-1 {
		p.tasks[i], p.tasks[j] = p.tasks[j], p.tasks[i]
	}
	for _, st := range p.tasks {
		p.places = append(p.places, int(newest-st.Task.Seq))
	}
}

// ages are the numbers of the oldest and the newest task; none are 1 and 0.
func (m *Market) ages(ctx context.Context) (oldest, newest int64, err error) {
	first, err := m.store.ScanTasks(ctx, 0, 1)
	if err != nil || len(first) == 0 {
		return 1, 0, err
	}
	oldest = first[0].Task.Seq
	totals, err := m.store.Totals(ctx)
	if err != nil {
		return 0, 0, err
	}
	// The totals may be some seconds old.
	for newest = max(totals.Seq, oldest); ; {
		page, err := m.store.ScanTasks(ctx, newest, scanPage)
		if err != nil || len(page) == 0 {
			return oldest, newest, err
		}
		newest = page[len(page)-1].Task.Seq
	}
}

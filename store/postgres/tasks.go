package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// The roles of a party, as numbered in table party.
const (
	asPoster int16 = 1
	asWorker int16 = 2
)

// Tasks returns tasks by id; see store.Reader.
func (s *Store) Tasks(ctx context.Context, ids []store.TaskID) (tasks []store.StoredTask, err error) {
	if len(ids) > store.MaxIDs {
		return nil, store.ErrTooMany
	}
	err = s.read(ctx, "reading tasks", func(b *batch) {
		collect(b, &tasks, scanStored, "tasks", untyped(ids), string(store.RoleInfra))
	})
	return tasks, err
}

// TasksOf pages through the tasks of one agent; see store.Reader. Totals are
// counted as tasks change, so that a page costs what it shows and skips.
func (s *Store) TasksOf(ctx context.Context, q store.TasksQuery) (page store.TasksPage, err error) {
	roles, statuses := selected(&q)
	if len(statuses) == 0 {
		return page, nil
	}
	var tally []int32
	var counted *int64
	err = s.read(ctx, "reading tasks of an agent", func(b *batch) {
		page, tally, counted = store.TasksPage{}, nil, nil
		b.row("agent_tally", []any{string(q.Agent), roles, statuses}, &tally, &counted)
		collect(b, &page.Tasks, scanStored, "tasks_of", string(q.Agent), roles, statuses, q.Limit, max(q.Offset, 0), q.MaxBytes, string(store.RoleInfra))
		collect(b, &page.Due, scanID[store.TaskID], "due_of", string(q.Agent), q.Now)
	})
	if err != nil {
		return store.TasksPage{}, err
	}
	if counted != nil {
		page.Total = int(*counted)
	}
	page.Total += sumTally(tally, roles, statuses)
	return page, nil
}

// selected are the numbers of roles and statuses; no statuses when the query
// names one that does not exist.
func selected(q *store.TasksQuery) (roles, statuses []int16) {
	switch q.Role {
	case store.PartyPoster:
		roles = []int16{asPoster}
	case store.PartyWorker:
		roles = []int16{asWorker}
	default:
		roles = []int16{asPoster, asWorker}
	}
	for _, status := range store.Statuses() {
		if q.Status == "" || q.Status == status {
			statuses = append(statuses, int16(number(status)))
		}
	}
	return roles, statuses
}

func sumTally(counts []int32, roles, statuses []int16) (sum int) {
	if len(counts) != len(tally{}) {
		return 0
	}
	for _, role := range roles {
		for _, status := range statuses {
			sum += int(counts[int(role-1)*len(tally{})/2+int(status-1)])
		}
	}
	return sum
}

// ScanOpen pages through posted tasks in the order of posting; see store.FeedReader.
func (s *Store) ScanOpen(ctx context.Context, after int64, limit int) (tasks []store.StoredTask, err error) {
	err = s.read(ctx, "scanning open tasks", func(b *batch) {
		collect(b, &tasks, scanStored, "scan_open", after, limit, string(store.RoleInfra))
	})
	return tasks, err
}

// ScanTasks pages through all tasks in the order of posting; see store.FeedReader.
func (s *Store) ScanTasks(ctx context.Context, after int64, limit int) (tasks []store.StoredTask, err error) {
	err = s.read(ctx, "scanning tasks", func(b *batch) {
		collect(b, &tasks, scanListed, "scan_tasks", after, limit)
	})
	return tasks, err
}

// ScanEnded pages through ended tasks, the last one first; see store.FeedReader.
func (s *Store) ScanEnded(ctx context.Context, limit, offset int) (tasks []store.StoredTask, err error) {
	err = s.read(ctx, "scanning ended tasks", func(b *batch) {
		collect(b, &tasks, scanEnded, "scan_ended", max(limit, 0), max(offset, 0))
	})
	return tasks, err
}

// scanEnded reads seq, version, doc.
func scanEnded(row pgx.CollectableRow) (t store.StoredTask, err error) {
	var seq, version int64
	var doc []byte
	if err = row.Scan(&seq, &version, &doc); err != nil {
		return t, err
	}
	t.Task, err = decodeTask(seq, version, doc)
	return t, err
}

// scanListed reads seq, version, doc, due.
func scanListed(row pgx.CollectableRow) (t store.StoredTask, err error) {
	var seq, version int64
	var doc []byte
	var due *time.Time
	if err = row.Scan(&seq, &version, &doc, &due); err != nil {
		return t, err
	}
	t.Due = utc(due)
	t.Task, err = decodeTask(seq, version, doc)
	return t, err
}

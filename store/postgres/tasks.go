package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/market"
)

// The roles of a party, as numbered in table party.
const (
	asPoster int16 = 1
	asWorker int16 = 2
)

// Tasks returns tasks by id; see market.Reader.
func (s *Store) Tasks(ctx context.Context, ids []market.TaskID) (tasks []market.StoredTask, err error) {
	err = s.read(ctx, "reading tasks", func(b *batch) {
		collect(b, &tasks, scanStored, "tasks", untyped(ids))
	})
	return tasks, err
}

// TasksOf pages through the tasks of one agent; see market.Reader. Totals are
// counted as tasks change, so that a page costs what it shows and skips.
func (s *Store) TasksOf(ctx context.Context, q market.TasksQuery) (page market.TasksPage, err error) {
	roles, statuses := selected(&q)
	if len(statuses) == 0 {
		return page, nil
	}
	var tally []int32
	var counted *int64
	err = s.read(ctx, "reading tasks of an agent", func(b *batch) {
		page, tally, counted = market.TasksPage{}, nil, nil
		b.row("agent_tally", []any{string(q.Agent), roles, statuses}, &tally, &counted)
		collect(b, &page.Tasks, scanStored, "tasks_of", string(q.Agent), roles, statuses, q.Limit, max(q.Offset, 0), q.MaxBytes)
		collect(b, &page.Due, scanID[market.TaskID], "due_of", string(q.Agent), q.Now)
	})
	if err != nil {
		return market.TasksPage{}, err
	}
	if counted != nil {
		page.Total = int(*counted)
	}
	page.Total += sumTally(tally, roles, statuses)
	return page, nil
}

// selected are the numbers of roles and statuses; no statuses when the query
// names one that does not exist.
func selected(q *market.TasksQuery) (roles, statuses []int16) {
	switch q.Role {
	case market.PartyPoster:
		roles = []int16{asPoster}
	case market.PartyWorker:
		roles = []int16{asWorker}
	default:
		roles = []int16{asPoster, asWorker}
	}
	for _, status := range market.Statuses() {
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

// ScanTasks pages through tasks in the order of posting; see market.FeedReader.
func (s *Store) ScanTasks(ctx context.Context, after int64, limit int, open bool) (tasks []market.StoredTask, err error) {
	name, scan := "scan_tasks", scanListed
	if open {
		name, scan = "scan_open", scanStored
	}
	err = s.read(ctx, "scanning tasks", func(b *batch) {
		collect(b, &tasks, scan, name, after, limit)
	})
	return tasks, err
}

// scanListed reads seq, version, doc, due.
func scanListed(row pgx.CollectableRow) (t market.StoredTask, err error) {
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

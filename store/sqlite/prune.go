package sqlite

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Prune deletes a bounded batch of what is old; see store.Keeper. The file keeps the
// space for what comes next.
func (s *Store) Prune(ctx context.Context, q store.PruneQuery) (store.Pruned, error) {
	if q.Limit <= 0 {
		return store.Pruned{}, nil
	}
	var gone store.Pruned
	err := s.write(ctx, "pruning", &ticket{do: func(w *writing) (err error) {
		gone, err = prune(w, &q)
		return err
	}})
	if err != nil {
		return store.Pruned{}, err
	}
	return gone, nil
}

func prune(w *writing, q *store.PruneQuery) (gone store.Pruned, err error) {
	var feedRows, buckets int
	for _, step := range []func() error{
		func() error { gone.Events, err = pruneEvents(w, q.EventsBefore, q.Limit); return err },
		func() error { gone.Tasks, err = pruneTasks(w, q.EndedBefore, q.Limit); return err },
		func() error { feedRows, gone.Feed, err = pruneFeed(w, q.FeedBefore, q.Limit); return err },
		func() error { gone.Records, err = deleted(w, pruneRecords, q.Now, q.Limit); return err },
		func() error { buckets, err = deleted(w, pruneBuckets, q.Now, q.Limit); return err },
		func() error { gone.Dead, err = deleted(w, pruneDead, q.DeadBefore, q.Limit); return err },
	} {
		if err := step(); err != nil {
			return store.Pruned{}, err
		}
	}
	gone.More = max(gone.Events, gone.Tasks, feedRows, gone.Records, buckets, gone.Dead) >= q.Limit
	return gone, nil
}

const (
	pruneRecords = `delete from pinchwork_idempotency where rowid in (
		select rowid from pinchwork_idempotency where expires_at <= ? order by expires_at limit ?)`
	pruneBuckets = `delete from pinchwork_bucket where (name, agent) in (
		select name, agent from pinchwork_bucket where full_at <= ? order by full_at limit ?)`
	pruneDead = `delete from pinchwork_webhook where n in (
		select n from pinchwork_webhook where dead_at < ? order by dead_at limit ?)`
)

// deleted says how many rows a statement has deleted.
func deleted(w *writing, sql string, before time.Time, limit int) (int, error) {
	err := w.run(sql, before, limit)
	return int(w.db.Changes()), err
}

// pruneEvents deletes from the oldest event on, which is its agent's oldest as well:
// what is kept has no gap.
func pruneEvents(w *writing, before time.Time, limit int) (n int, err error) {
	var last int64
	young := false
	err = w.each("select n, at from pinchwork_event order by n limit ?", func(r row) error {
		if young = young || !instant(r, 1).Before(before); !young {
			last = r.ColumnInt64(0)
			n++
		}
		return nil
	}, limit)
	if err != nil || n == 0 {
		return 0, err
	}
	return n, w.run("delete from pinchwork_event where n <= ?", last)
}

func pruneFeed(w *writing, before time.Time, limit int) (rows, items int, err error) {
	var last int64
	young := false
	err = w.each("select n, at, count from pinchwork_feed order by n limit ?", func(r row) error {
		young = young || !instant(r, 1).Before(before)
		if !young {
			last = r.ColumnInt64(0)
			rows++
			items += r.ColumnInt(2)
		}
		return nil
	}, limit)
	if err != nil || rows == 0 {
		return 0, 0, err
	}
	if err = w.run("delete from pinchwork_feed where n <= ?", last); err == nil {
		err = w.run("update pinchwork_total set feed_pruned = ?", last)
	}
	return rows, items, err
}

func pruneTasks(w *writing, before time.Time, limit int) (int, error) {
	var tasks []*store.Task
	err := collect(w.conn, &tasks, func(r row) (*store.Task, error) { return decodeTask(r, 0) },
		"select seq, version, doc from pinchwork_task where ended < ? order by ended, seq limit ?", before, limit)
	for _, t := range tasks {
		if err == nil {
			err = pruneTask(w, t)
		}
	}
	return len(tasks), err
}

// pruneTask deletes a task with all that is about it but ledger entries and events.
func pruneTask(w *writing, t *store.Task) error {
	if err := w.count(t, -1); err != nil {
		return err
	}
	var reports []store.ReportStatus
	err := collect(w.conn, &reports, readID[store.ReportStatus], "select status from pinchwork_report where task = ?", string(t.ID))
	for _, status := range reports {
		if err == nil {
			err = w.countReports(status, -1)
		}
	}
	for _, sql := range []string{
		"delete from pinchwork_report where task = ?",
		"delete from pinchwork_result where task = ?",
		"delete from pinchwork_role where task = ?",
		"delete from pinchwork_question where task = ?",
		"delete from pinchwork_message where task = ?",
		"delete from pinchwork_task_text where seq = (select seq from pinchwork_task where id = ?)",
		"delete from pinchwork_task where id = ?",
	} {
		if err == nil {
			err = w.run(sql, string(t.ID))
		}
	}
	return err
}

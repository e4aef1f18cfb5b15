package sqlite

import (
	"context"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// taskByID returns a task, or nil.
func taskByID(c *conn, id store.TaskID) (t *store.Task, err error) {
	if id == "" {
		return nil, nil
	}
	_, err = c.one("select seq, version, doc from pinchwork_task where id = ?", func(r row) (err error) {
		t, err = decodeTask(r, 0)
		return err
	}, string(id))
	return t, err
}

// taskText reads need and context.
func taskText(c *conn, id store.TaskID) (text store.TaskText, err error) {
	_, err = c.one(`select x.need, x.context from pinchwork_task t join pinchwork_task_text x on x.seq = t.seq
		where t.id = ?`, func(r row) error {
		text.Need, text.Context = r.ColumnText(0), r.ColumnText(1)
		return nil
	}, string(id))
	return text, err
}

// allTexts reads the result too that belongs to the task now.
func allTexts(c *conn, t *store.Task) (store.TaskText, error) {
	text, err := taskText(c, t.ID)
	if err != nil || t.ResultNo() == 0 {
		return text, err
	}
	_, err = c.one("select body from pinchwork_result where task = ? and no = ?", func(r row) error {
		text.Result = r.ColumnText(0)
		return nil
	}, string(t.ID), t.ResultNo())
	return text, err
}

// stored reads a task with need, context and those who judge it.
func stored(c *conn, id store.TaskID) (out store.StoredTask, err error) {
	if out.Task, err = taskByID(c, id); err != nil || out.Task == nil {
		return out, err
	}
	if out.Text, err = taskText(c, id); err != nil {
		return out, err
	}
	err = collect(c, &out.Infra, readID[store.AgentID], "select agent from pinchwork_role where task = ? and role = ?",
		string(id), string(store.RoleInfra))
	return out, err
}

// Tasks returns tasks by id; see store.Reader.
func (s *Store) Tasks(ctx context.Context, ids []store.TaskID) (tasks []store.StoredTask, err error) {
	if len(ids) > store.MaxIDs {
		return nil, store.ErrTooMany
	}
	err = s.read(ctx, "reading tasks", func(c *conn) error {
		tasks, err = storedAll(c, ids)
		return err
	})
	return tasks, err
}

func storedAll(c *conn, ids []store.TaskID) ([]store.StoredTask, error) {
	tasks := make([]store.StoredTask, 0, len(ids))
	for _, id := range ids {
		t, err := stored(c, id)
		if err != nil {
			return nil, err
		}
		if t.Task != nil {
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

// TasksOf pages through the tasks of one agent; see store.Reader. Totals are counted as
// tasks change, so that a page costs what it shows and skips.
func (s *Store) TasksOf(ctx context.Context, q store.TasksQuery) (page store.TasksPage, err error) {
	err = s.read(ctx, "reading tasks of an agent", func(c *conn) error {
		page, err = tasksOf(c, &q)
		return err
	})
	return page, err
}

func tasksOf(c *conn, q *store.TasksQuery) (page store.TasksPage, err error) {
	sql, statuses := listOf(q)
	if len(statuses) == 0 {
		return page, nil
	}
	a := account{}
	if _, err := c.one(selectAccount, a.read, string(q.Agent)); err != nil {
		return page, err
	}
	page.Total = int(a.tally.sum(q.Role, q.Status))
	var ids []store.TaskID
	args := append([]any{string(q.Agent), max(q.Limit, 0), max(q.Offset, 0)}, statuses...)
	if err := collect(c, &ids, readID[store.TaskID], sql, args...); err != nil {
		return page, err
	}
	if page.Tasks, err = sized(c, ids, q.MaxBytes); err != nil {
		return page, err
	}
	page.Due, err = dueOf(c, q.Agent, q.Now)
	return page, err
}

// sized reads tasks with all their texts until these are longer than most bytes, 0 for
// any number; the first always comes.
func sized(c *conn, ids []store.TaskID, most int) (tasks []store.StoredTask, err error) {
	size := 0
	for _, id := range ids {
		t, err := stored(c, id)
		if err != nil {
			return nil, err
		}
		if t.Text, err = allTexts(c, t.Task); err != nil {
			return nil, err
		}
		size += len(t.Text.Need) + len(t.Text.Context) + len(t.Text.Result)
		if most > 0 && size > most && len(tasks) > 0 {
			break
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// listOf puts lists together, each of one role and one status, highest Seq first, of
// which a page needs no more than it shows and skips. The statuses are arguments from
// the fourth on; there are none when the query names one that does not exist.
func listOf(q *store.TasksQuery) (sql string, statuses []any) {
	for _, status := range store.Statuses() {
		if q.Status == "" || q.Status == status {
			statuses = append(statuses, number(status))
		}
	}
	var lists []string
	for _, column := range columnsOf(q.Role) {
		for i := range statuses {
			lists = append(lists, "select * from (select seq, id from pinchwork_task where "+column+
				" = ?1 and status = ?"+string(rune('4'+i))+" order by seq desc limit ?2 + ?3)")
		}
	}
	return "select id from (" + strings.Join(lists, " union ") + ") order by seq desc limit ?2 offset ?3", statuses
}

func columnsOf(role store.PartyRole) []string {
	switch role {
	case store.PartyPoster:
		return []string{"poster"}
	case store.PartyWorker:
		return []string{"worker"}
	default:
		return []string{"poster", "worker"}
	}
}

// ScanOpen pages through posted tasks in the order of posting; see store.FeedReader.
func (s *Store) ScanOpen(ctx context.Context, after int64, limit int) (tasks []store.StoredTask, err error) {
	err = s.read(ctx, "scanning open tasks", func(c *conn) error {
		var ids []store.TaskID
		err := collect(c, &ids, readID[store.TaskID],
			"select id from pinchwork_task where open = 1 and seq > ? order by seq limit ?", after, max(limit, 0))
		if err == nil {
			tasks, err = storedAll(c, ids)
		}
		return err
	})
	return tasks, err
}

// ScanTasks pages through all tasks in the order of posting; see store.FeedReader.
func (s *Store) ScanTasks(ctx context.Context, after int64, limit int) (tasks []store.StoredTask, err error) {
	err = s.read(ctx, "scanning tasks", func(c *conn) error {
		tasks = nil
		return collect(c, &tasks, func(r row) (t store.StoredTask, err error) {
			t.Task, err = decodeTask(r, 0)
			t.Due = instant(r, 3)
			return t, err
		}, "select seq, version, doc, due from pinchwork_task where seq > ? order by seq limit ?", after, max(limit, 0))
	})
	return tasks, err
}

// ScanEnded pages through ended tasks, the last one first; see store.FeedReader.
func (s *Store) ScanEnded(ctx context.Context, limit, offset int) (tasks []store.StoredTask, err error) {
	err = s.read(ctx, "scanning ended tasks", func(c *conn) error {
		tasks = nil
		return collect(c, &tasks, func(r row) (t store.StoredTask, err error) {
			t.Task, err = decodeTask(r, 0)
			return t, err
		}, "select seq, version, doc from pinchwork_task where ended is not null order by ended desc, seq desc limit ? offset ?",
			max(limit, 0), max(offset, 0))
	})
	return tasks, err
}

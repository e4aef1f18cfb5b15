package sqlite

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Load brings what one decision needs, as of one instant; see store.Reader.
func (s *Store) Load(ctx context.Context, q store.LoadQuery) (l *store.Loaded, err error) {
	err = s.read(ctx, "loading", func(c *conn) error {
		l = new(store.Loaded)
		return load(c, l, &q)
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

func load(c *conn, l *store.Loaded, q *store.LoadQuery) (err error) {
	if q.Caller != "" {
		if l.Caller, err = agentByID(c, q.Caller); err != nil {
			return err
		}
		if l.Due, err = dueOf(c, q.Caller, q.Now); err != nil {
			return err
		}
	}
	if q.Agent == "" && q.External != "" {
		l.Agent, err = agentWhere(c, "a.external_id = ?", q.External)
	} else {
		l.Agent, err = agentByID(c, q.Agent)
	}
	if err != nil {
		return err
	}
	if q.Task != "" {
		if err := loadTask(c, l, q); err != nil {
			return err
		}
	}
	if q.TrustIn {
		if err := collect(c, &l.TrustIn, readPair, "select "+pairColumns+" from pinchwork_trust where to_id = ?", string(q.Caller)); err != nil {
			return err
		}
	}
	if q.Report != "" {
		if l.Report, err = first(c, readReport, "select "+reportColumns+" from pinchwork_report where id = ?", string(q.Report)); err != nil {
			return err
		}
	}
	return loadRecords(c, l, q)
}

func loadRecords(c *conn, l *store.Loaded, q *store.LoadQuery) (err error) {
	if q.Idempotency != nil {
		if l.Idempotency, err = loadRecord(c, *q.Idempotency, q.Now); err != nil {
			return err
		}
	}
	for _, id := range q.Records {
		r, err := loadRecord(c, id, q.Now)
		if err != nil {
			return err
		}
		if r != nil {
			l.Records = append(l.Records, r)
		}
	}
	return nil
}

func loadRecord(c *conn, id store.IdempotencyID, now time.Time) (found *store.IdempotencyRecord, err error) {
	_, err = c.one(`select request, outcome, expires_at from pinchwork_idempotency
		where caller = ? and operation = ? and key = ? and expires_at > ?`, func(r row) error {
		found = &store.IdempotencyRecord{IdempotencyID: id, Outcome: r.ColumnBlob(1, nil), ExpiresAt: instant(r, 2)}
		copy(found.Request[:], r.ColumnRawBlob(0))
		return nil
	}, string(id.Caller), id.Operation, id.Key, now)
	return found, err
}

func loadTask(c *conn, l *store.Loaded, q *store.LoadQuery) (err error) {
	if l.Task, err = taskByID(c, q.Task); err != nil || l.Task == nil {
		return err
	}
	t := l.Task
	if l.Poster, err = agentByID(c, t.Poster); err != nil {
		return err
	}
	if l.Worker, err = agentByID(c, t.Worker()); err != nil {
		return err
	}
	if err := loadRelatives(c, l); err != nil {
		return err
	}
	if q.Text {
		if l.Text, err = allTexts(c, t); err != nil {
			return err
		}
	}
	if err := loadResults(c, l, q.Results); err != nil {
		return err
	}
	if q.Trust {
		if l.PosterTrust, err = trustOf(c, t.Poster, t.Worker()); err != nil {
			return err
		}
		if l.WorkerTrust, err = trustOf(c, t.Worker(), t.Poster); err != nil {
			return err
		}
	}
	if q.Role {
		if err := loadRole(c, l, q.Caller); err != nil {
			return err
		}
	}
	return loadTalk(c, l, q)
}

func loadResults(c *conn, l *store.Loaded, numbers []int) error {
	for _, no := range numbers {
		_, err := c.one("select body from pinchwork_result where task = ? and no = ?", func(r row) error {
			l.Results = append(l.Results, store.Result{Task: l.Task.ID, No: no, Text: r.ColumnText(0)})
			return nil
		}, string(l.Task.ID), no)
		if err != nil {
			return err
		}
	}
	return nil
}

func loadRelatives(c *conn, l *store.Loaded) (err error) {
	if system := l.Task.System; system != nil {
		if l.Parent, err = taskByID(c, system.Parent); err != nil {
			return err
		}
		if l.Subject, err = agentByID(c, system.Subject); err != nil {
			return err
		}
	}
	for _, id := range l.Task.Children {
		child, err := taskByID(c, id)
		if err != nil {
			return err
		}
		if child != nil {
			l.Children = append(l.Children, child)
		}
	}
	return nil
}

// loadRole reads the role on the task on which roles exclude each other: the parent of
// a system task, else the task itself.
func loadRole(c *conn, l *store.Loaded, caller store.AgentID) error {
	basis := l.Task.ID
	if l.Task.System != nil {
		basis = l.Task.System.Parent
	}
	_, err := c.one("select role, lapsed_at, lapse_why, lapse_claim from pinchwork_role where task = ? and agent = ?", func(r row) error {
		l.Role = store.Role(r.ColumnText(0))
		if at := instant(r, 1); !at.IsZero() {
			l.Lapse = &store.Lapse{At: at, Why: r.ColumnText(2), Claim: int32(r.ColumnInt64(3))}
		}
		return nil
	}, string(basis), string(caller))
	return err
}

func trustOf(c *conn, from, to store.AgentID) (store.TrustPair, error) {
	pair, err := first(c, readPair, "select "+pairColumns+" from pinchwork_trust where from_id = ? and to_id = ?", string(from), string(to))
	if err != nil || pair == nil {
		return store.NeutralPair(from, to), err
	}
	return *pair, nil
}

// loadTalk reads the pages that the query asks for.
func loadTalk(c *conn, l *store.Loaded, q *store.LoadQuery) (err error) {
	if q.Question != "" {
		l.Question, err = first(c, readQuestion, "select "+questionColumns+" from pinchwork_question where id = ? and task = ?",
			string(q.Question), string(q.Task))
		if err != nil {
			return err
		}
	}
	if q.Messages != nil {
		if err := loadMessages(c, l, q.Task, q.Messages); err != nil {
			return err
		}
	}
	if q.Questions == nil {
		return nil
	}
	err = collect(c, &l.Questions, readQuestion, "select "+questionColumns+` from pinchwork_question
		where task = ? order by n limit ? offset ?`, string(q.Task), max(q.Questions.Limit, 0), max(q.Questions.Offset, 0))
	if err != nil {
		return err
	}
	n, err := c.number("select count(*) from pinchwork_question where task = ?", string(q.Task))
	l.TalkTotal = int(n)
	return err
}

func loadMessages(c *conn, l *store.Loaded, task store.TaskID, q *store.TalkQuery) error {
	where, args := " from pinchwork_message where task = ?", []any{string(task)}
	if q.Worker != "" {
		where, args = where+" and worker = ?", append(args, string(q.Worker))
	}
	n, err := c.number("select count(*)"+where, args...)
	if err != nil {
		return err
	}
	l.TalkTotal = int(n)
	return collect(c, &l.Messages, readMessage, "select "+messageColumns+where+" order by n limit ? offset ?",
		append(args, max(q.Limit, 0), max(q.Offset, 0))...)
}

package sqlite

import (
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

func (w *writing) guardQuestions(c *store.Change) error {
	for i := range c.Questions {
		q := &c.Questions[i]
		found, err := w.has("select 1 from pinchwork_question where id = ?", string(q.ID))
		same := func(o store.Question) bool { return o.ID == q.ID }
		conflict := store.Conflict{Guard: store.GuardDuplicate, Task: q.Task, Agent: q.Asker}
		if err := refuse(found || slices.ContainsFunc(c.Questions[:i], same), err, conflict); err != nil {
			return err
		}
	}
	for _, a := range c.Answers {
		open, err := w.has("select 1 from pinchwork_question where id = ? and task = ? and answered_at is null",
			string(a.Question), string(a.Task))
		if err := refuse(!open, err, store.Conflict{Guard: store.GuardAnswered, Task: a.Task}); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardTalk(c *store.Change) error {
	for i := range c.Talk {
		d := &c.Talk[i]
		var unanswered, talked int64
		found, err := w.one("select unanswered, talk_bytes from pinchwork_task where id = ?", func(r row) error {
			unanswered, talked = r.ColumnInt64(0), r.ColumnInt64(1)
			return nil
		}, string(d.Task))
		switch {
		case err != nil:
			return err
		case !found && !posts(c, d.Task):
			return &store.Conflict{Guard: store.GuardTask, Task: d.Task}
		case d.Delta > 0 && unanswered+int64(d.Delta) > int64(d.Max):
			return &store.Conflict{Guard: store.GuardQuestions, Task: d.Task}
		case exceeds(talked, d.Bytes, d.MaxBytes):
			return &store.Conflict{Guard: store.GuardTalkBytes, Task: d.Task}
		}
	}
	return nil
}

func (w *writing) guardMessages(c *store.Change) error {
	for i := range c.Messages {
		m := &c.Messages[i]
		found, err := w.has("select 1 from pinchwork_message where id = ?", string(m.ID))
		same := func(o store.Message) bool { return o.ID == m.ID }
		conflict := store.Conflict{Guard: store.GuardDuplicate, Task: m.Task, Agent: m.Sender}
		if err := refuse(found || slices.ContainsFunc(c.Messages[:i], same), err, conflict); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardReports(c *store.Change) error {
	for i := range c.Reports {
		r := &c.Reports[i]
		made, err := w.has("select 1 from pinchwork_report where id = ? or task = ? and reporter = ?",
			string(r.ID), string(r.Task), string(r.Reporter))
		same := func(o store.Report) bool { return o.ID == r.ID || o.Task == r.Task && o.Reporter == r.Reporter }
		conflict := store.Conflict{Guard: store.GuardDuplicate, Task: r.Task, Agent: r.Reporter}
		if err := refuse(made || slices.ContainsFunc(c.Reports[:i], same), err, conflict); err != nil {
			return err
		}
	}
	for i := range c.Resolutions {
		r := &c.Resolutions[i]
		open, err := w.has("select 1 from pinchwork_report where id = ? and status = ?", string(r.ID), string(store.ReportOpen))
		if err := refuse(!open, err, store.Conflict{Guard: store.GuardReport, Task: r.Task}); err != nil {
			return err
		}
	}
	return nil
}

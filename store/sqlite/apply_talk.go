package sqlite

import (
	"github.com/pinchwork/pinchwork/store"
)

func (w *writing) writeTalk(c *prepared) error {
	for i := range c.Questions {
		q := &c.Questions[i]
		err := w.run(`insert into pinchwork_question (id, task, asker, body, answer, created_at, answered_at)
			values (?, ?, ?, ?, ?, ?, ?)`,
			string(q.ID), string(q.Task), string(q.Asker), q.Text, q.Answer, q.CreatedAt, orNull(q.AnsweredAt))
		if err != nil {
			return err
		}
	}
	for _, a := range c.Answers {
		err := w.run("update pinchwork_question set answer = ?, answered_at = ? where id = ?", a.Text, a.At, string(a.Question))
		if err != nil {
			return err
		}
	}
	for _, d := range c.Talk {
		err := w.run("update pinchwork_task set unanswered = unanswered + ?, talk_bytes = talk_bytes + ? where id = ?",
			d.Delta, d.Bytes, string(d.Task))
		if err != nil {
			return err
		}
	}
	return w.writeMessages(c)
}

func (w *writing) writeMessages(c *prepared) error {
	for i := range c.Messages {
		m := &c.Messages[i]
		err := w.run("insert into pinchwork_message (id, task, sender, worker, body, created_at) values (?, ?, ?, ?, ?, ?)",
			string(m.ID), string(m.Task), string(m.Sender), string(m.Worker), m.Text, m.CreatedAt)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) writeReports(c *prepared) error {
	for i := range c.Reports {
		r := &c.Reports[i]
		err := w.run(`insert into pinchwork_report (id, task, reporter, reason, status, note, created_at, resolved_at)
			values (?, ?, ?, ?, ?, ?, ?, ?)`,
			string(r.ID), string(r.Task), string(r.Reporter), r.Reason, string(r.Status), r.Note, r.CreatedAt, r.ResolvedAt)
		if err == nil {
			err = w.countReports(r.Status, 1)
		}
		if err != nil {
			return err
		}
	}
	for i := range c.Resolutions {
		if err := w.resolve(&c.Resolutions[i]); err != nil {
			return err
		}
	}
	return nil
}

// resolve closes a report, which was open.
func (w *writing) resolve(r *store.Report) error {
	err := w.run("update pinchwork_report set status = ?, note = ?, resolved_at = ? where id = ?",
		string(r.Status), r.Note, r.ResolvedAt, string(r.ID))
	if err == nil {
		err = w.countReports(store.ReportOpen, -1)
	}
	if err == nil {
		err = w.countReports(r.Status, 1)
	}
	return err
}

func (w *writing) countReports(status store.ReportStatus, by int) error {
	return w.run(`insert into pinchwork_report_count (status, count) values (?, ?)
		on conflict (status) do update set count = count + excluded.count`, string(status), by)
}

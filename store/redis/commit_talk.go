package redis

import "github.com/pinchwork/pinchwork/store"

func (p *program) guardTalk(c *store.Change) {
	for i := range c.Questions {
		q := &c.Questions[i]
		p.fresh(store.Conflict{Guard: store.GuardDuplicate, Task: q.Task}, p.question(q.ID), "d")
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		duplicate := store.Conflict{Guard: store.GuardDuplicate, Task: m.Task}
		if p.repeated(p.message(m.ID), "") {
			p.guardKey(duplicate, "never", p.message(m.ID), "")
		}
		p.guardKey(duplicate, "absent", p.message(m.ID), "")
	}
	for i := range c.Reports {
		r := &c.Reports[i]
		duplicate := store.Conflict{Guard: store.GuardDuplicate, Agent: r.Reporter, Task: r.Task}
		p.fresh(duplicate, p.report(r.ID), "d")
		p.fresh(duplicate, p.taskReports(r.Task), string(r.Reporter))
	}
	for _, a := range c.Answers {
		p.guard(store.Conflict{Guard: store.GuardAnswered, Task: a.Task}, "is", p.question(a.Question), "s", "0")
	}
	for i := range c.Resolutions {
		r := &c.Resolutions[i]
		p.guard(store.Conflict{Guard: store.GuardReport, Task: r.Task}, "is", p.report(r.ID), "s", string(store.ReportOpen))
	}
	for _, n := range c.Talk {
		p.knownTask(c, n.Task)
		if n.Delta > 0 {
			p.guard(store.Conflict{Guard: store.GuardQuestions, Task: n.Task}, "most", p.task(n.Task), "q", n.Max-n.Delta)
		}
		if n.Bytes > 0 && n.MaxBytes != 0 {
			p.guard(store.Conflict{Guard: store.GuardTalkBytes, Task: n.Task}, "most", p.task(n.Task), "tb", n.MaxBytes-n.Bytes)
		}
	}
}

// knownTask guards that the task exists, unless another part of the Change
// already ensures it.
func (p *program) knownTask(c *store.Change, id store.TaskID) {
	for _, ref := range c.Unchanged {
		if ref.ID == id {
			return
		}
	}
	for i := range c.Tasks {
		if c.Tasks[i].New.ID == id {
			return
		}
	}
	p.guard(store.Conflict{Guard: store.GuardTask, Task: id}, "known", p.task(id), "v", "")
}

func (p *program) writeTalk(c *store.Change) {
	for i := range c.Questions {
		q := &c.Questions[i]
		p.set(p.question(q.ID), "d", packQuestion(q), "s", flag(!q.AnsweredAt.IsZero()))
		p.step("RPUSH", p.taskQuestions(q.Task), string(q.ID))
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		p.step("SET", p.message(m.ID), packMessage(m))
		p.step("RPUSH", p.taskMessages(m.Task), string(m.ID)+" "+string(m.Worker))
		p.step("RPUSH", p.claimMessages(m.Task, m.Worker), string(m.ID))
	}
	for i := range c.Reports {
		p.writeReport(&c.Reports[i])
	}
	for i := range c.Answers {
		a := &c.Answers[i]
		p.set(p.question(a.Question), "a", packAnswer(a), "s", "1")
	}
	for i := range c.Resolutions {
		r := &c.Resolutions[i]
		p.step("resolve", p.report(r.ID), string(r.ID), string(r.Status), packResolution(r))
		p.with(p.key(p.reports(store.ReportOpen)), p.key(p.reports(r.Status)))
	}
	for _, n := range c.Talk {
		p.count(p.task(n.Task), "q", int64(n.Delta))
		p.count(p.task(n.Task), "tb", n.Bytes)
	}
}

func (p *program) writeReport(r *store.Report) {
	id := string(r.ID)
	p.step("insert", p.report(r.ID), "report", "d", packReport(r), "s", string(r.Status))
	p.stepOn(0, "place", id, "", "")
	p.with(0, 2, p.key(p.reports("")), p.key(p.reports(r.Status)))
	p.set(p.taskReports(r.Task), string(r.Reporter), id)
}

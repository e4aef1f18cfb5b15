package memory

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// Load reads what one decision needs; see store.Reader.
func (s *Store) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	l := new(store.Loaded)
	if q.Caller != "" {
		l.Caller = s.agent(q.Caller)
		l.Due = s.dueAt(q.Caller, q.Now)
	}
	switch {
	case q.Agent != "":
		l.Agent = s.agent(q.Agent)
	case q.External != "":
		if p := s.externals[q.External]; p != nil {
			l.Agent = p.agent
		}
	}
	if q.Task != "" {
		s.loadTask(l, &q)
	}
	if q.TrustIn {
		l.TrustIn = s.trustIn(q.Caller)
	}
	if q.Idempotency != nil {
		l.Idempotency = s.once.get(*q.Idempotency, q.Now)
	}
	for _, id := range q.Records {
		if r := s.once.get(id, q.Now); r != nil {
			l.Records = append(l.Records, r)
		}
	}
	if q.Report != "" {
		l.Report = s.reports.get(q.Report)
	}
	return l, nil
}

func (s *Store) loadTask(l *store.Loaded, q *store.LoadQuery) {
	r := s.tasks[q.Task]
	if r == nil || r.task == nil {
		return
	}
	t := r.task
	l.Task = t
	l.Poster, l.Worker = s.agent(t.Poster), s.agent(t.Worker())
	s.loadRelatives(l)
	if q.Text {
		l.Text = r.texts()
	}
	for _, no := range q.Results {
		if r.hasResult(no) {
			l.Results = append(l.Results, store.Result{Task: t.ID, No: no, Text: r.result(no)})
		}
	}
	if q.Trust {
		l.PosterTrust = s.trustOf(t.Poster, t.Worker())
		l.WorkerTrust = s.trustOf(t.Worker(), t.Poster)
	}
	if q.Role {
		has := s.roleBasis(r).role(q.Caller)
		l.Role, l.Lapse = has.Role, has.Lapse
	}
	if q.Question != "" {
		l.Question = s.talk.question(q.Task, q.Question)
	}
	if r.aside != nil {
		s.loadTalk(l, r.aside, q)
	}
}

func (s *Store) loadRelatives(l *store.Loaded) {
	if system := l.Task.System; system != nil {
		l.Parent = s.task(system.Parent)
		l.Subject = s.agent(system.Subject)
	}
	for _, id := range l.Task.Children {
		if child := s.task(id); child != nil {
			l.Children = append(l.Children, child)
		}
	}
}

// roleBasis is the task on which roles exclude each other: the parent of a
// system task, else the task itself.
func (s *Store) roleBasis(r *record) *record {
	if r.task.System != nil {
		return s.tasks[r.task.System.Parent]
	}
	return r
}

package memory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// record is everything that is stored under one task id.
type record struct {
	// task is nil while only roles, talk or reports mention a task that does not
	// exist.
	task          *store.Task
	seq           int64
	need, context string
	// aside holds what most open tasks do not have.
	aside *aside
}

// aside is what is stored about a task beside the task itself.
type aside struct {
	// roles are in the order of agents.
	roles     []store.RoleWrite
	results   []store.Result
	open      int   // unanswered questions
	talked    int64 // bytes of talk
	questions []store.QuestionID
	messages  []*store.Message
	threads   map[store.AgentID][]*store.Message
	reports   []store.ReportID
}

// record returns what is stored under an id, and creates it at the first
// mention.
func (s *Store) record(id store.TaskID) *record {
	r := s.tasks[id]
	if r == nil {
		r = new(record)
		s.tasks[id] = r
	}
	return r
}

// task returns a task, or nil.
func (s *Store) task(id store.TaskID) *store.Task {
	if r := s.tasks[id]; r != nil {
		return r.task
	}
	return nil
}

func (s *Store) aside(id store.TaskID) *aside {
	r := s.record(id)
	if r.aside == nil {
		r.aside = new(aside)
	}
	return r.aside
}

func (r *record) text() store.TaskText {
	return store.TaskText{Need: r.need, Context: r.context}
}

// texts includes the result that belongs to the task now.
func (r *record) texts() store.TaskText {
	text := r.text()
	if no := r.task.ResultNo(); no != 0 {
		text.Result = r.result(no)
	}
	return text
}

func (r *record) result(no int) string {
	if r.aside != nil {
		for _, result := range slices.Backward(r.aside.results) {
			if result.No == no {
				return result.Text
			}
		}
	}
	return ""
}

func (r *record) hasResult(no int) bool {
	return r != nil && r.aside != nil && slices.ContainsFunc(r.aside.results, func(x store.Result) bool { return x.No == no })
}

// role returns the agent's role on the task, with its lapse.
func (r *record) role(id store.AgentID) store.RoleWrite {
	if r == nil || r.aside == nil {
		return store.RoleWrite{}
	}
	if i, found := r.aside.find(id); found {
		return r.aside.roles[i]
	}
	return store.RoleWrite{}
}

func (a *aside) find(id store.AgentID) (int, bool) {
	return slices.BinarySearchFunc(a.roles, id, func(w store.RoleWrite, id store.AgentID) int {
		return strings.Compare(string(w.Agent), string(id))
	})
}

func (a *aside) take(w store.RoleWrite) {
	if i, found := a.find(w.Agent); found {
		a.roles[i] = w
	} else {
		a.roles = slices.Insert(a.roles, i, w)
	}
}

// drop deletes texts of a task.
func (s *Store) drop(ref store.TextRef) {
	r := s.tasks[ref.Task]
	switch {
	case r == nil:
	case ref.No == 0:
		r.need, r.context = "", ""
		if r.aside != nil {
			s.talk.forget(r.aside)
			r.aside.questions, r.aside.messages, r.aside.threads = nil, nil, nil
		}
	case r.aside != nil:
		r.aside.results = slices.DeleteFunc(r.aside.results, func(x store.Result) bool { return x.No == ref.No })
	}
}

// infra returns the agents with RoleInfra on the task.
func (r *record) infra() []store.AgentID {
	if r.aside == nil {
		return nil
	}
	var ids []store.AgentID
	for _, w := range r.aside.roles {
		if w.Role == store.RoleInfra {
			ids = append(ids, w.Agent)
		}
	}
	return ids
}

func (r *record) stored() store.StoredTask {
	return store.StoredTask{Task: r.task, Text: r.text(), Infra: r.infra()}
}

// write inserts or replaces a task, and returns its Seq.
func (s *Store) write(w *store.TaskWrite) int64 {
	r := s.record(w.New.ID)
	old := r.task
	if old == nil {
		s.seq++
		r.seq, r.need, r.context = s.seq, w.Text.Need, w.Text.Context
	}
	if w.New.Seq != r.seq {
		w.New.Seq = r.seq
	}
	r.task = w.New
	s.place(r, old, w.New)
	return r.seq
}

// place moves a task in all indexes from its place as old to its place as next;
// nil has no place.
func (s *Store) place(r *record, old, next *store.Task) {
	s.count(old, -1)
	s.count(next, 1)
	s.all.move(r, old != nil, next != nil, r.seq, r.seq)
	s.open.move(r, isOpen(old), isOpen(next), r.seq, r.seq)
	endedOld, wasEnded := endedAt(old)
	endedNext, ended := endedAt(next)
	s.ended.move(r, wasEnded, ended, endedOld, endedNext)
	s.placeRoles(r, old, next)
	s.placeDue(r, old, next)
}

// move keeps one task of an index where it belongs.
func (x *index) move(r *record, was, is bool, from, to int64) {
	if was && is && from == to {
		return
	}
	if was {
		x.remove(from, r)
	}
	if is {
		x.add(to, r)
	}
}

// count keeps the totals.
func (s *Store) count(t *store.Task, n int64) {
	switch {
	case t == nil:
	case t.Counted():
		s.byStatus[t.Status] += n
	case t.Sealed():
		s.sealed[t.Status] += n
	}
}

func isOpen(t *store.Task) bool { return t != nil && t.Open() }

func endedAt(t *store.Task) (int64, bool) {
	if t == nil || t.Ending == nil {
		return 0, false
	}
	return t.Ending.At.UnixMicro(), true
}

func nextDue(t *store.Task) (int64, bool) {
	if t == nil || t.NextDue.IsZero() {
		return 0, false
	}
	return t.NextDue.UnixMicro(), true
}

// placeDue keeps the timers of the marketplace and of both parties.
func (s *Store) placeDue(r *record, old, next *store.Task) {
	from, was := nextDue(old)
	to, is := nextDue(next)
	if is {
		s.announce(to)
	}
	s.due.move(r, was, is, from, to)
	poster := cmp.Or(old, next).Poster
	s.party(poster).due.move(r, was, is, from, to)
	before, after := otherWorker(old), otherWorker(next)
	if before == after {
		if before != "" {
			s.party(before).due.move(r, was, is, from, to)
		}
		return
	}
	if before != "" {
		s.party(before).due.move(r, was, false, from, 0)
	}
	if after != "" {
		s.party(after).due.move(r, false, is, 0, to)
	}
}

// otherWorker is the worker of a task, or "" if that is its poster, whose index
// already has the task.
func otherWorker(t *store.Task) store.AgentID {
	if t == nil || t.Worker() == t.Poster {
		return ""
	}
	return t.Worker()
}

package memory

import (
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// talk has the questions and messages of all tasks by id.
type talk struct {
	questions map[store.QuestionID]*store.Question
	messages  map[store.MessageID]struct{}
}

func newTalk() talk {
	return talk{
		questions: make(map[store.QuestionID]*store.Question),
		messages:  make(map[store.MessageID]struct{}),
	}
}

func (s *Store) guardQuestions(c *store.Change) *store.Conflict {
	for i := range c.Questions {
		q := &c.Questions[i]
		same := func(other store.Question) bool { return other.ID == q.ID }
		if s.talk.questions[q.ID] != nil || slices.ContainsFunc(c.Questions[:i], same) {
			return &store.Conflict{Guard: store.GuardDuplicate, Task: q.Task, Agent: q.Asker}
		}
	}
	for _, a := range c.Answers {
		q := s.talk.questions[a.Question]
		if q == nil || q.Task != a.Task || !q.AnsweredAt.IsZero() {
			return &store.Conflict{Guard: store.GuardAnswered, Task: a.Task}
		}
	}
	return s.guardTalk(c)
}

func (s *Store) guardTalk(c *store.Change) *store.Conflict {
	for i := range c.Talk {
		d := &c.Talk[i]
		var has aside
		if r := s.tasks[d.Task]; r != nil && r.aside != nil {
			has = *r.aside
		}
		switch {
		case s.task(d.Task) == nil && !posts(c, d.Task):
			return &store.Conflict{Guard: store.GuardTask, Task: d.Task}
		case d.Delta > 0 && has.open+d.Delta > d.Max:
			return &store.Conflict{Guard: store.GuardQuestions, Task: d.Task}
		case exceeds(has.talked, d.Bytes, d.MaxBytes):
			return &store.Conflict{Guard: store.GuardTalkBytes, Task: d.Task}
		}
	}
	return nil
}

func (s *Store) guardMessages(c *store.Change) *store.Conflict {
	for i := range c.Messages {
		m := &c.Messages[i]
		same := func(other store.Message) bool { return other.ID == m.ID }
		if _, exists := s.talk.messages[m.ID]; exists || slices.ContainsFunc(c.Messages[:i], same) {
			return &store.Conflict{Guard: store.GuardDuplicate, Task: m.Task, Agent: m.Sender}
		}
	}
	return nil
}

func (s *Store) ask(q *store.Question) {
	a := s.aside(q.Task)
	a.questions = append(a.questions, q.ID)
	s.talk.questions[q.ID] = q
}

// answer replaces the question: readers may hold the old one.
func (t *talk) answer(a *store.Answer) {
	next := *t.questions[a.Question]
	next.Answer, next.AnsweredAt = a.Text, a.At
	t.questions[a.Question] = &next
}

func (s *Store) message(m *store.Message) {
	a := s.aside(m.Task)
	a.messages = append(a.messages, m)
	if a.threads == nil {
		a.threads = make(map[store.AgentID][]*store.Message)
	}
	a.threads[m.Worker] = append(a.threads[m.Worker], m)
	s.talk.messages[m.ID] = struct{}{}
}

// question returns a question of the task, or nil.
func (t *talk) question(task store.TaskID, id store.QuestionID) *store.Question {
	if q := t.questions[id]; q != nil && q.Task == task {
		return q
	}
	return nil
}

// loadTalk reads the pages that the query asks for.
func (s *Store) loadTalk(l *store.Loaded, a *aside, q *store.LoadQuery) {
	if q.Messages != nil {
		thread := a.messages
		if q.Messages.Worker != "" {
			thread = a.threads[q.Messages.Worker]
		}
		l.TalkTotal = len(thread)
		for _, m := range window(thread, q.Messages.Offset, q.Messages.Limit) {
			l.Messages = append(l.Messages, *m)
		}
	}
	if q.Questions != nil {
		l.TalkTotal = len(a.questions)
		for _, id := range window(a.questions, q.Questions.Offset, q.Questions.Limit) {
			l.Questions = append(l.Questions, *s.talk.questions[id])
		}
	}
}

// window returns at most limit elements after the first offset.
func window[T any](all []T, offset, limit int) []T {
	from := min(max(offset, 0), len(all))
	return all[from:min(from+max(limit, 0), len(all))]
}

// forgetTalk drops the talk of a task that is deleted.
func (t *talk) forget(a *aside) {
	for _, id := range a.questions {
		delete(t.questions, id)
	}
	for _, m := range a.messages {
		delete(t.messages, m.ID)
	}
}

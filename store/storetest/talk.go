package storetest

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Questions, answers and messages.
var talkCases = []testCase{
	{"Questions page oldest first", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.post(taskNo(2), ann)
		want := w.askAll(taskNo(1), 5)
		w.askAll(taskNo(2), 1)
		w.equal(w.questions(taskNo(1), 10, 0), store.Loaded{Questions: want, TalkTotal: 5})
		w.equal(w.questions(taskNo(1), 2, 1), store.Loaded{Questions: want[1:3], TalkTotal: 5})
		w.equal(w.questions(taskNo(1), 2, 4), store.Loaded{Questions: want[4:], TalkTotal: 5})
		w.equal(w.questions(taskNo(1), 2, 9), store.Loaded{TalkTotal: 5})
	}},
	{"A question of the task, and of no other", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.post(taskNo(2), ann)
		q := w.askAll(taskNo(1), 1)[0]
		w.equal(w.load(store.LoadQuery{Task: taskNo(1), Question: q.ID}).Question, &q)
		w.equal(w.load(store.LoadQuery{Task: taskNo(2), Question: q.ID}).Question, (*store.Question)(nil))
	}},
	{"An answer fills in its question", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		want := w.askAll(taskNo(1), 2)
		a := store.Answer{Question: want[0].ID, Task: taskNo(1), Text: "so", At: w.in(time.Minute)}
		w.full(a)
		w.commit(&store.Change{Answers: []store.Answer{a}})
		want[0].Answer, want[0].AnsweredAt = "so", w.in(time.Minute)
		w.equal(w.questions(taskNo(1), 10, 0).Questions, want)
		w.equal(w.load(store.LoadQuery{Task: taskNo(1), Question: want[0].ID}).Question, &want[0])
	}},
	{"Messages page oldest first", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		want := w.say(taskNo(1), bob, 5)
		w.equal(w.messages(taskNo(1), "", 10, 0), store.Loaded{Messages: want, TalkTotal: 5})
		w.equal(w.messages(taskNo(1), "", 2, 1), store.Loaded{Messages: want[1:3], TalkTotal: 5})
		w.equal(w.messages(taskNo(1), "", 2, 9), store.Loaded{TalkTotal: 5})
	}},
	{"Messages of one worker's claim", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		first, second := w.say(taskNo(1), bob, 3), w.say(taskNo(1), cyd, 2)
		w.equal(w.messages(taskNo(1), bob, 10, 0), store.Loaded{Messages: first, TalkTotal: 3})
		w.equal(w.messages(taskNo(1), bob, 1, 1), store.Loaded{Messages: first[1:2], TalkTotal: 3})
		w.equal(w.messages(taskNo(1), cyd, 10, 0), store.Loaded{Messages: second, TalkTotal: 2})
		w.equal(w.messages(taskNo(1), "", 10, 0).TalkTotal, 5)
		w.equal(w.messages(taskNo(1), nobody, 10, 0), store.Loaded{})
	}},
	{"Questions win the total", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.askAll(taskNo(1), 2)
		w.say(taskNo(1), bob, 3)
		page := &store.TalkQuery{Limit: 10}
		l := w.load(store.LoadQuery{Task: taskNo(1), Questions: page, Messages: page})
		w.equal(l.TalkTotal, 2)
		w.equal(len(l.Messages), 3)
	}},
	{"Talk outlives a claim", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		said, asked := w.say(taskNo(1), bob, 1), w.askAll(taskNo(1), 1)
		t = w.rewrite(t, w.claimedBy(bob))
		w.rewrite(t, func(t *store.Task) { t.Status, t.Claim = store.StatusPosted, nil })
		w.equal(w.messages(taskNo(1), bob, 9, 0).Messages, said)
		w.equal(w.questions(taskNo(1), 9, 0).Questions, asked)
	}},
}

// askAll commits n questions about the task, one after the other.
func (w *world) askAll(task store.TaskID, n int) (out []store.Question) {
	w.Helper()
	for i := range n {
		q := store.Question{
			ID: store.QuestionID(fmt.Sprintf("qa-%s-%03d", task, 999-i)), Task: task, Asker: bob,
			Text: fmt.Sprint("question ", i), CreatedAt: w.in(time.Duration(i) * time.Second),
		}
		w.commit(&store.Change{Questions: []store.Question{q}})
		out = append(out, q)
	}
	return out
}

// say commits n messages of a claim, one after the other.
func (w *world) say(task store.TaskID, worker store.AgentID, n int) (out []store.Message) {
	w.Helper()
	for i := range n {
		m := store.Message{
			ID: store.MessageID(fmt.Sprintf("msg-%s-%s-%03d", task, worker, 999-i)), Task: task, Sender: ann,
			Worker: worker, Text: fmt.Sprint("message ", i), CreatedAt: w.in(time.Duration(i) * time.Second),
		}
		w.commit(&store.Change{Messages: []store.Message{m}})
		out = append(out, m)
	}
	return out
}

// questions reads a page and nothing but the talk.
func (w *world) questions(task store.TaskID, limit, offset int) store.Loaded {
	w.Helper()
	l := w.load(store.LoadQuery{Task: task, Questions: &store.TalkQuery{Limit: limit, Offset: offset}})
	return store.Loaded{Questions: l.Questions, TalkTotal: l.TalkTotal}
}

func (w *world) messages(task store.TaskID, worker store.AgentID, limit, offset int) store.Loaded {
	w.Helper()
	q := &store.TalkQuery{Limit: limit, Offset: offset, Worker: worker}
	l := w.load(store.LoadQuery{Task: task, Messages: q})
	return store.Loaded{Messages: l.Messages, TalkTotal: l.TalkTotal}
}

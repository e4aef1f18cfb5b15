package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

const talkPage = 1_000

// Ask asks a question about a posted task; at most 5 of a task may be
// unanswered (contract §9).
//
// Errors: ErrForbidden for the poster, ErrConflict when the task is not posted,
// ErrRateLimited at the limit.
func (h *Handle) Ask(ctx context.Context, id TaskID, question string) (QuestionView, error) {
	if err := checkRequired("question", question, MaxQuestion); err != nil {
		return QuestionView{}, err
	}
	qid, err := h.m.ids.next("qa-")
	if err != nil {
		return QuestionView{}, unavailable(err)
	}
	q := store.Question{ID: QuestionID(qid), Task: id, Asker: h.id, Text: question}
	return recorded(ctx, h.m, operation{
		name: "ask " + string(id), input: question, load: store.LoadQuery{Caller: h.id, Task: id},
		decide: func(now time.Time, l *store.Loaded) (*outcome, error) {
			q.CreatedAt = now
			return h.m.policy.decideAsk(now, l, q)
		},
		conflict: func(c *store.Conflict) error {
			if c.Guard == store.GuardQuestions {
				return refuse(CodeTooManyQuestions, "The task has %d unanswered questions, the most there can be", MaxUnanswered)
			}
			return tooMuchTalk(c)
		},
		outcome: func(*store.Loaded, *outcome) any { return questionView(&q) },
	}, func() QuestionView { return questionView(&q) })
}

func (p *Policy) decideAsk(now time.Time, l *store.Loaded, q store.Question) (*outcome, error) {
	if err := visible(l); err != nil {
		return nil, err
	}
	t := l.Task
	switch {
	case t.Poster == l.Caller.ID:
		return nil, refuse(CodeForbidden, "The poster cannot ask about the own task")
	case t.Status != StatusPosted:
		return nil, wrongState(t, "be asked about")
	}
	o := p.outcome(now)
	o.active(l.Caller.ID)
	o.Unchanged = []store.TaskRef{{ID: t.ID, Version: t.Version}}
	o.Questions = []store.Question{q}
	o.Talk = []store.TalkCount{{Task: t.ID, Delta: 1, Max: MaxUnanswered, Bytes: int64(len(q.Text)), MaxBytes: MaxTalkBytes}}
	o.tell(t.Poster, EventTaskQuestion, t.ID, EventData{QuestionID: q.ID})
	return o, nil
}

// Answer answers a question about an own task, once (contract §9).
func (h *Handle) Answer(ctx context.Context, id TaskID, qid QuestionID, answer string) (QuestionView, error) {
	if err := checkRequired("answer", answer, MaxReason); err != nil {
		return QuestionView{}, err
	}
	var q store.Question
	return recorded(ctx, h.m, operation{
		name: "answer " + string(id) + " " + string(qid), input: answer,
		load: store.LoadQuery{Caller: h.id, Task: id, Question: qid},
		decide: func(now time.Time, l *store.Loaded) (*outcome, error) {
			if err := posterOnly(l, "answer questions"); err != nil {
				return nil, err
			}
			if l.Question == nil || l.Question.Task != id {
				return nil, refuse(CodeNotFound, "Question not found")
			}
			if !l.Question.AnsweredAt.IsZero() {
				return nil, refuse(CodeAlreadyDone, "Question is already answered; the task is %s", l.Task.Status)
			}
			q = *l.Question
			q.Answer, q.AnsweredAt = answer, now
			o := h.m.policy.outcome(now)
			o.active(h.id)
			o.Answers = []store.Answer{{Question: qid, Task: id, Text: answer, At: now}}
			o.Talk = []store.TalkCount{{Task: id, Delta: -1, Bytes: int64(len(answer)), MaxBytes: MaxTalkBytes}}
			o.tell(q.Asker, EventQuestionAnswered, id, EventData{QuestionID: qid, Answer: cut(answer, MaxEventText)})
			return o, nil
		},
		conflict: tooMuchTalk,
		outcome:  func(*store.Loaded, *outcome) any { return questionView(&q) },
	}, func() QuestionView { return questionView(&q) })
}

// Questions lists the questions about a task, oldest first: every agent may
// read them, whatever the task's state (contract §9). Limit 1–1,000, default 1,000.
func (h *Handle) Questions(ctx context.Context, id TaskID, p Page) (list QuestionList, err error) {
	if p, err = checkPage(p, talkPage, talkPage); err != nil {
		return list, err
	}
	d, err := h.m.operate(ctx, operation{
		name: "questions",
		load: store.LoadQuery{Caller: h.id, Task: id, Questions: &store.TalkQuery{Limit: min(p.Limit, talkPiece), Offset: p.Offset}},
		decide: func(_ time.Time, l *store.Loaded) (*outcome, error) {
			if l.Task == nil || l.Task.System != nil {
				return nil, notFound()
			}
			return nil, nil
		},
	})
	if err != nil {
		return list, err
	}
	list = QuestionList{Questions: make([]QuestionView, 0, len(d.loaded.Questions)), Total: d.loaded.TalkTotal}
	list.NextOffset, err = p.inPieces(list.Total, func(q store.TalkQuery) ([]int, error) {
		questions := d.loaded.Questions
		if q.Offset > p.Offset {
			l, err := h.m.store.Load(ctx, store.LoadQuery{Task: id, Questions: &q})
			if err != nil {
				return nil, known(ctx, err)
			}
			questions = l.Questions
		}
		sizes := make([]int, len(questions))
		for i := range questions {
			sizes[i] = textSize(questions[i].Text, questions[i].Answer)
			list.Questions = append(list.Questions, questionView(&questions[i]))
		}
		return sizes, nil
	}, func(n int) { list.Questions = list.Questions[:n] })
	return list, err
}

// SendMessage writes to the other party of a claimed or delivered task
// (contract §9). The conversation belongs to the claim (pitfall 27).
func (h *Handle) SendMessage(ctx context.Context, id TaskID, text string) (MessageView, error) {
	if err := checkRequired("message", text, MaxReason); err != nil {
		return MessageView{}, err
	}
	mid, err := h.m.ids.next("msg-")
	if err != nil {
		return MessageView{}, unavailable(err)
	}
	msg := store.Message{ID: MessageID(mid), Task: id, Sender: h.id, Text: text}
	return recorded(ctx, h.m, operation{
		name: "message " + string(id), input: text, load: store.LoadQuery{Caller: h.id, Task: id, Role: true},
		decide: func(now time.Time, l *store.Loaded) (*outcome, error) {
			if err := partyOnly(l, "send messages"); err != nil {
				return nil, err
			}
			t := l.Task
			if t.Status != StatusClaimed && t.Status != StatusDelivered {
				return nil, wrongState(t, "be discussed")
			}
			msg.CreatedAt, msg.Worker = now, t.Claim.Worker
			o := h.m.policy.outcome(now)
			o.active(h.id)
			o.Unchanged = []store.TaskRef{{ID: t.ID, Version: t.Version}}
			o.Messages = []store.Message{msg}
			o.Talk = []store.TalkCount{{Task: t.ID, Bytes: int64(len(text)), MaxBytes: MaxTalkBytes}}
			to := t.Poster
			if to == h.id {
				to = t.Claim.Worker
			}
			o.tell(to, EventTaskMessage, id, EventData{MessageID: msg.ID, SenderID: h.id})
			return o, nil
		},
		conflict: tooMuchTalk,
		outcome:  func(*store.Loaded, *outcome) any { return messageView(&msg) },
	}, func() MessageView { return messageView(&msg) })
}

// Messages lists the conversation on a task, oldest first: all of it to the
// poster, the own part to the worker (contract §9). Limit 1–1,000, default 1,000.
func (h *Handle) Messages(ctx context.Context, id TaskID, p Page) (list MessageList, err error) {
	if p, err = checkPage(p, talkPage, talkPage); err != nil {
		return list, err
	}
	first := store.TalkQuery{Limit: min(p.Limit, talkPiece), Offset: p.Offset}
	all, err := h.messages(ctx, id, first)
	if err == nil && all.Task.Poster != h.id && all.Task.Claims > 1 {
		// There may be talk with an earlier worker, which is not this one's.
		first.Worker = h.id
		all, err = h.messages(ctx, id, first)
	}
	if err != nil {
		return list, err
	}
	list = MessageList{Messages: make([]MessageView, 0, len(all.Messages)), Total: all.TalkTotal}
	list.NextOffset, err = p.inPieces(list.Total, func(q store.TalkQuery) ([]int, error) {
		messages := all.Messages
		if q.Offset > p.Offset {
			q.Worker = first.Worker
			l, err := h.m.store.Load(ctx, store.LoadQuery{Task: id, Messages: &q})
			if err != nil {
				return nil, known(ctx, err)
			}
			messages = l.Messages
		}
		sizes := make([]int, len(messages))
		for i := range messages {
			sizes[i] = textSize(messages[i].Text)
			list.Messages = append(list.Messages, messageView(&messages[i]))
		}
		return sizes, nil
	}, func(n int) { list.Messages = list.Messages[:n] })
	return list, err
}

func (h *Handle) messages(ctx context.Context, id TaskID, q store.TalkQuery) (*store.Loaded, error) {
	d, err := h.m.operate(ctx, operation{
		name: "messages", load: store.LoadQuery{Caller: h.id, Task: id, Role: true, Messages: &q},
		decide: func(_ time.Time, l *store.Loaded) (*outcome, error) {
			return nil, partyOnly(l, "read messages")
		},
	})
	return d.loaded, err
}

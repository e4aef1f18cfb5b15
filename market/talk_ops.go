package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

const talkPage = 1_000

// Ask asks a question about a posted task; at most 5 of a task may be
// unanswered (rule 10.1).
//
// Errors: ErrForbidden for the poster, ErrConflict when the task is not posted,
// ErrRateLimited at the limit.
func (h *Handle) Ask(ctx context.Context, id TaskID, question string) (Question, error) {
	if err := rules.CheckRequired("question", question, limits.Question); err != nil {
		return Question{}, h.m.refused(ctx, "ask", err)
	}
	qid, err := h.m.ids.next("qa-")
	if err != nil {
		return Question{}, h.m.refused(ctx, "ask", unavailable(err))
	}
	q := store.Question{ID: QuestionID(qid), Task: id, Asker: h.id, Text: question}
	return recorded[Question](ctx, h.m, operation{
		name: "ask " + string(id), input: question, load: store.LoadQuery{Caller: h.id, Task: id},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Ask(now, l, q)
		},
		conflict: rules.TooMuchTalk,
		outcome:  func(_ *store.Loaded, o *rules.Outcome) any { return questionView(&o.Questions[0]) },
	})
}

// Answer answers a question about one of the caller's own tasks, once (rule
// 10.2).
func (h *Handle) Answer(ctx context.Context, id TaskID, qid QuestionID, answer string) (Question, error) {
	if err := rules.CheckRequired("answer", answer, limits.Reason); err != nil {
		return Question{}, h.m.refused(ctx, "answer", err)
	}
	return recorded[Question](ctx, h.m, operation{
		name: "answer " + string(id) + " " + string(qid), input: answer,
		load: store.LoadQuery{Caller: h.id, Task: id, Question: qid},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Reply(now, l, id, answer)
		},
		conflict: rules.TooMuchTalk,
		outcome: func(l *store.Loaded, o *rules.Outcome) any {
			q := *l.Question
			q.Answer, q.AnsweredAt = answer, o.At
			return questionView(&q)
		},
	})
}

// Questions lists the questions about a task, oldest first: every agent may
// read them, whatever the task's state (rule 10.2). Limit 1–1,000, default 1,000.
func (h *Handle) Questions(ctx context.Context, id TaskID, p Page) (list QuestionList, err error) {
	if p, err = checkPage(p, talkPage, talkPage); err != nil {
		return list, h.m.refused(ctx, "questions", err)
	}
	d, err := h.m.operate(ctx, operation{
		name: "questions",
		load: store.LoadQuery{Caller: h.id, Task: id, Questions: &store.TalkQuery{Limit: min(p.Limit, talkPiece), Offset: p.Offset}},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return nil, rules.Ordinary(now, l)
		},
	})
	if err != nil {
		return list, err
	}
	list = QuestionList{Questions: make([]Question, 0, len(d.loaded.Questions)), Total: d.loaded.TalkTotal}
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
// (rule 10.3). The conversation belongs to the claim (rule 10.4).
func (h *Handle) SendMessage(ctx context.Context, id TaskID, text string) (Message, error) {
	if err := rules.CheckRequired("message", text, limits.Reason); err != nil {
		return Message{}, h.m.refused(ctx, "message", err)
	}
	mid, err := h.m.ids.next("msg-")
	if err != nil {
		return Message{}, h.m.refused(ctx, "message", unavailable(err))
	}
	msg := store.Message{ID: MessageID(mid), Task: id, Sender: h.id, Text: text}
	return recorded[Message](ctx, h.m, operation{
		name: "message " + string(id), input: text, load: store.LoadQuery{Caller: h.id, Task: id, Role: true},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Message(now, l, msg)
		},
		conflict: rules.TooMuchTalk,
		outcome:  func(_ *store.Loaded, o *rules.Outcome) any { return messageView(&o.Messages[0]) },
	})
}

// Messages lists the conversation on a task, oldest first: the poster sees all
// of it, a worker the part that belongs to its own claim (rule 10.4). Limit
// 1–1,000, default 1,000.
func (h *Handle) Messages(ctx context.Context, id TaskID, p Page) (list MessageList, err error) {
	if p, err = checkPage(p, talkPage, talkPage); err != nil {
		return list, h.m.refused(ctx, "messages", err)
	}
	first := store.TalkQuery{Limit: min(p.Limit, talkPiece), Offset: p.Offset}
	all, err := h.messages(ctx, id, first)
	if err == nil && all.Task.Poster != h.id && all.Task.Claims > 1 {
		// There may be messages with an earlier worker, which this one must not read.
		first.Worker = h.id
		all, err = h.messages(ctx, id, first)
	}
	if err != nil {
		return list, h.m.refused(ctx, "messages", err)
	}
	list = MessageList{Messages: make([]Message, 0, len(all.Messages)), Total: all.TalkTotal}
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
	return list, h.m.refused(ctx, "messages", err)
}

func (h *Handle) messages(ctx context.Context, id TaskID, q store.TalkQuery) (*store.Loaded, error) {
	d, err := h.m.operate(ctx, operation{
		name: "messages", load: store.LoadQuery{Caller: h.id, Task: id, Role: true, Messages: &q},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return nil, rules.PartyOnly(now, l, "read messages")
		},
	})
	return d.loaded, err
}

package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Ask puts a question about a posted task.
func (p *Policy) Ask(now time.Time, l *store.Loaded, q store.Question) (*Outcome, error) {
	if err := mayAsk(now, l); err != nil {
		return nil, err
	}
	t := l.Task
	q.CreatedAt = now
	o := p.begin(now)
	o.active(l.Caller.ID)
	o.Unchanged = []store.TaskRef{{ID: t.ID, Version: t.Version}}
	o.Questions = []store.Question{q}
	o.Talk = []store.TalkCount{{Task: t.ID, Delta: 1, Max: limits.Unanswered, Bytes: int64(len(q.Text)), MaxBytes: limits.TalkBytes}}
	o.tellOf(t, t.Poster, store.EventTaskQuestion, store.EventData{QuestionID: q.ID})
	return o, nil
}

func mayAsk(now time.Time, l *store.Loaded) error {
	if err := Visible(now, l); err != nil {
		return err
	}
	switch t := l.Task; {
	case t.Poster == l.Caller.ID:
		return Refuse(CodeForbidden, "The poster cannot ask about the own task")
	case t.Status != store.StatusPosted:
		return Refuse(CodeWrongState, "Task is %s and cannot be asked about; its poster and worker send each other a message", t.Status)
	}
	return nil
}

// Reply answers the loaded question, once.
func (p *Policy) Reply(now time.Time, l *store.Loaded, id store.TaskID, answer string) (*Outcome, error) {
	if err := posterOnly(now, l, "answer questions"); err != nil {
		return nil, err
	}
	q := l.Question
	if q == nil || q.Task != id {
		return nil, Refuse(CodeNotFound, "Question not found")
	}
	if !q.AnsweredAt.IsZero() {
		return nil, Refuse(CodeAlreadyDone, "Question is already answered; the task is %s", l.Task.Status)
	}
	o := p.begin(now)
	o.active(l.Caller.ID)
	o.Answers = []store.Answer{{Question: q.ID, Task: id, Text: answer, At: now}}
	o.Talk = []store.TalkCount{{Task: id, Delta: -1, Bytes: int64(len(answer)), MaxBytes: limits.TalkBytes}}
	o.tellOf(l.Task, q.Asker, store.EventQuestionAnswered, store.EventData{QuestionID: q.ID, Answer: Cut(answer, limits.EventText)})
	return o, nil
}

// Message writes to the other party of the current claim.
func (p *Policy) Message(now time.Time, l *store.Loaded, msg store.Message) (*Outcome, error) {
	if err := mayMessage(now, l); err != nil {
		return nil, err
	}
	t, sender := l.Task, l.Caller.ID
	msg.CreatedAt, msg.Worker = now, t.Claim.Worker
	o := p.begin(now)
	o.active(sender)
	o.Unchanged = []store.TaskRef{{ID: t.ID, Version: t.Version}}
	o.Messages = []store.Message{msg}
	o.Talk = []store.TalkCount{{Task: t.ID, Bytes: int64(len(msg.Text)), MaxBytes: limits.TalkBytes}}
	to := t.Poster
	if to == sender {
		to = t.Claim.Worker
	}
	o.tellOf(t, to, store.EventTaskMessage, store.EventData{MessageID: msg.ID, SenderID: sender})
	return o, nil
}

func mayMessage(now time.Time, l *store.Loaded) error {
	if err := PartyOnly(now, l, "send messages"); err != nil {
		return err
	}
	if t := l.Task; t.Status != store.StatusClaimed && t.Status != store.StatusDelivered {
		return wrongState(t, "be discussed")
	}
	return nil
}

// Report tells the operator about a task that the caller may see.
func (p *Policy) Report(now time.Time, l *store.Loaded, r store.Report) (*Outcome, error) {
	if err := Visible(now, l); err != nil {
		return nil, err
	}
	o := p.begin(now)
	o.active(l.Caller.ID)
	r.Reporter, r.Status, r.CreatedAt = l.Caller.ID, store.ReportOpen, now
	o.Reports = []store.Report{r}
	return o, nil
}

// ReportedBefore turns the failed guard of a report into a refusal.
func ReportedBefore(c *store.Conflict) error {
	if c.Guard == store.GuardDuplicate {
		return Refuse(CodeAlreadyDone, "You have already reported this task")
	}
	return nil
}

// TooMuchTalk turns the failed guards of talk into a refusal.
func TooMuchTalk(c *store.Conflict) error {
	switch c.Guard {
	case store.GuardQuestions:
		return Refuse(CodeTooManyQuestions, "The task has %d unanswered questions, the most there can be", limits.Unanswered)
	case store.GuardTalkBytes:
		return Refuse(CodeTooManyBytes, "The questions, messages and rejections of the task would take more than %d bytes", limits.TalkBytes)
	}
	return nil
}

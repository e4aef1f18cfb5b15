package market

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// decideAsk puts a question about a posted task.
func (p *book) decideAsk(now time.Time, l *store.Loaded, q store.Question) (*outcome, error) {
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
	q.CreatedAt = now
	o := p.outcome(now)
	o.active(l.Caller.ID)
	o.Unchanged = []store.TaskRef{{ID: t.ID, Version: t.Version}}
	o.Questions = []store.Question{q}
	o.Talk = []store.TalkCount{{Task: t.ID, Delta: 1, Max: MaxUnanswered, Bytes: int64(len(q.Text)), MaxBytes: MaxTalkBytes}}
	o.tell(t.Poster, EventTaskQuestion, t.ID, EventData{QuestionID: q.ID})
	return o, nil
}

// decideReply answers the loaded question, once.
func (p *book) decideReply(now time.Time, l *store.Loaded, id TaskID, answer string) (*outcome, error) {
	if err := posterOnly(l, "answer questions"); err != nil {
		return nil, err
	}
	q := l.Question
	if q == nil || q.Task != id {
		return nil, refuse(CodeNotFound, "Question not found")
	}
	if !q.AnsweredAt.IsZero() {
		return nil, refuse(CodeAlreadyDone, "Question is already answered; the task is %s", l.Task.Status)
	}
	o := p.outcome(now)
	o.active(l.Caller.ID)
	o.Answers = []store.Answer{{Question: q.ID, Task: id, Text: answer, At: now}}
	o.Talk = []store.TalkCount{{Task: id, Delta: -1, Bytes: int64(len(answer)), MaxBytes: MaxTalkBytes}}
	o.tell(q.Asker, EventQuestionAnswered, id, EventData{QuestionID: q.ID, Answer: cut(answer, MaxEventText)})
	return o, nil
}

// decideMessage writes to the other party of the current claim.
func (p *book) decideMessage(now time.Time, l *store.Loaded, msg store.Message) (*outcome, error) {
	if err := partyOnly(l, "send messages"); err != nil {
		return nil, err
	}
	t, sender := l.Task, l.Caller.ID
	if t.Status != StatusClaimed && t.Status != StatusDelivered {
		return nil, wrongState(t, "be discussed")
	}
	msg.CreatedAt, msg.Worker = now, t.Claim.Worker
	o := p.outcome(now)
	o.active(sender)
	o.Unchanged = []store.TaskRef{{ID: t.ID, Version: t.Version}}
	o.Messages = []store.Message{msg}
	o.Talk = []store.TalkCount{{Task: t.ID, Bytes: int64(len(msg.Text)), MaxBytes: MaxTalkBytes}}
	to := t.Poster
	if to == sender {
		to = t.Claim.Worker
	}
	o.tell(to, EventTaskMessage, t.ID, EventData{MessageID: msg.ID, SenderID: sender})
	return o, nil
}

// decideReport tells the operator about a task that the caller may see.
func (p *book) decideReport(now time.Time, l *store.Loaded, r store.Report) (*outcome, error) {
	if err := visible(l); err != nil {
		return nil, err
	}
	o := p.outcome(now)
	o.active(l.Caller.ID)
	r.Reporter, r.Status, r.CreatedAt = l.Caller.ID, ReportOpen, now
	o.Reports = []store.Report{r}
	return o, nil
}

// reportedBefore makes the failed guard of a report a refusal.
func reportedBefore(c *store.Conflict) error {
	if c.Guard == store.GuardDuplicate {
		return refuse(CodeAlreadyDone, "You have already reported this task")
	}
	return nil
}

// tooMuchTalk makes the failed guards of talk a refusal.
func tooMuchTalk(c *store.Conflict) error {
	switch c.Guard {
	case store.GuardQuestions:
		return refuse(CodeTooManyQuestions, "The task has %d unanswered questions, the most there can be", MaxUnanswered)
	case store.GuardTalkBytes:
		return refuse(CodeTooManyBytes, "The questions, messages and rejections of the task would take more than %d bytes", MaxTalkBytes)
	}
	return nil
}

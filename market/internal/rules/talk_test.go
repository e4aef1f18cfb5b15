package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

const talkBytes = 4 << 20

func TestAsk(t *testing.T) {
	p := policy()
	q := store.Question{ID: "qu-1", Task: task, Asker: other, Text: "how?"}
	asked := q
	asked.CreatedAt = t1
	decides(t, store.Change{
		At: t1, Active: []store.AgentID{other}, Unchanged: []store.TaskRef{{ID: task, Version: 4}},
		Questions: []store.Question{asked},
		Talk:      []store.TalkCount{{Task: task, Delta: 1, Max: 5, Bytes: 4, MaxBytes: talkBytes}},
		Events:    []store.Event{{Agent: poster, Type: store.EventTaskQuestion, Task: task, Data: store.EventData{QuestionID: "qu-1"}, At: t1}},
	})(p.Ask(t1, loaded(other, posted()), q))
	refuses(t, rules.CodeForbidden, "The poster cannot ask about the own task")(p.Ask(t1, loaded(poster, posted()), q))
	refuses(t, rules.CodeWrongState, "Task is claimed and cannot be asked about; its poster and worker send each other a message")(p.Ask(t1, loaded(worker, claimed()), q))
	refuses(t, rules.CodeNotFound, "Task not found")(p.Ask(t1, loaded(other, claimed()), q))
}

func TestReply(t *testing.T) {
	p := policy()
	l := func(caller store.AgentID, edit func(*store.Question)) *store.Loaded {
		l := loaded(caller, claimed())
		l.Question = &store.Question{ID: "qu-1", Task: task, Asker: other, Text: "how?"}
		edit(l.Question)
		return l
	}
	open := func(*store.Question) {}
	for answer, quoted := range map[string]string{
		"so": "so", strings.Repeat("é", 500): strings.Repeat("é", 500), strings.Repeat("é", 501): strings.Repeat("é", 500),
	} {
		decides(t, store.Change{
			At: t2, Active: []store.AgentID{poster},
			Answers: []store.Answer{{Question: "qu-1", Task: task, Text: answer, At: t2}},
			Talk:    []store.TalkCount{{Task: task, Delta: -1, Bytes: int64(len(answer)), MaxBytes: talkBytes}},
			Events: []store.Event{{
				Agent: other, Type: store.EventQuestionAnswered, Task: task, Data: store.EventData{QuestionID: "qu-1", Answer: quoted}, At: t2,
			}},
		})(p.Reply(t2, l(poster, open), task, answer))
	}
	without := loaded(poster, claimed())
	refuses(t, rules.CodeForbidden, "Only the poster can answer questions")(p.Reply(t2, l(worker, open), task, "so"))
	refuses(t, rules.CodeNotFound, "Question not found")(p.Reply(t2, without, task, "so"))
	refuses(t, rules.CodeNotFound, "Question not found")(p.Reply(t2, l(poster, func(q *store.Question) { q.Task = "tk-2" }), task, "so"))
	refuses(t, rules.CodeAlreadyDone, "Question is already answered; the task is claimed")(
		p.Reply(t2, l(poster, func(q *store.Question) { q.AnsweredAt = t1 }), task, "so"))
}

func TestMessage(t *testing.T) {
	p := policy()
	for _, c := range []struct {
		from, to store.AgentID
		about    func() *store.Task
	}{{poster, worker, claimed}, {worker, poster, claimed}, {worker, poster, delivered}} {
		msg := store.Message{ID: "me-1", Task: task, Sender: c.from, Text: "hello"}
		sent := msg
		sent.CreatedAt, sent.Worker = t3, worker
		decides(t, store.Change{
			At: t3, Active: []store.AgentID{c.from}, Unchanged: []store.TaskRef{{ID: task, Version: 4}},
			Messages: []store.Message{sent},
			Talk:     []store.TalkCount{{Task: task, Bytes: 5, MaxBytes: talkBytes}},
			Events: []store.Event{{
				Agent: c.to, Type: store.EventTaskMessage, Task: task, Data: store.EventData{MessageID: "me-1", SenderID: c.from}, At: t3,
			}},
		})(p.Message(t3, loaded(c.from, c.about()), msg))
	}
	refuses(t, rules.CodeWrongState, "Task is posted and cannot be discussed")(p.Message(t3, loaded(poster, posted()), store.Message{}))
	refuses(t, rules.CodeWrongState, "Task is approved and cannot be discussed")(p.Message(t3, loaded(worker, approved()), store.Message{}))
	refuses(t, rules.CodeForbidden, "Only the poster and the worker can send messages; the task is posted, ask a question about it")(p.Message(t3, loaded(other, posted()), store.Message{}))
}

func TestReport(t *testing.T) {
	p := policy()
	decides(t, store.Change{
		At: t1, Active: []store.AgentID{other},
		Reports: []store.Report{{ID: "re-1", Task: task, Reporter: other, Reason: "spam", Status: store.ReportOpen, CreatedAt: t1}},
	})(p.Report(t1, loaded(other, posted()), store.Report{ID: "re-1", Task: task, Reason: "spam"}))
	refuses(t, rules.CodeNotFound, "Task not found")(p.Report(t1, loaded(other, claimed()), store.Report{}))

	if err := rules.ReportedBefore(&store.Conflict{Guard: store.GuardReport}); err != nil {
		t.Errorf("another guard: %v", err)
	}
	refused(t, rules.ReportedBefore(&store.Conflict{Guard: store.GuardDuplicate}), rules.CodeAlreadyDone, "You have already reported this task")
}

func TestTooMuchTalk(t *testing.T) {
	if err := rules.TooMuchTalk(&store.Conflict{Guard: store.GuardTextBytes}); err != nil {
		t.Errorf("another guard: %v", err)
	}
	refused(t, rules.TooMuchTalk(&store.Conflict{Guard: store.GuardQuestions}), rules.CodeTooManyQuestions,
		"The task has 5 unanswered questions, the most there can be")
	refused(t, rules.TooMuchTalk(&store.Conflict{Guard: store.GuardTalkBytes}), rules.CodeTooManyBytes,
		"The questions, messages and rejections of the task would take more than 4194304 bytes")
}

func TestOperator(t *testing.T) {
	p := policy()
	about := &store.Loaded{Agent: agent(worker)}
	nobody := &store.Loaded{}
	t.Run("grants", func(t *testing.T) {
		const most = 1 << 50
		for balance, granted := range map[int64]bool{100: true, most - 30: true, most - 29: false} {
			l := &store.Loaded{Agent: agent(worker)}
			l.Agent.Balance = balance
			got, err := p.Grant(t1, l, worker, 30, "", "thanks")
			if !granted {
				refuses(t, rules.CodeInvalid, "amount: must be 1 to 29")(got, err)
				same(t, refusal(t, err).Field, "amount")
				continue
			}
			decides(t, store.Change{At: t1, Transfers: []store.Transfer{{
				From: store.PlatformAccount, To: "ag-worker", Amount: 30, Kind: store.EntryAdminGrant, Agent: worker, Note: "thanks", At: t1,
			}}})(got, err)
		}
		refuses(t, rules.CodeNotFound, "Agent not found")(p.Grant(t1, nobody, worker, 30, "", ""))
	})
	t.Run("edits", func(t *testing.T) {
		suspend := func(n *store.Profile) { n.Suspended = true }
		decides(t, store.Change{
			At: t1, Agents: []store.AgentWrite{{Old: &about.Agent.Profile, New: profiled(&about.Agent.Profile, suspend)}},
			Feed: []store.FeedItem{agentFeed(worker)},
		})(p.Edit(t1, about, suspend))
		same(t, about.Agent, agent(worker))
		refuses(t, rules.CodeNotFound, "Agent not found")(p.Edit(t1, nobody, suspend))
	})
	t.Run("resolves", func(t *testing.T) {
		open := store.Report{ID: "re-1", Task: task, Reporter: other, Reason: "spam", Status: store.ReportOpen, CreatedAt: t0}
		resolved := open
		resolved.Status, resolved.Note, resolved.ResolvedAt = store.ReportDismissed, "no", t1
		decides(t, store.Change{At: t1, Resolutions: []store.Report{resolved}})(p.Resolve(t1, &store.Loaded{Report: &open}, store.ReportDismissed, "no"))
		refuses(t, rules.CodeNotFound, "Report not found")(p.Resolve(t1, nobody, store.ReportReviewed, ""))
		refuses(t, rules.CodeAlreadyDone, "Report is already dismissed")(p.Resolve(t1, &store.Loaded{Report: &resolved}, store.ReportReviewed, ""))
	})
	t.Run("hears that a webhook is gone", func(t *testing.T) {
		a := agent(worker)
		a.WebhookURL = "https://example.com/hook"
		decides(t, store.Change{
			At: t1, Agents: []store.AgentWrite{{Old: &a.Profile, New: profiled(&a.Profile, func(n *store.Profile) { n.WebhookURL = "" })}},
			Events: []store.Event{{Agent: worker, Type: store.EventWebhookDisabled, Data: store.EventData{Reason: "gone"}, At: t1}},
			Feed:   []store.FeedItem{agentFeed(worker)},
		})(p.WebhookGone(t1, a), nil)
	})
	t.Run("ends sessions", func(t *testing.T) {
		id := store.IdempotencyID{Caller: store.Platform, Operation: "session", Key: "k"}
		decides(t, store.Change{At: t1, Idempotency: &store.IdempotencyRecord{
			IdempotencyID: id, Outcome: []byte("true"), ExpiresAt: t1.Add(time.Hour),
		}})(p.Remember(t1, id, true, t1.Add(time.Hour)), nil)
	})
}

package storetest

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// strangeIDs are endings of ids that cannot exist: a caller may ask for anything.
var strangeIDs = []string{"\x00", "a\x00b", "\xff", "\xc3", "\xed\xa0\x80", `\u0000`, `\\u0000`, "'; --", " ", "\n"}

// Ids that a caller may ask for and that cannot exist.
var strangeCases = []testCase{
	{"Reads of ids that nobody can have", func(w *world) {
		w.people()
		w.commit(wholeChange(w))
		for _, end := range strangeIDs {
			w.readsNothing("ag-"+store.AgentID(end), "tk-"+store.TaskID(end), end)
		}
	}},
	{"Changes of ids that nobody can have", func(w *world) {
		w.people()
		for i, end := range strangeIDs {
			w.changesNothing(i, "ag-"+store.AgentID(end), "tk-"+store.TaskID(end))
		}
	}},
	{"Messages under a claim that nobody can have", func(w *world) {
		w.people()
		w.commit(wholeChange(w))
		for _, end := range strangeIDs {
			w.equal(w.messages(taskNo(1), "ag-"+store.AgentID(end), 9, 0), store.Loaded{})
		}
	}},
	{"Buckets of any name", func(w *world) {
		for _, end := range strangeIDs {
			charge := &store.Charge{Bucket: "b" + end, Every: time.Hour, Burst: 1}
			w.admit(0, charge)
			w.equal(w.admit(0, charge).Allowed, false)
		}
	}},
	{"The highest offset", func(w *world) {
		w.people()
		w.bury(ann, 1)
		w.commit(wholeChange(w))
		const far = store.MaxOffset
		page := store.PageQuery{Agent: ann, Limit: 100, Offset: far, Now: w.now}
		ledger, err := w.store.Ledger(w.ctx, page)
		w.ok(err)
		w.equal([]int{len(ledger.Entries), ledger.Total}, []int{0, 2})
		tasks, err := w.store.TasksOf(w.ctx, store.TasksQuery{Agent: ann, Limit: 100, Offset: far, Now: w.now})
		w.ok(err)
		w.equal([]int{len(tasks.Tasks), tasks.Total}, []int{0, 1})
		w.equal(w.trustOf(ann, 100, far), store.TrustPage{Total: 1})
		w.equal(w.reports("", 100, far), store.ReportPage{Total: 1})
		w.equal(w.reports(store.ReportOpen, 100, far), store.ReportPage{Total: 1})
		ended, err := w.store.ScanEnded(w.ctx, 100, far)
		w.ok(err)
		w.equal(len(ended), 0)
		w.equal(w.dead(ann, 100, far), store.DeadPage{Total: 1})
		w.equal(w.questions(taskNo(1), 100, far), store.Loaded{TalkTotal: 1})
		w.equal(w.messages(taskNo(1), "", 100, far), store.Loaded{TalkTotal: 1})
		w.equal(w.messages(taskNo(1), bob, 100, far), store.Loaded{TalkTotal: 1})
	}},
}

// readsNothing asks every reading method for an agent and a task.
func (w *world) readsNothing(agent store.AgentID, task store.TaskID, end string) {
	w.Helper()
	page := &store.TalkQuery{Limit: 10, Worker: agent}
	w.equal(w.load(store.LoadQuery{
		Caller: agent, Agent: agent, Task: task, Text: true, Trust: true, Role: true, TrustIn: true,
		Question: store.QuestionID("qa-" + end), Questions: page, Messages: page, Report: store.ReportID("rp-" + end),
		Idempotency: &store.IdempotencyID{Caller: agent, Operation: "ask " + string(task), Key: end},
	}), &store.Loaded{})
	w.equal(w.load(store.LoadQuery{External: end}), &store.Loaded{})
	admitted, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Agent: agent})
	w.ok(err)
	w.equal(admitted, store.Admitted{Allowed: true})
	of := store.PageQuery{Agent: agent, Limit: 10, Now: w.now}
	tasks, err := w.store.Tasks(w.ctx, []store.TaskID{task, taskNo(1)})
	w.ok(err)
	w.equal(ids(tasks), []store.TaskID{taskNo(1)})
	agents, err := w.store.Agents(w.ctx, []store.AgentID{agent, ann})
	w.ok(err)
	w.equal(agents, []*store.Agent{w.agent(ann)})
	mine, err := w.store.TasksOf(w.ctx, store.TasksQuery{Agent: agent, Limit: 10, Now: w.now})
	w.ok(err)
	w.equal(mine, store.TasksPage{})
	ledger, err := w.store.Ledger(w.ctx, of)
	w.ok(err)
	w.equal(ledger, store.LedgerPage{})
	w.equal(w.stats(agent, w.now).Agent, (*store.Agent)(nil))
	w.equal(w.trustOf(agent, 9, 0), store.TrustPage{})
	w.equal(w.eventPage(agent, 0, 9), store.EventPage{Oldest: 1, Suspended: true})
	w.equal(w.dead(agent, 9, 0), store.DeadPage{})
	w.equal(w.redeliver(agent, 1), false)
	w.equal(w.finish(store.WebhookJob{Event: store.Event{Agent: agent, Seq: 1}, Lease: 1}, store.WebhookOutcome{At: w.now}), false)
	w.equal(w.reports(store.ReportStatus("x"+end), 9, 0), store.ReportPage{})
	entries, next, err := w.store.Entries(w.ctx, task, "", 9)
	w.ok(err)
	w.equal(len(entries), 0)
	w.equal(next, "")
}

// changesNothing names an agent and a task where they must exist.
func (w *world) changesNothing(i int, agent store.AgentID, task store.TaskID) {
	w.Helper()
	old, next := w.profile(agent), w.profile(agent)
	next.Version = 2
	for guard, c := range map[store.Guard]*store.Change{
		store.GuardSuspended: {Active: []store.AgentID{agent}},
		store.GuardAgent:     {Agents: []store.AgentWrite{{Old: old, New: next}}},
		store.GuardBalance:   {Transfers: []store.Transfer{w.grant(agent, 1)}},
		store.GuardStrikes:   {Strikes: []store.StrikeWrite{{Agent: agent, New: store.Strikes{Count: 1}}}},
		store.GuardSystemPay: {SystemPays: []store.SystemPayWrite{{Agent: agent, New: store.SystemPay{Pending: 1}}}},
		store.GuardTask:      {Unchanged: []store.TaskRef{{ID: task, Version: 1}}},
		store.GuardAnswered:  {Answers: []store.Answer{{Question: store.QuestionID(agent), Task: task, Text: "a", At: w.now}}},
		store.GuardReport:    {Resolutions: []store.Report{{ID: store.ReportID(agent), Task: task, Status: store.ReportReviewed}}},
	} {
		c.At = w.now
		_, err := w.store.Commit(w.ctx, c)
		w.conflict(err, guard)
	}
	_, errs := w.store.CommitEach(w.ctx, []*store.Change{
		{At: w.now, Accounts: []store.AccountDelta{{Agent: agent, Posted: 1}}},
		{At: w.now, Talk: []store.TalkCount{{Task: task, Delta: 1, Max: 5}}},
	})
	w.conflict(errs[0], store.GuardAgent)
	w.conflict(errs[1], store.GuardTask)
	head := w.eventPage(ann, 0, 9).Head
	w.commit(&store.Change{
		Events: []store.Event{w.event(agent, i), w.event(ann, i)}, Drop: []store.TextRef{{Task: task}, {Task: task, No: 1}},
	})
	w.equal(w.eventPage(ann, 0, 9).Head, head+1)
	w.equal(w.eventPage(agent, 0, 9), store.EventPage{Oldest: 1, Suspended: true})
	if _, err := w.store.Lease(w.ctx, fmt.Sprint("lease ", task), string(agent), w.now, w.in(time.Minute)); err != nil {
		w.Fatalf("a lease of any name: %v", err)
	}
}

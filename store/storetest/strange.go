package storetest

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// strangeIDs are ends of ids that nobody can have: a caller may ask for anything.
var strangeIDs = []string{"\x00", "a\x00b", "\xff", "\xc3", "\xed\xa0\x80", `\u0000`, `\\u0000`, "'; --", " ", "\n"}

// What a caller may ask for and no store has.
var strangeCases = []testCase{
	{"Reads of ids that nobody can have", func(w *world) {
		w.people()
		w.commit(wholeChange(w))
		for _, end := range strangeIDs {
			w.readsNothing("ag-"+market.AgentID(end), "tk-"+market.TaskID(end), end)
		}
	}},
	{"Changes of ids that nobody can have", func(w *world) {
		w.people()
		for i, end := range strangeIDs {
			w.changesNothing(i, "ag-"+market.AgentID(end), "tk-"+market.TaskID(end))
		}
	}},
	{"Messages under a claim that nobody can have", func(w *world) {
		w.people()
		w.commit(wholeChange(w))
		for _, end := range strangeIDs {
			w.equal(w.messages(taskNo(1), "ag-"+market.AgentID(end), 9, 0), market.Loaded{})
		}
	}},
	{"Buckets of any name", func(w *world) {
		for _, end := range strangeIDs {
			charge := &market.Charge{Bucket: "b" + end, Every: time.Hour, Burst: 1}
			w.admit(0, charge)
			w.equal(w.admit(0, charge).Allowed, false)
		}
	}},
	{"The highest offset", func(w *world) {
		w.people()
		w.bury(ann, 1)
		w.commit(wholeChange(w))
		const far = market.MaxOffset
		page := market.PageQuery{Agent: ann, Limit: 100, Offset: far, Now: w.now}
		ledger, err := w.store.Ledger(w.ctx, page)
		w.ok(err)
		w.equal([]int{len(ledger.Entries), ledger.Total}, []int{0, 2})
		tasks, err := w.store.TasksOf(w.ctx, market.TasksQuery{Agent: ann, Limit: 100, Offset: far, Now: w.now})
		w.ok(err)
		w.equal([]int{len(tasks.Tasks), tasks.Total}, []int{0, 1})
		w.equal(w.trustOf(ann, 100, far), market.TrustPage{Total: 1})
		w.equal(w.reports("", 100, far), market.ReportPage{Total: 1})
		w.equal(w.reports(market.ReportOpen, 100, far), market.ReportPage{Total: 1})
		w.equal(w.dead(ann, 100, far), market.DeadPage{Total: 1})
		w.equal(w.questions(taskNo(1), 100, far), market.Loaded{TalkTotal: 1})
		w.equal(w.messages(taskNo(1), "", 100, far), market.Loaded{TalkTotal: 1})
		w.equal(w.messages(taskNo(1), bob, 100, far), market.Loaded{TalkTotal: 1})
	}},
}

// readsNothing asks every reading method for an agent and a task.
func (w *world) readsNothing(agent market.AgentID, task market.TaskID, end string) {
	w.Helper()
	page := &market.TalkQuery{Limit: 10, Worker: agent}
	w.equal(w.load(market.LoadQuery{
		Caller: agent, Agent: agent, Task: task, Text: true, Trust: true, Role: true, TrustIn: true,
		Question: market.QuestionID("qa-" + end), Questions: page, Messages: page, Report: market.ReportID("rp-" + end),
		Idempotency: &market.IdempotencyID{Caller: agent, Operation: "ask " + string(task), Key: end},
	}), &market.Loaded{})
	of := market.PageQuery{Agent: agent, Limit: 10, Now: w.now}
	tasks, err := w.store.Tasks(w.ctx, []market.TaskID{task, taskNo(1)})
	w.ok(err)
	w.equal(ids(tasks), []market.TaskID{taskNo(1)})
	agents, err := w.store.Agents(w.ctx, []market.AgentID{agent, ann})
	w.ok(err)
	w.equal(agents, []*market.Agent{w.agent(ann)})
	mine, err := w.store.TasksOf(w.ctx, market.TasksQuery{Agent: agent, Limit: 10, Now: w.now})
	w.ok(err)
	w.equal(mine, market.TasksPage{})
	ledger, err := w.store.Ledger(w.ctx, of)
	w.ok(err)
	w.equal(ledger, market.LedgerPage{})
	w.equal(w.stats(agent, w.now).Agent, (*market.Agent)(nil))
	w.equal(w.trustOf(agent, 9, 0), market.TrustPage{})
	w.equal(w.eventPage(agent, 0, 9), market.EventPage{Oldest: 1, Suspended: true})
	w.equal(w.dead(agent, 9, 0), market.DeadPage{})
	w.equal(w.redeliver(agent, 1), false)
	w.equal(w.finish(market.WebhookJob{Event: market.Event{Agent: agent, Seq: 1}, Lease: 1}, market.WebhookOutcome{At: w.now}), false)
	w.equal(w.reports(market.ReportStatus("x"+end), 9, 0), market.ReportPage{})
	entries, next, err := w.store.Entries(w.ctx, task, "", 9)
	w.ok(err)
	w.equal(len(entries), 0)
	w.equal(next, "")
}

// changesNothing names an agent and a task where they must exist.
func (w *world) changesNothing(i int, agent market.AgentID, task market.TaskID) {
	w.Helper()
	old, next := w.profile(agent), w.profile(agent)
	next.Version = 2
	for guard, c := range map[market.Guard]*market.Change{
		market.GuardSuspended: {Active: []market.AgentID{agent}},
		market.GuardAgent:     {Agents: []market.AgentWrite{{Old: old, New: next}}},
		market.GuardBalance:   {Transfers: []market.Transfer{w.grant(agent, 1)}},
		market.GuardStrikes:   {Strikes: []market.StrikeWrite{{Agent: agent, New: market.Strikes{Count: 1}}}},
		market.GuardSystemPay: {SystemPays: []market.SystemPayWrite{{Agent: agent, New: market.SystemPay{Pending: 1}}}},
		market.GuardTask:      {Unchanged: []market.TaskRef{{ID: task, Version: 1}}},
		market.GuardAnswered:  {Answers: []market.Answer{{Question: market.QuestionID(agent), Task: task, Text: "a", At: w.now}}},
		market.GuardReport:    {Resolutions: []market.Report{{ID: market.ReportID(agent), Task: task, Status: market.ReportReviewed}}},
	} {
		c.At = w.now
		_, err := w.store.Commit(w.ctx, c)
		w.conflict(err, guard)
	}
	_, errs := w.store.CommitEach(w.ctx, []*market.Change{
		{At: w.now, Accounts: []market.AccountDelta{{Agent: agent, Posted: 1}}},
		{At: w.now, Talk: []market.TalkCount{{Task: task, Delta: 1, Max: 5}}},
	})
	w.conflict(errs[0], market.GuardAgent)
	w.conflict(errs[1], market.GuardTask)
	head := w.eventPage(ann, 0, 9).Head
	w.commit(&market.Change{
		Events: []market.Event{w.event(agent, i), w.event(ann, i)}, Drop: []market.TextRef{{Task: task}, {Task: task, No: 1}},
	})
	w.equal(w.eventPage(ann, 0, 9).Head, head+1)
	w.equal(w.eventPage(agent, 0, 9), market.EventPage{Oldest: 1, Suspended: true})
	if _, err := w.store.Lease(w.ctx, fmt.Sprint("lease ", task), string(agent), w.now, w.in(time.Minute)); err != nil {
		w.Fatalf("a lease of any name: %v", err)
	}
}

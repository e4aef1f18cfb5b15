package storetest

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// A Change whose guards hold is written whole.
var commitCases = []testCase{
	{"Every read sees the whole Change", func(w *world) {
		w.people()
		c := wholeChange(w)
		w.commit(c)
		l := w.load(store.LoadQuery{
			Caller: bob, Task: taskNo(1), Text: true, Role: true,
			Questions: &store.TalkQuery{Limit: 9}, Report: "rp-1", Idempotency: &c.Idempotency.IdempotencyID,
		})
		w.equal(l.Task.Status, store.StatusPosted)
		w.equal(l.Text.Need, textOf(taskNo(1)).Need)
		w.equal(l.Role, store.RoleWorker)
		w.equal(len(l.Questions), 1)
		w.equal(l.Report.ID, store.ReportID("rp-1"))
		w.equal(l.Idempotency.Outcome, c.Idempotency.Outcome)
		w.equal(l.Poster.Balance, int64(bonus-10))
		w.equal(l.Poster.Escrowed, int64(10))
		w.equal(l.Poster.EventSeq, int64(1))
		w.equal(w.stats(bob).Tags, []store.TagStat{{Tag: "go", Count: 1}})
		w.equal(w.trustOf(ann, 9, 0).Pairs, []store.TrustPair{c.Trust[0].New})
		w.equal(len(w.feedSince(w.start)), 1)
	}},
	{"A Change is as it was given, but for the numbers of tasks", func(w *world) {
		w.people()
		c, want := wholeChange(w), wholeChange(w)
		want.Transfers[0].ID = c.Transfers[0].ID
		w.commit(c)
		kept := *c.Tasks[0].New
		kept.Seq = 0
		c.Tasks[0].New = &kept
		w.equal(c, want)
	}},
	{"Inserted tasks are numbered in the order of the Change", func(w *world) {
		w.people()
		old := w.post(taskNo(1), ann)
		c := &store.Change{Tasks: []store.TaskWrite{
			{New: w.open(taskNo(3), ann), Text: textOf(taskNo(3))},
			rewritten(old, w.claimedBy(bob)),
			{New: w.open(taskNo(2), ann), Text: textOf(taskNo(2))},
		}}
		done := w.commit(c)
		w.equal(len(done.Seqs), 2)
		w.equal(w.task(taskNo(3)).Seq, done.Seqs[0])
		w.equal(w.task(taskNo(2)).Seq, done.Seqs[1])
		if first := w.task(taskNo(1)).Seq; first >= done.Seqs[0] || done.Seqs[0] >= done.Seqs[1] {
			w.Fatalf("the numbers do not grow: %d, then %v", first, done.Seqs)
		}
	}},
	{"A number never changes", func(w *world) {
		w.people()
		old := w.post(taskNo(1), ann)
		w.post(taskNo(2), ann)
		next := w.rewrite(old, w.claimedBy(bob))
		w.equal(next.Seq, old.Seq)
		w.equal(next.Version, int64(2))
	}},
	{"WantText brings need and context", func(w *world) {
		w.people()
		old := w.post(taskNo(1), ann)
		done := w.commit(&store.Change{
			Tasks: []store.TaskWrite{rewritten(old, w.claimedBy(bob))}, WantText: taskNo(1),
		})
		w.equal(done.Text, textOf(taskNo(1)))
	}},
	{"Without WantText there is no text", func(w *world) {
		w.people()
		old := w.post(taskNo(1), ann)
		done := w.commit(&store.Change{Tasks: []store.TaskWrite{rewritten(old, w.claimedBy(bob))}})
		w.equal(done, store.Committed{})
	}},
	{"A replacement does not touch the text", func(w *world) {
		w.people()
		write := rewritten(w.post(taskNo(1), ann), w.claimedBy(bob))
		write.Text = store.TaskText{Need: "other"}
		w.commit(&store.Change{Tasks: []store.TaskWrite{write}})
		w.equal(w.load(store.LoadQuery{Task: taskNo(1), Text: true}).Text, textOf(taskNo(1)))
	}},
	{"A new agent starts at zero and takes part in its own Change", func(w *world) {
		c := w.registration(ann)
		c.Active = []store.AgentID{store.Platform, ann}
		c.Accounts = []store.AccountDelta{{Agent: ann, Posted: 1}}
		c.Strikes = []store.StrikeWrite{{Agent: ann, New: store.Strikes{Count: 2}}}
		c.SystemPays = []store.SystemPayWrite{{Agent: ann, New: store.SystemPay{Pending: 3}}}
		c.Tags = []store.TagDelta{{Agent: ann, TagStat: store.TagStat{Tag: "go", Count: 1}}}
		c.Events = []store.Event{{Agent: ann, Type: store.EventTaskMatched, Task: taskNo(1), At: w.now}}
		w.commit(c)
		w.equal(w.agent(ann).Account, store.Account{
			Balance: bonus, Posted: 1, Strikes: store.Strikes{Count: 2}, SystemPay: store.SystemPay{Pending: 3}, EventSeq: 1, LedgerSeq: 1,
		})
		w.equal(w.stats(ann).Tags, []store.TagStat{{Tag: "go", Count: 1}})
	}},
	{"A profile is replaced and the account stays", func(w *world) {
		w.people()
		before := w.agent(ann).Account
		w.change(ann, func(p *store.Profile) { p.Name, p.Tags = "new", []string{"a", "b"} })
		after := w.agent(ann)
		w.equal(after.Name, "new")
		w.equal(after.Version, int64(2))
		w.equal(after.Account, before)
	}},
	{"Counters never touch the version of a profile", func(w *world) {
		w.people()
		write := w.edited(ann, func(p *store.Profile) { p.Name = "new" })
		w.commit(&store.Change{
			Transfers: []store.Transfer{w.grant(ann, 5)},
			Accounts:  []store.AccountDelta{{Agent: ann, Posted: 1}},
			Events:    []store.Event{{Agent: ann, Type: store.EventTaskMatched, Task: taskNo(1), At: w.now}},
		})
		w.commit(&store.Change{Agents: []store.AgentWrite{write}})
		w.equal(w.agent(ann).Name, "new")
		w.equal(w.agent(ann).Balance, int64(bonus+5))
	}},
	{"The key of a replaced agent stays", func(w *world) {
		w.people()
		w.change(ann, func(p *store.Profile) { p.Name = "new" })
		w.equal(w.whoHas(keyOf(ann), w.now), ann)
		w.equal(w.whoHas(store.KeyDigest{}, w.now), store.AgentID(""))
	}},
	{"A new key of a replaced agent, and the one before until its time", func(w *world) {
		w.people()
		second, third := store.KeyDigest{2}, store.KeyDigest{3}
		w.rekey(ann, second, w.in(time.Hour))
		w.equal(w.whoHas(second, w.now), ann)
		w.equal(w.whoHas(keyOf(ann), w.in(time.Hour-time.Microsecond)), ann)
		w.equal(w.whoHas(keyOf(ann), w.in(time.Hour)), store.AgentID(""))
		w.equal(w.whoHas(second, w.in(24*time.Hour)), ann)
		w.change(ann, func(p *store.Profile) { p.Name = "new" })
		w.equal(w.whoHas(keyOf(ann), w.now), ann)
		w.rekey(ann, third, w.in(2*time.Hour))
		w.equal(w.whoHas(third, w.in(24*time.Hour)), ann)
		w.equal(w.whoHas(second, w.in(time.Hour)), ann)
		w.equal(w.whoHas(keyOf(ann), w.now), store.AgentID(""))
		w.rekey(ann, store.KeyDigest{4}, time.Time{})
		w.equal(w.whoHas(third, w.now), store.AgentID(""))
		w.equal(w.whoHas(keyOf(bob), w.now), bob)
	}},
	{"A new key in the place of the present one alone", func(w *world) {
		w.people()
		second, third := store.KeyDigest{2}, store.KeyDigest{3}
		w.rekey(ann, second, w.in(time.Hour))
		write := w.edited(ann, func(p *store.Profile) { p.OldKeyUntil = w.in(2 * time.Hour) })
		write.Key, write.KeepOld = third, true
		w.commit(&store.Change{Agents: []store.AgentWrite{write}})
		w.equal(w.whoHas(third, w.in(24*time.Hour)), ann)
		w.equal(w.whoHas(second, w.now), store.AgentID(""))
		w.equal(w.whoHas(keyOf(ann), w.in(time.Hour)), ann)
		w.equal(w.whoHas(keyOf(ann), w.in(2*time.Hour)), store.AgentID(""))
		w.rekey(ann, store.KeyDigest{4}, w.in(time.Hour))
		w.equal(w.whoHas(third, w.now), ann)
		w.equal(w.whoHas(keyOf(ann), w.now), store.AgentID(""))
	}},
	{"Account counters go down as well", func(w *world) {
		w.people()
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: ann, OpenClaims: 3, Escrowed: 40}}})
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: ann, OpenClaims: -2, Escrowed: -40}}})
		w.equal(w.agent(ann).OpenClaims, int64(1))
		w.equal(w.agent(ann).Escrowed, int64(0))
	}},
	{"Statistics by tag add up", func(w *world) {
		w.people()
		d := store.TagStat{Tag: "go", Count: 1, Earned: 9, RatingSum: 5, RatingCount: 1}
		w.full(d)
		other := store.TagStat{Tag: "sql", Earned: 1}
		w.commit(&store.Change{Tags: []store.TagDelta{{Agent: ann, TagStat: d}, {Agent: ann, TagStat: other}}})
		w.commit(&store.Change{Tags: []store.TagDelta{{Agent: ann, TagStat: d}}})
		w.equal(w.stats(ann).Tags, []store.TagStat{
			{Tag: "go", Count: 2, Earned: 18, RatingSum: 10, RatingCount: 2}, other,
		})
		w.equal(len(w.stats(bob).Tags), 0)
	}},
	{"Twenty agents hear of one Change", func(w *world) {
		c := &store.Change{}
		for i := range 20 {
			w.register(agentNo(i))
			c.Events = append(c.Events, store.Event{Agent: agentNo(i), Type: store.EventTaskMatched, Task: taskNo(1), At: w.now})
		}
		w.commit(c)
		for i := range 20 {
			w.equal(w.eventPage(agentNo(i), 0, 9).Head, int64(1))
		}
	}},
	{"Dropped texts read as empty", func(w *world) {
		w.people()
		t := w.rewrite(w.post(taskNo(1), ann), w.claimedBy(bob))
		other := w.post(taskNo(2), ann)
		w.talkAbout(t.ID)
		w.talkAbout(other.ID)
		w.commit(&store.Change{Drop: []store.TextRef{{Task: t.ID}}})
		page := &store.TalkQuery{Limit: 9}
		l := w.load(store.LoadQuery{
			Task: t.ID, Text: true, Questions: page, Messages: page, Question: store.QuestionID("qa-" + t.ID),
		})
		w.equal(l.Text, store.TaskText{})
		w.equal(len(l.Questions)+len(l.Messages)+l.TalkTotal, 0)
		w.equal(l.Question, (*store.Question)(nil))
		w.equal(w.messages(t.ID, bob, 9, 0), store.Loaded{})
		w.equal(w.task(t.ID), t)
		tasks, err := w.store.Tasks(w.ctx, []store.TaskID{t.ID, other.ID})
		w.ok(err)
		w.equal(tasks[0].Text, store.TaskText{})
		w.equal(tasks[1].Text, textOf(other.ID))
		w.equal(w.questions(other.ID, 9, 0).TalkTotal, 1)
		w.equal(w.messages(other.ID, bob, 9, 0).TalkTotal, 1)
		w.equal(w.scan(9, false), []store.TaskID{t.ID, other.ID})
	}},
	{"A dropped result reads as empty, the others stay", func(w *world) {
		w.people()
		t := w.put(delivered(w, taskNo(1)))
		w.commit(&store.Change{Results: []store.Result{{Task: t.ID, No: 1, Text: "one"}, {Task: t.ID, No: 2, Text: "two"}}})
		w.commit(&store.Change{Drop: []store.TextRef{{Task: t.ID, No: 1}}})
		w.equal(w.load(store.LoadQuery{Task: t.ID, Text: true}).Text, textOf(t.ID))
		w.rewrite(t, func(t *store.Task) { t.Delivery = &store.Delivery{No: 2, At: w.now} })
		want := textOf(t.ID)
		want.Result = "two"
		w.equal(w.load(store.LoadQuery{Task: t.ID, Text: true}).Text, want)
		page, err := w.store.TasksOf(w.ctx, store.TasksQuery{Agent: ann, Limit: 1, Now: w.now})
		w.ok(err)
		w.equal(page.Tasks[0].Text, want)
	}},
	{"Dropping what is not there is passed over", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		before := w.snapshot()
		w.commit(&store.Change{Drop: []store.TextRef{{Task: nothing}, {Task: nothing, No: 1}, {Task: t.ID, No: 7}}})
		w.equal(w.snapshot(), before)
		w.commit(&store.Change{Drop: []store.TextRef{{Task: t.ID}}})
		w.commit(&store.Change{Drop: []store.TextRef{{Task: t.ID}}})
		w.equal(w.load(store.LoadQuery{Task: t.ID, Text: true}).Text, store.TaskText{})
	}},
	{"What is refused drops nothing", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.talkAbout(t.ID)
		c := wholeChange(w)
		c.Drop, c.Active = []store.TextRef{{Task: t.ID}}, []store.AgentID{nobody}
		w.refused(c, store.GuardSuspended)
	}},
	{"An empty Change is fine", func(w *world) {
		w.people()
		before := w.snapshot()
		w.equal(w.commit(&store.Change{}), store.Committed{})
		w.equal(w.snapshot(), before)
	}},
	{"A Change of a hundred tasks", func(w *world) {
		w.people()
		c := &store.Change{}
		for i := range 100 {
			c.Tasks = append(c.Tasks, store.TaskWrite{New: w.open(taskNo(i), ann), Text: textOf(taskNo(i))})
		}
		w.equal(len(w.commit(c).Seqs), 100)
		all, err := w.store.ScanOpen(w.ctx, 0, everything)
		w.ok(err)
		for i, t := range all {
			w.equal(t.Task.ID, taskNo(i))
			w.equal(t.Text.Need, fmt.Sprint("need of ", taskNo(i)))
		}
	}},
}

// talkAbout commits a question and a message of bob's claim.
func (w *world) talkAbout(task store.TaskID) {
	w.Helper()
	w.commit(&store.Change{
		Questions: []store.Question{{ID: store.QuestionID("qa-" + task), Task: task, Asker: bob, Text: "what?", CreatedAt: w.now}},
		Messages: []store.Message{{
			ID: store.MessageID("msg-" + task), Task: task, Sender: ann, Worker: bob, Text: "hi", CreatedAt: w.now,
		}},
	})
}

// wholeChange has something of everything: ann posts a task.
func wholeChange(w *world) *store.Change {
	id := taskNo(1)
	return &store.Change{
		At:     w.now,
		Active: []store.AgentID{ann, bob},
		Tasks:  []store.TaskWrite{{New: w.open(id, ann), Text: textOf(id)}},
		Agents: []store.AgentWrite{w.edited(cyd, func(p *store.Profile) { p.Name = "Cyd" })},
		Trust: []store.TrustWrite{{New: store.TrustPair{
			From: ann, To: bob, Score: 0.55, Interactions: 1, UpdatedAt: w.now,
		}}},
		Strikes:    []store.StrikeWrite{{Agent: bob, New: store.Strikes{Count: 1}}},
		SystemPays: []store.SystemPayWrite{{Agent: ann, New: store.SystemPay{Pending: 3}}},
		Roles:      []store.RoleWrite{{Task: id, Agent: bob, Role: store.RoleWorker}},
		Results:    []store.Result{{Task: id, No: 1, Text: "result"}},
		Questions: []store.Question{{
			ID: "qa-1", Task: id, Asker: bob, Text: "what?", CreatedAt: w.now,
		}},
		Messages: []store.Message{{ID: "msg-1", Task: id, Sender: ann, Worker: bob, Text: "hi", CreatedAt: w.now}},
		Reports: []store.Report{{
			ID: "rp-1", Task: id, Reporter: bob, Reason: "odd", Status: store.ReportOpen, CreatedAt: w.now,
		}},
		Talk:        []store.TalkCount{{Task: id, Delta: 1, Max: 5, Bytes: 7, MaxBytes: 100}},
		Transfers:   []store.Transfer{escrow(w, id, 10)},
		Accounts:    []store.AccountDelta{{Agent: ann, Escrowed: 10, Posted: 1}},
		Tags:        []store.TagDelta{{Agent: bob, TagStat: store.TagStat{Tag: "go", Count: 1}}},
		Events:      []store.Event{{Agent: ann, Type: store.EventTaskQuestion, Task: id, At: w.now}},
		Feed:        []store.FeedItem{{Kind: store.FeedTask, Task: id, Version: 1, Open: true}},
		Idempotency: record(w, "whole"),
	}
}

// escrow takes a task's budget from ann.
func escrow(w *world, id store.TaskID, amount int64) store.Transfer {
	return store.Transfer{
		ID: nextEntry(), From: store.AgentAccount(ann), To: store.EscrowAccount(id), Amount: amount,
		Kind: store.EntryEscrow, Agent: ann, Task: id, At: w.now,
	}
}

// The first of several Changes.
var commitFirstCases = []testCase{
	{"The first that holds, and no other", func(w *world) {
		w.people()
		a, b := w.post(taskNo(1), ann), w.post(taskNo(2), ann)
		index, done, _, err := w.store.CommitFirst(w.ctx, []*store.Change{claim(w, a, bob), claim(w, b, bob)})
		w.ok(err)
		w.equal(index, 0)
		w.equal(done, store.Committed{Text: textOf(taskNo(1))})
		w.equal(w.task(taskNo(1)).Status, store.StatusClaimed)
		w.equal(w.task(taskNo(2)).Status, store.StatusPosted)
		w.equal(w.agent(bob).OpenClaims, int64(1))
	}},
	{"What comes before leaves no trace", func(w *world) {
		w.people()
		a, b := w.post(taskNo(1), ann), w.post(taskNo(2), ann)
		w.rewrite(a, w.claimedBy(cyd))
		lost := claim(w, a, bob)
		lost.Events = []store.Event{{Agent: ann, Type: store.EventTaskClaimed, Task: a.ID, At: w.now}}
		lost.Roles = []store.RoleWrite{{Task: b.ID, Agent: bob, Role: store.RoleInfra}}
		lost.Feed = []store.FeedItem{{Kind: store.FeedTask, Task: a.ID, Version: 9}}
		index, done, _, err := w.store.CommitFirst(w.ctx, []*store.Change{lost, claim(w, b, bob)})
		w.ok(err)
		w.equal(index, 1)
		w.equal(done, store.Committed{Text: textOf(taskNo(2))})
		w.equal(w.task(a.ID).Worker(), cyd)
		w.equal(w.agent(bob).OpenClaims, int64(1))
		w.equal(w.agent(ann).EventSeq, int64(0))
		w.equal(len(w.feedSince(w.start)), 0)
		w.equal(w.load(store.LoadQuery{Caller: bob, Task: b.ID, Role: true}).Role, store.RoleWorker)
	}},
	{"None holds", func(w *world) {
		w.people()
		a, b := w.post(taskNo(1), ann), w.post(taskNo(2), ann)
		w.rewrite(a, w.claimedBy(cyd))
		second := claim(w, b, bob)
		second.Active = []store.AgentID{nobody}
		w.tasks = append(w.tasks, a.ID, b.ID)
		before := w.snapshot()
		index, done, errs, err := w.store.CommitFirst(w.ctx, []*store.Change{claim(w, a, bob), second})
		w.ok(err)
		w.equal(index, -1)
		w.equal(done, store.Committed{})
		if len(errs) != 2 {
			w.Fatalf("got %d errors for 2 changes", len(errs))
		}
		w.equal(w.conflict(errs[0], store.GuardTask).Task, a.ID)
		w.equal(w.conflict(errs[1], store.GuardSuspended).Agent, nobody)
		w.equal(w.snapshot(), before)
	}},
	{"The last of eight", func(w *world) {
		w.people()
		var cs []*store.Change
		for i := range 8 {
			t := w.post(taskNo(i), ann)
			if i < 7 {
				w.rewrite(t, w.claimedBy(cyd))
			}
			cs = append(cs, claim(w, t, bob))
		}
		index, done, _, err := w.store.CommitFirst(w.ctx, cs)
		w.ok(err)
		w.equal(index, 7)
		w.equal(done.Text, textOf(taskNo(7)))
		w.equal(w.agent(bob).OpenClaims, int64(1))
	}},
	{"Numbers of the one that was committed", func(w *world) {
		w.people()
		a := w.post(taskNo(1), ann)
		bad := &store.Change{At: w.now, Tasks: []store.TaskWrite{{New: w.open(taskNo(1), ann)}}}
		good := &store.Change{At: w.now, Tasks: []store.TaskWrite{{New: w.open(taskNo(2), ann)}}}
		_, done, _, err := w.store.CommitFirst(w.ctx, []*store.Change{bad, good})
		w.ok(err)
		w.equal(done.Seqs, []int64{w.task(taskNo(2)).Seq})
		w.equal(w.task(taskNo(1)).Seq, a.Seq)
	}},
	{"Of none", func(w *world) {
		index, done, errs, err := w.store.CommitFirst(w.ctx, nil)
		w.ok(err)
		w.equal(index, -1)
		w.equal(done, store.Committed{})
		w.equal(len(errs), 0)
	}},
}

// claim takes an open task as the pickup of a Market would.
func claim(w *world, t *store.Task, worker store.AgentID) *store.Change {
	return &store.Change{
		At:       w.now,
		Active:   []store.AgentID{t.Poster, worker},
		Tasks:    []store.TaskWrite{rewritten(t, w.claimedBy(worker))},
		Roles:    []store.RoleWrite{{Task: t.ID, Agent: worker, Role: store.RoleWorker}},
		Accounts: []store.AccountDelta{{Agent: worker, OpenClaims: 1, MaxOpenClaims: 100}},
		WantText: t.ID,
	}
}

// Each of several Changes.
var commitEachCases = []testCase{
	{"One that fails stops no other", func(w *world) {
		w.people()
		a, b, c := w.post(taskNo(1), ann), w.post(taskNo(2), ann), w.post(taskNo(3), ann)
		w.rewrite(b, w.claimedBy(cyd))
		done, errs := w.store.CommitEach(w.ctx, []*store.Change{claim(w, a, bob), claim(w, b, bob), claim(w, c, bob)})
		if len(done) != 3 || len(errs) != 3 {
			w.Fatalf("got %d outcomes and %d errors for 3 changes", len(done), len(errs))
		}
		w.ok(errs[0])
		w.equal(w.conflict(errs[1], store.GuardTask).Task, b.ID)
		w.ok(errs[2])
		w.equal(done[0].Text, textOf(a.ID))
		w.equal(done[1], store.Committed{})
		w.equal(done[2].Text, textOf(c.ID))
		w.equal(w.task(a.ID).Worker(), bob)
		w.equal(w.task(b.ID).Worker(), cyd)
		w.equal(w.task(c.ID).Worker(), bob)
		w.equal(w.agent(bob).OpenClaims, int64(2))
	}},
	{"In order", func(w *world) {
		w.people()
		cs := []*store.Change{
			{At: w.now, Transfers: []store.Transfer{escrow(w, taskNo(1), bonus+50)}},
			{At: w.now, Transfers: []store.Transfer{w.grant(ann, 50)}},
			{At: w.now, Transfers: []store.Transfer{escrow(w, taskNo(1), bonus+50)}},
			{At: w.now, Transfers: []store.Transfer{escrow(w, taskNo(2), 1)}},
		}
		_, errs := w.store.CommitEach(w.ctx, cs)
		w.conflict(errs[0], store.GuardBalance)
		w.ok(errs[1])
		w.ok(errs[2])
		w.conflict(errs[3], store.GuardBalance)
		w.equal(w.agent(ann).Balance, int64(0))
		w.equal(w.agent(ann).LedgerSeq, int64(3))
	}},
	{"One builds on another", func(w *world) {
		w.people()
		a := w.post(taskNo(1), ann)
		first := claim(w, a, bob)
		second := &store.Change{At: w.now, Tasks: []store.TaskWrite{
			rewritten(first.Tasks[0].New, func(t *store.Task) { t.Status = store.StatusDelivered }),
		}}
		_, errs := w.store.CommitEach(w.ctx, []*store.Change{first, second})
		w.ok(errs[0])
		w.ok(errs[1])
		w.equal(w.task(a.ID).Version, int64(3))
		w.equal(w.task(a.ID).Status, store.StatusDelivered)
	}},
	{"A hundred", func(w *world) {
		w.people()
		var cs []*store.Change
		for i := range 100 {
			cs = append(cs, &store.Change{
				At:     w.in(time.Duration(i) * time.Millisecond),
				Tasks:  []store.TaskWrite{{New: w.open(taskNo(i), ann), Text: textOf(taskNo(i))}},
				Events: []store.Event{{Agent: ann, Type: store.EventTaskClaimed, Task: taskNo(i), At: w.now}},
			})
		}
		done, errs := w.store.CommitEach(w.ctx, cs)
		for i := range 100 {
			w.ok(errs[i])
			w.equal(done[i].Seqs, []int64{w.task(taskNo(i)).Seq})
		}
		for i, e := range w.eventPage(ann, 0, everything).Events {
			w.equal(e.Task, taskNo(i))
		}
	}},
	{"Of none", func(w *world) {
		done, errs := w.store.CommitEach(w.ctx, nil)
		w.equal(len(done), 0)
		w.equal(len(errs), 0)
	}},
}

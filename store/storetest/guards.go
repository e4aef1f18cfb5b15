package storetest

import (
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// A Change with one guard that fails is refused, names it, and leaves no trace
// of all else that it holds.
var guardCases = []testCase{
	{"Active: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Active = append(c.Active, nobody)
		w.equal(w.refused(c, market.GuardSuspended).Agent, nobody)
	}},
	{"Active: suspended agent", func(w *world) {
		w.people()
		w.change(cyd, func(p *market.Profile) { p.Suspended = true })
		c := wholeChange(w)
		c.Active = append(c.Active, cyd)
		w.equal(w.refused(c, market.GuardSuspended).Agent, cyd)
	}},
	{"Active: a suspension that ended", func(w *world) {
		w.people()
		w.change(ann, func(p *market.Profile) { p.Suspended = true })
		w.change(ann, func(p *market.Profile) { p.Suspended = false })
		w.commit(&market.Change{Active: []market.AgentID{ann, market.Platform}})
	}},
	{"Unchanged: another version", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.rewrite(t, w.claimedBy(bob))
		c := wholeChange(w)
		c.Unchanged = []market.TaskRef{{ID: t.ID, Version: 1}}
		w.equal(w.refused(c, market.GuardTask).Task, t.ID)
		w.commit(&market.Change{Unchanged: []market.TaskRef{{ID: t.ID, Version: 2}}})
	}},
	{"Unchanged: unknown task", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Unchanged = []market.TaskRef{{ID: nothing, Version: 1}}
		w.equal(w.refused(c, market.GuardTask).Task, nothing)
	}},
	{"Tasks: insert of a task that exists", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.equal(w.refused(wholeChange(w), market.GuardDuplicate).Task, taskNo(1))
	}},
	{"Tasks: the same insert twice in a Change", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, market.TaskWrite{New: w.open(taskNo(1), bob)})
		w.refused(c, market.GuardDuplicate)
	}},
	{"Tasks: a stale version", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.rewrite(t, w.claimedBy(bob))
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, rewritten(t, w.claimedBy(cyd)))
		w.equal(w.refused(c, market.GuardTask).Task, t.ID)
	}},
	{"Tasks: a version from the future", func(w *world) {
		w.people()
		t := *w.post(taskNo(2), ann)
		t.Version = 2
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, rewritten(&t, w.claimedBy(cyd)))
		w.equal(w.refused(c, market.GuardTask).Task, t.ID)
	}},
	{"Tasks: replacing what does not exist", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, rewritten(w.open(nothing, ann), w.claimedBy(cyd)))
		w.equal(w.refused(c, market.GuardTask).Task, nothing)
	}},
	{"Agents: insert of an agent that exists", func(w *world) {
		w.people()
		c := wholeChange(w)
		again := market.AgentWrite{New: w.profile(bob), Key: market.APIKey("pwk-another").Digest()}
		c.Agents = append(c.Agents, again)
		w.equal(w.refused(c, market.GuardDuplicate).Agent, bob)
		got, err := w.store.Admit(w.ctx, market.Admission{Now: w.now, Key: &again.Key})
		w.ok(err)
		w.equal(got.Agent, (*market.Agent)(nil))
	}},
	{"Agents: a stale version", func(w *world) {
		w.people()
		stale := w.edited(bob, func(p *market.Profile) { p.Name = "stale" })
		w.change(bob, func(p *market.Profile) { p.Name = "newer" })
		c := wholeChange(w)
		c.Agents = append(c.Agents, stale)
		w.equal(w.refused(c, market.GuardAgent).Agent, bob)
	}},
	{"Agents: replacing what does not exist", func(w *world) {
		w.people()
		old, next := w.profile(nobody), w.profile(nobody)
		next.Version = 2
		c := wholeChange(w)
		c.Agents = append(c.Agents, market.AgentWrite{Old: old, New: next})
		w.equal(w.refused(c, market.GuardAgent).Agent, nobody)
	}},
	{"Trust: an old interaction count", func(w *world) {
		w.people()
		pair := market.TrustPair{From: bob, To: ann, Score: 0.55, Interactions: 1, UpdatedAt: w.now}
		w.commit(&market.Change{Trust: []market.TrustWrite{{New: pair}}})
		c := wholeChange(w)
		c.Trust = append(c.Trust, market.TrustWrite{New: pair})
		w.refused(c, market.GuardTrust)
	}},
	{"Trust: a pair that is not stored counts as 0", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Trust = append(c.Trust, market.TrustWrite{New: market.TrustPair{
			From: bob, To: ann, Score: 0.55, Interactions: 2, UpdatedAt: w.now,
		}})
		w.refused(c, market.GuardTrust)
	}},
	{"Strikes: another count", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Strikes = []market.StrikeWrite{{
			Agent: bob, Old: market.Strikes{Count: 1}, New: market.Strikes{Count: 2},
		}}
		w.equal(w.refused(c, market.GuardStrikes).Agent, bob)
	}},
	{"Strikes: another block", func(w *world) {
		w.people()
		blocked := market.Strikes{BlockedUntil: w.in(time.Hour)}
		w.commit(&market.Change{Strikes: []market.StrikeWrite{{Agent: bob, New: blocked}}})
		c := wholeChange(w)
		c.Strikes = []market.StrikeWrite{{Agent: bob, New: market.Strikes{Count: 1}}}
		w.equal(w.refused(c, market.GuardStrikes).Agent, bob)
	}},
	{"Strikes: the same block in another zone", func(w *world) {
		w.people()
		blocked := market.Strikes{BlockedUntil: w.in(time.Hour)}
		w.commit(&market.Change{Strikes: []market.StrikeWrite{{Agent: bob, New: blocked}}})
		blocked.BlockedUntil = blocked.BlockedUntil.In(time.FixedZone("there", 3600))
		w.commit(&market.Change{Strikes: []market.StrikeWrite{{Agent: bob, Old: blocked, New: market.Strikes{Count: 1}}}})
		w.equal(w.agent(bob).Strikes, market.Strikes{Count: 1})
	}},
	{"Strikes: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Strikes = []market.StrikeWrite{{Agent: nobody, New: market.Strikes{Count: 1}}}
		w.equal(w.refused(c, market.GuardStrikes).Agent, nobody)
	}},
	{"SystemPays: another value", func(w *world) {
		w.people()
		paid := []market.SystemPaid{{At: w.now, Credits: 5, Fees: 1}, {At: w.in(time.Hour), Credits: 3, Fees: 1}}
		stored := market.SystemPay{Pending: 2, Paid: paid}
		w.commit(&market.Change{SystemPays: []market.SystemPayWrite{{Agent: bob, New: stored}}})
		for _, old := range []market.SystemPay{
			{},
			{Pending: 3, Paid: paid},
			{Pending: 2, Paid: paid[:1]},
			{Pending: 2, Paid: []market.SystemPaid{paid[1], paid[0]}},
			{Pending: 2, Paid: []market.SystemPaid{paid[0], {At: w.in(time.Hour), Credits: 3, Fees: 2}}},
			{Pending: 2, Paid: []market.SystemPaid{paid[0], {At: w.in(time.Hour + time.Microsecond), Credits: 3, Fees: 1}}},
		} {
			c := wholeChange(w)
			c.SystemPays = []market.SystemPayWrite{{Agent: bob, Old: old, New: market.SystemPay{Pending: 9}}}
			w.equal(w.refused(c, market.GuardSystemPay).Agent, bob)
		}
		w.equal(w.agent(bob).SystemPay, stored)
	}},
	{"SystemPays: none yet", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.SystemPays = []market.SystemPayWrite{{Agent: bob, Old: market.SystemPay{Pending: 1}}}
		w.equal(w.refused(c, market.GuardSystemPay).Agent, bob)
	}},
	{"SystemPays: the same instants in another zone", func(w *world) {
		w.people()
		old := market.SystemPay{Paid: []market.SystemPaid{{At: w.now, Credits: 5}}}
		w.commit(&market.Change{SystemPays: []market.SystemPayWrite{{Agent: bob, New: old}}})
		there := time.FixedZone("there", 3600)
		same := market.SystemPay{Paid: []market.SystemPaid{{At: w.now.In(there), Credits: 5}}}
		next := market.SystemPay{Pending: 4, Paid: []market.SystemPaid{{At: w.in(time.Hour).In(there), Credits: 2}}}
		w.commit(&market.Change{SystemPays: []market.SystemPayWrite{{Agent: bob, Old: same, New: next}}})
		want := market.SystemPay{Pending: 4, Paid: []market.SystemPaid{{At: w.in(time.Hour), Credits: 2}}}
		w.equal(w.agent(bob).SystemPay, want)
	}},
	{"SystemPays: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.SystemPays = []market.SystemPayWrite{{Agent: nobody, New: market.SystemPay{Pending: 1}}}
		w.equal(w.refused(c, market.GuardSystemPay).Agent, nobody)
	}},
	{"Roles: the other role", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.commit(&market.Change{Roles: []market.RoleWrite{{Task: t.ID, Agent: bob, Role: market.RoleInfra}}})
		c := wholeChange(w)
		c.Roles = append(c.Roles, market.RoleWrite{Task: t.ID, Agent: bob, Role: market.RoleWorker})
		w.refused(c, market.GuardRole)
	}},
	{"Roles: the same role again is fine", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		again := &market.Change{Roles: []market.RoleWrite{
			{Task: t.ID, Agent: bob, Role: market.RoleWorker}, {Task: t.ID, Agent: cyd, Role: market.RoleInfra},
		}}
		w.commit(again)
		w.commit(&market.Change{Roles: again.Roles})
		w.equal(w.load(market.LoadQuery{Caller: bob, Task: t.ID, Role: true}).Role, market.RoleWorker)
		w.equal(w.load(market.LoadQuery{Caller: cyd, Task: t.ID, Role: true}).Role, market.RoleInfra)
	}},
	{"Roles: the newest lapse takes the place of the one before", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		lapse := func() *market.Lapse {
			return w.load(market.LoadQuery{Caller: bob, Task: t.ID, Role: true}).Lapse
		}
		role := market.RoleWrite{Task: t.ID, Agent: bob, Role: market.RoleWorker}
		w.commit(&market.Change{Roles: []market.RoleWrite{role}})
		w.equal(lapse(), (*market.Lapse)(nil))
		for claim, why := range []string{"abandoned", "too late"} {
			role.Lapse = &market.Lapse{At: w.in(time.Duration(claim) * time.Hour), Why: why, Claim: int32(claim)}
			want := *role.Lapse
			w.commit(&market.Change{Roles: []market.RoleWrite{role}})
			w.equal(lapse(), &want)
		}
	}},
	{"Roles: a role without a lapse clears it", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		role := market.RoleWrite{Task: t.ID, Agent: bob, Role: market.RoleWorker, Lapse: &market.Lapse{At: w.now, Why: "late"}}
		w.commit(&market.Change{Roles: []market.RoleWrite{role}})
		role.Lapse = nil
		w.commit(&market.Change{Roles: []market.RoleWrite{role}})
		l := w.load(market.LoadQuery{Caller: bob, Task: t.ID, Role: true})
		w.equal(l.Role, market.RoleWorker)
		w.equal(l.Lapse, (*market.Lapse)(nil))
	}},
	{"Roles: the other role with a lapse", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		role := market.RoleWrite{Task: t.ID, Agent: bob, Role: market.RoleWorker, Lapse: &market.Lapse{At: w.now, Why: "late"}}
		want := *role.Lapse
		w.commit(&market.Change{Roles: []market.RoleWrite{role}})
		c := wholeChange(w)
		role.Role, role.Lapse = market.RoleInfra, &market.Lapse{At: w.in(time.Hour), Why: "later"}
		c.Roles = append(c.Roles, role)
		w.equal(w.refused(c, market.GuardRole).Task, t.ID)
		w.equal(w.load(market.LoadQuery{Caller: bob, Task: t.ID, Role: true}).Lapse, &want)
	}},
	{"Results: the same number again", func(w *world) {
		w.people()
		t := w.put(delivered(w, taskNo(2)))
		w.commit(&market.Change{Results: []market.Result{{Task: t.ID, No: 1, Text: "first"}}})
		c := wholeChange(w)
		c.Results = append(c.Results, market.Result{Task: t.ID, No: 1, Text: "second"})
		w.refused(c, market.GuardDuplicate)
		w.equal(w.load(market.LoadQuery{Task: t.ID, Text: true}).Text.Result, "first")
	}},
	{"Questions: the same id again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		q := market.Question{ID: "qa-1", Task: taskNo(2), Asker: cyd, Text: "first", CreatedAt: w.now}
		w.commit(&market.Change{Questions: []market.Question{q}})
		w.refused(wholeChange(w), market.GuardDuplicate)
	}},
	{"Messages: the same id again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		m := market.Message{ID: "msg-1", Task: taskNo(2), Sender: ann, Worker: bob, Text: "first", CreatedAt: w.now}
		w.commit(&market.Change{Messages: []market.Message{m}})
		w.refused(wholeChange(w), market.GuardDuplicate)
	}},
	{"Reports: the same id again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		r := market.Report{ID: "rp-1", Task: taskNo(2), Reporter: cyd, Reason: "r", Status: market.ReportOpen, CreatedAt: w.now}
		w.commit(&market.Change{Reports: []market.Report{r}})
		w.refused(wholeChange(w), market.GuardDuplicate)
	}},
	{"Reports: the same reporter again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		r := market.Report{ID: "rp-7", Task: taskNo(2), Reporter: cyd, Reason: "r", Status: market.ReportOpen, CreatedAt: w.now}
		w.commit(&market.Change{Reports: []market.Report{r}})
		c := wholeChange(w)
		r.ID = "rp-8"
		c.Reports = append(c.Reports, r)
		w.refused(c, market.GuardDuplicate)
		r.ID, r.Reporter = "rp-9", bob
		w.commit(&market.Change{Reports: []market.Report{r}})
	}},
	{"Answers: unknown question", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		c := wholeChange(w)
		c.Answers = []market.Answer{{Question: "qa-none", Task: taskNo(2), Text: "a", At: w.now}}
		w.refused(c, market.GuardAnswered)
	}},
	{"Answers: answered already", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		w.commit(&market.Change{Questions: []market.Question{
			{ID: "qa-2", Task: taskNo(2), Asker: bob, Text: "q", CreatedAt: w.now},
		}})
		w.commit(&market.Change{Answers: []market.Answer{{Question: "qa-2", Task: taskNo(2), Text: "first", At: w.now}}})
		c := wholeChange(w)
		c.Answers = []market.Answer{{Question: "qa-2", Task: taskNo(2), Text: "second", At: w.now}}
		w.refused(c, market.GuardAnswered)
	}},
	{"Resolutions: not open any more", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		r := market.Report{ID: "rp-2", Task: taskNo(2), Reporter: bob, Reason: "r", Status: market.ReportOpen, CreatedAt: w.now}
		w.commit(&market.Change{Reports: []market.Report{r}})
		r.Status, r.Note, r.ResolvedAt = market.ReportDismissed, "first", w.now
		w.commit(&market.Change{Resolutions: []market.Report{r}})
		c := wholeChange(w)
		r.Note = "second"
		c.Resolutions = []market.Report{r}
		w.refused(c, market.GuardReport)
	}},
	{"Resolutions: unknown report", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Resolutions = []market.Report{{ID: "rp-none", Task: taskNo(1), Reporter: bob, Status: market.ReportReviewed}}
		w.refused(c, market.GuardReport)
	}},
	{"Talk: too many unanswered questions", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.commit(&market.Change{Talk: []market.TalkCount{{Task: t.ID, Delta: 5, Max: 5}}})
		c := wholeChange(w)
		c.Talk = append(c.Talk, market.TalkCount{Task: t.ID, Delta: 1, Max: 5})
		w.equal(w.refused(c, market.GuardQuestions).Task, t.ID)
		w.commit(&market.Change{Talk: []market.TalkCount{{Task: t.ID, Delta: -1}}})
		w.commit(&market.Change{Talk: []market.TalkCount{{Task: t.ID, Delta: 1, Max: 5}}})
	}},
	{"Talk: too many bytes", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		add := func(bytes int64) *market.Change {
			return &market.Change{Talk: []market.TalkCount{{Task: t.ID, Bytes: bytes, MaxBytes: 100}}}
		}
		w.commit(add(60))
		w.commit(add(40))
		c := wholeChange(w)
		c.Talk = append(c.Talk, add(1).Talk...)
		w.equal(w.refused(c, market.GuardTalkBytes).Task, t.ID)
		w.commit(add(-1))
		w.commit(add(1))
	}},
	{"Talk: each bound binds its own positive movement", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.commit(&market.Change{Talk: []market.TalkCount{{Task: t.ID, Delta: 5, Max: 5, Bytes: 1000}}})
		w.commit(&market.Change{Talk: []market.TalkCount{{Task: t.ID, Bytes: 1000, MaxBytes: 2000}}})
		w.commit(&market.Change{Talk: []market.TalkCount{{Task: t.ID, Delta: -1, MaxBytes: 10}}})
		w.commit(&market.Change{Talk: []market.TalkCount{{Task: t.ID, Delta: 1, Max: 5}}})
		c := wholeChange(w)
		c.Talk = append(c.Talk, market.TalkCount{Task: t.ID, Delta: 1, Max: 5, Bytes: 1})
		w.equal(w.refused(c, market.GuardQuestions).Task, t.ID)
	}},
	{"Talk: unknown task", func(w *world) {
		w.people()
		for _, count := range []market.TalkCount{{Task: nothing, Delta: 1, Max: 5}, {Task: nothing, Bytes: 5}, {Task: nothing, Delta: -1}} {
			c := wholeChange(w)
			c.Talk = append(c.Talk, count)
			w.equal(w.refused(c, market.GuardTask).Task, nothing)
		}
	}},
	{"Transfers: too little credit", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Transfers = []market.Transfer{escrow(w, taskNo(1), bonus+1)}
		w.equal(w.refused(c, market.GuardBalance).Agent, ann)
		w.commit(&market.Change{Transfers: []market.Transfer{escrow(w, taskNo(1), bonus)}})
		w.equal(w.agent(ann).Balance, int64(0))
	}},
	{"Transfers: nobody has no credit", func(w *world) {
		w.people()
		c := wholeChange(w)
		t := escrow(w, taskNo(1), 1)
		t.Agent, t.From = nobody, market.AgentAccount(nobody)
		c.Transfers = []market.Transfer{t}
		w.equal(w.refused(c, market.GuardBalance).Agent, nobody)
	}},
	{"Transfers: credits never go to nobody", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Transfers = append(c.Transfers, w.grant(nobody, 5))
		w.equal(w.refused(c, market.GuardBalance).Agent, nobody)
	}},
	{"Transfers: the second of a kind for a task", func(w *world) {
		w.people()
		w.commit(&market.Change{Transfers: []market.Transfer{escrow(w, taskNo(2), 1)}})
		c := wholeChange(w)
		c.Transfers = append(c.Transfers, escrow(w, taskNo(2), 1))
		c.Transfers[0].Agent, c.Transfers[0].From = bob, market.AgentAccount(bob)
		w.equal(w.refused(c, market.GuardTransfer).Task, taskNo(2))
	}},
	{"Transfers: the same kind twice in a Change", func(w *world) {
		w.people()
		c := wholeChange(w)
		second := escrow(w, taskNo(1), 1)
		second.Agent, second.From = bob, market.AgentAccount(bob)
		c.Transfers = append(c.Transfers, second)
		w.equal(w.refused(c, market.GuardTransfer).Task, taskNo(1))
	}},
	{"Transfers: a kind with no task may repeat", func(w *world) {
		w.people()
		w.commit(&market.Change{Transfers: []market.Transfer{w.grant(ann, 1)}})
		w.commit(&market.Change{Transfers: []market.Transfer{w.grant(ann, 1)}})
		w.equal(w.agent(ann).Balance, int64(bonus+2))
	}},
	{"Accounts: too many open claims", func(w *world) {
		w.people()
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, OpenClaims: 3, MaxOpenClaims: 3}}})
		c := wholeChange(w)
		c.Accounts = append(c.Accounts, market.AccountDelta{Agent: bob, OpenClaims: 1, MaxOpenClaims: 3})
		w.equal(w.refused(c, market.GuardOpenClaims).Agent, bob)
	}},
	{"Accounts: a limit binds only a positive movement", func(w *world) {
		w.people()
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, OpenClaims: 9}}})
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, OpenClaims: -1, MaxOpenClaims: 3}}})
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, Posted: 1, MaxOpenClaims: 3}}})
		w.equal(w.agent(bob).OpenClaims, int64(8))
	}},
	{"Accounts: too many bytes of texts", func(w *world) {
		w.people()
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, TextBytes: 90, MaxTextBytes: 100}}})
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, TextBytes: 10, MaxTextBytes: 100}}})
		c := wholeChange(w)
		c.Accounts = append(c.Accounts, market.AccountDelta{Agent: bob, TextBytes: 1, MaxTextBytes: 100})
		w.equal(w.refused(c, market.GuardTextBytes).Agent, bob)
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, TextBytes: -5, MaxTextBytes: 1}}})
		w.commit(&market.Change{Accounts: []market.AccountDelta{{Agent: bob, TextBytes: 7}}})
		w.equal(w.agent(bob).TextBytes, int64(102))
	}},
	{"Accounts: a posting with too many bytes of texts", func(w *world) {
		w.people()
		post := func(n int, bytes int64) *market.Change {
			id := taskNo(n)
			return &market.Change{
				At: w.now, Active: []market.AgentID{ann},
				Tasks:     []market.TaskWrite{{New: w.open(id, ann), Text: textOf(id)}},
				Transfers: []market.Transfer{escrow(w, id, 10)},
				Accounts:  []market.AccountDelta{{Agent: ann, Escrowed: 10, Posted: 1, TextBytes: bytes, MaxTextBytes: 100}},
			}
		}
		w.commit(post(1, 100))
		w.equal(w.agent(ann).TextBytes, int64(100))
		w.equal(w.refused(post(2, 1), market.GuardTextBytes).Agent, ann)
		w.commit(post(3, 0))
	}},
	{"Accounts: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Accounts = append(c.Accounts, market.AccountDelta{Agent: nobody, Posted: 1})
		w.equal(w.refused(c, market.GuardAgent).Agent, nobody)
	}},
	{"Tags: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Tags = append(c.Tags, market.TagDelta{Agent: nobody, TagStat: market.TagStat{Tag: "go", Count: 1}})
		w.equal(w.refused(c, market.GuardAgent).Agent, nobody)
	}},
	{"Idempotency: the key is taken", func(w *world) {
		w.people()
		w.commit(&market.Change{Idempotency: record(w, "whole")})
		w.refused(wholeChange(w), market.GuardIdempotency)
	}},
	{"A refused event is no webhook", func(w *world) {
		w.people()
		w.change(ann, func(p *market.Profile) { p.WebhookURL = "https://example.com/" })
		c := wholeChange(w)
		c.Active = append(c.Active, nobody)
		w.refused(c, market.GuardSuspended)
		jobs, err := w.store.LeaseWebhooks(w.ctx, w.in(time.Hour), w.in(2*time.Hour), 10)
		w.ok(err)
		w.equal(len(jobs), 0)
	}},
	{"What was refused can be committed later", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Active = append(c.Active, nobody)
		w.refused(c, market.GuardSuspended)
		w.register(nobody)
		w.commit(wholeChange(w))
		w.equal(w.agent(ann).Balance, int64(bonus-10))
	}},
}

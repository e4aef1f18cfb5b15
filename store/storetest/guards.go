package storetest

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// A Change with one failing guard is refused with a conflict that names the
// guard, and nothing of the Change is written.
var guardCases = []testCase{
	{"Active: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Active = append(c.Active, nobody)
		w.equal(w.refused(c, store.GuardSuspended).Agent, nobody)
	}},
	{"Active: suspended agent", func(w *world) {
		w.people()
		w.change(cyd, func(p *store.Profile) { p.Suspended = true })
		c := wholeChange(w)
		c.Active = append(c.Active, cyd)
		w.equal(w.refused(c, store.GuardSuspended).Agent, cyd)
	}},
	{"Guards look at what was stored before the Change", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		c := &store.Change{
			Active: []store.AgentID{cyd}, Agents: []store.AgentWrite{w.edited(cyd, func(p *store.Profile) { p.Name = "new" })},
			Unchanged: []store.TaskRef{{ID: t.ID, Version: 1}}, Tasks: []store.TaskWrite{rewritten(t, w.claimedBy(bob))},
		}
		stale := *c
		stale.Unchanged = []store.TaskRef{{ID: t.ID, Version: 2}}
		w.equal(w.refused(&stale, store.GuardTask).Task, t.ID)
		w.commit(c)
		w.equal(w.agent(cyd).Name, "new")
		w.equal(w.task(t.ID).Version, int64(2))
	}},
	{"Active: a suspension that ended", func(w *world) {
		w.people()
		w.change(ann, func(p *store.Profile) { p.Suspended = true })
		w.change(ann, func(p *store.Profile) { p.Suspended = false })
		w.commit(&store.Change{Active: []store.AgentID{ann, store.Platform}})
	}},
	{"Unchanged: another version", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.rewrite(t, w.claimedBy(bob))
		c := wholeChange(w)
		c.Unchanged = []store.TaskRef{{ID: t.ID, Version: 1}}
		w.equal(w.refused(c, store.GuardTask).Task, t.ID)
		w.commit(&store.Change{Unchanged: []store.TaskRef{{ID: t.ID, Version: 2}}})
	}},
	{"Unchanged: unknown task", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Unchanged = []store.TaskRef{{ID: nothing, Version: 1}}
		w.equal(w.refused(c, store.GuardTask).Task, nothing)
	}},
	{"Tasks: insert of a task that exists", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.equal(w.refused(wholeChange(w), store.GuardDuplicate).Task, taskNo(1))
	}},
	{"Tasks: the same insert twice in a Change", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, store.TaskWrite{New: w.open(taskNo(1), bob)})
		w.refused(c, store.GuardDuplicate)
	}},
	{"Tasks: a stale version", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.rewrite(t, w.claimedBy(bob))
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, rewritten(t, w.claimedBy(cyd)))
		w.equal(w.refused(c, store.GuardTask).Task, t.ID)
	}},
	{"Tasks: a version from the future", func(w *world) {
		w.people()
		t := *w.post(taskNo(2), ann)
		t.Version = 2
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, rewritten(&t, w.claimedBy(cyd)))
		w.equal(w.refused(c, store.GuardTask).Task, t.ID)
	}},
	{"Tasks: replacing what does not exist", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Tasks = append(c.Tasks, rewritten(w.open(nothing, ann), w.claimedBy(cyd)))
		w.equal(w.refused(c, store.GuardTask).Task, nothing)
	}},
	{"Agents: insert of an agent that exists", func(w *world) {
		w.people()
		c := wholeChange(w)
		again := store.AgentWrite{New: w.profile(bob), Key: store.KeyDigest{1}}
		c.Agents = append(c.Agents, again)
		w.equal(w.refused(c, store.GuardDuplicate).Agent, bob)
		got, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Key: &again.Key})
		w.ok(err)
		w.equal(got.Agent, (*store.Agent)(nil))
	}},
	{"Agents: a key that somebody has", func(w *world) {
		w.people()
		w.rekey(cyd, store.KeyDigest{3}, w.in(time.Hour))
		for _, key := range []store.KeyDigest{keyOf(ann), keyOf(cyd), {3}, keyOf(bob)} {
			write := w.edited(bob, func(p *store.Profile) { p.OldKeyUntil = w.now })
			write.Key = key
			c := wholeChange(w)
			c.Agents = append(c.Agents, write)
			w.equal(w.refused(c, store.GuardDuplicate).Agent, bob)
			c = wholeChange(w)
			c.Agents = append(c.Agents, store.AgentWrite{New: w.profile(nobody), Key: key})
			w.equal(w.refused(c, store.GuardDuplicate).Agent, nobody)
		}
		w.equal(w.whoHas(keyOf(bob), w.now), bob)
	}},
	{"Agents: an external id that somebody has", func(w *world) {
		w.people()
		w.named(agentNo(1), "user 1")
		c := wholeChange(w)
		c.Agents = append(c.Agents, w.naming(nobody, "user 1"))
		w.equal(w.refused(c, store.GuardDuplicate).Agent, nobody)
		c = wholeChange(w)
		c.Agents = append(c.Agents, w.naming(nobody, "user 2"), w.naming(agentNo(2), "user 2"))
		w.refused(c, store.GuardDuplicate)
		w.named(agentNo(2), "User 1")
		w.named(agentNo(3), "")
		w.named(agentNo(4), "")
	}},
	{"Agents: a stale version", func(w *world) {
		w.people()
		stale := w.edited(bob, func(p *store.Profile) { p.Name = "stale" })
		w.change(bob, func(p *store.Profile) { p.Name = "newer" })
		c := wholeChange(w)
		c.Agents = append(c.Agents, stale)
		w.equal(w.refused(c, store.GuardAgent).Agent, bob)
	}},
	{"Agents: replacing what does not exist", func(w *world) {
		w.people()
		old, next := w.profile(nobody), w.profile(nobody)
		next.Version = 2
		c := wholeChange(w)
		c.Agents = append(c.Agents, store.AgentWrite{Old: old, New: next})
		w.equal(w.refused(c, store.GuardAgent).Agent, nobody)
	}},
	{"Trust: an old interaction count", func(w *world) {
		w.people()
		pair := store.TrustPair{From: bob, To: ann, Score: 0.55, Interactions: 1, UpdatedAt: w.now}
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: pair}}})
		c := wholeChange(w)
		c.Trust = append(c.Trust, store.TrustWrite{New: pair})
		w.refused(c, store.GuardTrust)
	}},
	{"Trust: a pair that is not stored counts as 0", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Trust = append(c.Trust, store.TrustWrite{New: store.TrustPair{
			From: bob, To: ann, Score: 0.55, Interactions: 2, UpdatedAt: w.now,
		}})
		w.refused(c, store.GuardTrust)
	}},
	{"Strikes: another count", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Strikes = []store.StrikeWrite{{
			Agent: bob, Old: store.Strikes{Count: 1}, New: store.Strikes{Count: 2},
		}}
		w.equal(w.refused(c, store.GuardStrikes).Agent, bob)
	}},
	{"Strikes: what another has written alike", func(w *world) {
		w.people()
		one := store.StrikeWrite{Agent: bob, New: store.Strikes{Count: 1}}
		w.commit(&store.Change{Strikes: []store.StrikeWrite{one}})
		w.equal(w.refused(&store.Change{At: w.now, Strikes: []store.StrikeWrite{one}}, store.GuardStrikes).Agent, bob)
	}},
	{"Strikes: another block", func(w *world) {
		w.people()
		blocked := store.Strikes{BlockedUntil: w.in(time.Hour)}
		w.commit(&store.Change{Strikes: []store.StrikeWrite{{Agent: bob, New: blocked}}})
		c := wholeChange(w)
		c.Strikes = []store.StrikeWrite{{Agent: bob, New: store.Strikes{Count: 1}}}
		w.equal(w.refused(c, store.GuardStrikes).Agent, bob)
	}},
	{"Strikes: the same block in another zone", func(w *world) {
		w.people()
		blocked := store.Strikes{BlockedUntil: w.in(time.Hour)}
		w.commit(&store.Change{Strikes: []store.StrikeWrite{{Agent: bob, New: blocked}}})
		blocked.BlockedUntil = blocked.BlockedUntil.In(time.FixedZone("there", 3600))
		w.commit(&store.Change{Strikes: []store.StrikeWrite{{Agent: bob, Old: blocked, New: store.Strikes{Count: 1}}}})
		w.equal(w.agent(bob).Strikes, store.Strikes{Count: 1})
	}},
	{"Strikes: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Strikes = []store.StrikeWrite{{Agent: nobody, New: store.Strikes{Count: 1}}}
		w.equal(w.refused(c, store.GuardStrikes).Agent, nobody)
	}},
	{"SystemPays: another value", func(w *world) {
		w.people()
		paid := []store.SystemPaid{{At: w.now, Credits: 5, Fees: 1}, {At: w.in(time.Hour), Credits: 3, Fees: 1}}
		stored := store.SystemPay{Pending: 2, Paid: paid}
		w.commit(&store.Change{SystemPays: []store.SystemPayWrite{{Agent: bob, New: stored}}})
		for _, old := range []store.SystemPay{
			{},
			{Pending: 3, Paid: paid},
			{Pending: 2, Paid: paid[:1]},
			{Pending: 2, Paid: []store.SystemPaid{paid[1], paid[0]}},
			{Pending: 2, Paid: []store.SystemPaid{paid[0], {At: w.in(time.Hour), Credits: 3, Fees: 2}}},
			{Pending: 2, Paid: []store.SystemPaid{paid[0], {At: w.in(time.Hour + time.Microsecond), Credits: 3, Fees: 1}}},
		} {
			c := wholeChange(w)
			c.SystemPays = []store.SystemPayWrite{{Agent: bob, Old: old, New: store.SystemPay{Pending: 9}}}
			w.equal(w.refused(c, store.GuardSystemPay).Agent, bob)
		}
		w.equal(w.agent(bob).SystemPay, stored)
	}},
	{"SystemPays: none yet", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.SystemPays = []store.SystemPayWrite{{Agent: bob, Old: store.SystemPay{Pending: 1}}}
		w.equal(w.refused(c, store.GuardSystemPay).Agent, bob)
	}},
	{"SystemPays: the same instants in another zone", func(w *world) {
		w.people()
		old := store.SystemPay{Paid: []store.SystemPaid{{At: w.now, Credits: 5}}}
		w.commit(&store.Change{SystemPays: []store.SystemPayWrite{{Agent: bob, New: old}}})
		there := time.FixedZone("there", 3600)
		same := store.SystemPay{Paid: []store.SystemPaid{{At: w.now.In(there), Credits: 5}}}
		w.commit(&store.Change{SystemPays: []store.SystemPayWrite{{Agent: bob, Old: same, New: store.SystemPay{Pending: 4}}}})
		w.equal(w.agent(bob).SystemPay, store.SystemPay{Pending: 4})
	}},
	{"SystemPays: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.SystemPays = []store.SystemPayWrite{{Agent: nobody, New: store.SystemPay{Pending: 1}}}
		w.equal(w.refused(c, store.GuardSystemPay).Agent, nobody)
	}},
	{"Roles: the other role", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.commit(&store.Change{Roles: []store.RoleWrite{{Task: t.ID, Agent: bob, Role: store.RoleInfra}}})
		c := wholeChange(w)
		c.Roles = append(c.Roles, store.RoleWrite{Task: t.ID, Agent: bob, Role: store.RoleWorker})
		w.refused(c, store.GuardRole)
	}},
	{"Roles: the same role again is fine", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		again := &store.Change{Roles: []store.RoleWrite{
			{Task: t.ID, Agent: bob, Role: store.RoleWorker}, {Task: t.ID, Agent: cyd, Role: store.RoleInfra},
		}}
		w.commit(again)
		w.commit(&store.Change{Roles: again.Roles})
		w.equal(w.load(store.LoadQuery{Caller: bob, Task: t.ID, Role: true}).Role, store.RoleWorker)
		w.equal(w.load(store.LoadQuery{Caller: cyd, Task: t.ID, Role: true}).Role, store.RoleInfra)
	}},
	{"Roles: the newest lapse takes the place of the one before", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		lapse := func() *store.Lapse {
			return w.load(store.LoadQuery{Caller: bob, Task: t.ID, Role: true}).Lapse
		}
		role := store.RoleWrite{Task: t.ID, Agent: bob, Role: store.RoleWorker}
		w.commit(&store.Change{Roles: []store.RoleWrite{role}})
		w.equal(lapse(), (*store.Lapse)(nil))
		for claim, why := range []string{"abandoned", "too late"} {
			role.Lapse = &store.Lapse{At: w.in(time.Duration(claim) * time.Hour), Why: why, Claim: int32(claim)}
			want := *role.Lapse
			w.commit(&store.Change{Roles: []store.RoleWrite{role}})
			w.equal(lapse(), &want)
		}
	}},
	{"Roles: a role without a lapse clears it", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		role := store.RoleWrite{Task: t.ID, Agent: bob, Role: store.RoleWorker, Lapse: &store.Lapse{At: w.now, Why: "late"}}
		w.commit(&store.Change{Roles: []store.RoleWrite{role}})
		role.Lapse = nil
		w.commit(&store.Change{Roles: []store.RoleWrite{role}})
		l := w.load(store.LoadQuery{Caller: bob, Task: t.ID, Role: true})
		w.equal(l.Role, store.RoleWorker)
		w.equal(l.Lapse, (*store.Lapse)(nil))
	}},
	{"Roles: the other role with a lapse", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		role := store.RoleWrite{Task: t.ID, Agent: bob, Role: store.RoleWorker, Lapse: &store.Lapse{At: w.now, Why: "late"}}
		want := *role.Lapse
		w.commit(&store.Change{Roles: []store.RoleWrite{role}})
		c := wholeChange(w)
		role.Role, role.Lapse = store.RoleInfra, &store.Lapse{At: w.in(time.Hour), Why: "later"}
		c.Roles = append(c.Roles, role)
		w.equal(w.refused(c, store.GuardRole).Task, t.ID)
		w.equal(w.load(store.LoadQuery{Caller: bob, Task: t.ID, Role: true}).Lapse, &want)
	}},
	{"Results: the same number again", func(w *world) {
		w.people()
		t := w.put(delivered(w, taskNo(2)))
		w.commit(&store.Change{Results: []store.Result{{Task: t.ID, No: 1, Text: "first"}}})
		c := wholeChange(w)
		c.Results = append(c.Results, store.Result{Task: t.ID, No: 1, Text: "second"})
		w.refused(c, store.GuardDuplicate)
		w.equal(w.load(store.LoadQuery{Task: t.ID, Text: true}).Text.Result, "first")
	}},
	{"Questions: the same id again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		q := store.Question{ID: "qa-1", Task: taskNo(2), Asker: cyd, Text: "first", CreatedAt: w.now}
		w.commit(&store.Change{Questions: []store.Question{q}})
		w.refused(wholeChange(w), store.GuardDuplicate)
	}},
	{"Messages: the same id again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		m := store.Message{ID: "msg-1", Task: taskNo(2), Sender: ann, Worker: bob, Text: "first", CreatedAt: w.now}
		w.commit(&store.Change{Messages: []store.Message{m}})
		w.refused(wholeChange(w), store.GuardDuplicate)
	}},
	{"Reports: the same id again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		r := store.Report{ID: "rp-1", Task: taskNo(2), Reporter: cyd, Reason: "r", Status: store.ReportOpen, CreatedAt: w.now}
		w.commit(&store.Change{Reports: []store.Report{r}})
		w.refused(wholeChange(w), store.GuardDuplicate)
	}},
	{"Reports: the same reporter again", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		r := store.Report{ID: "rp-7", Task: taskNo(2), Reporter: cyd, Reason: "r", Status: store.ReportOpen, CreatedAt: w.now}
		w.commit(&store.Change{Reports: []store.Report{r}})
		c := wholeChange(w)
		r.ID = "rp-8"
		c.Reports = append(c.Reports, r)
		w.refused(c, store.GuardDuplicate)
		r.ID, r.Reporter = "rp-9", bob
		w.commit(&store.Change{Reports: []store.Report{r}})
	}},
	{"Answers: unknown question", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		c := wholeChange(w)
		c.Answers = []store.Answer{{Question: "qa-none", Task: taskNo(2), Text: "a", At: w.now}}
		w.refused(c, store.GuardAnswered)
	}},
	{"Answers: answered already", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		w.commit(&store.Change{Questions: []store.Question{
			{ID: "qa-2", Task: taskNo(2), Asker: bob, Text: "q", CreatedAt: w.now},
		}})
		w.commit(&store.Change{Answers: []store.Answer{{Question: "qa-2", Task: taskNo(2), Text: "first", At: w.now}}})
		c := wholeChange(w)
		c.Answers = []store.Answer{{Question: "qa-2", Task: taskNo(2), Text: "second", At: w.now}}
		w.refused(c, store.GuardAnswered)
	}},
	{"Resolutions: not open any more", func(w *world) {
		w.people()
		w.post(taskNo(2), ann)
		r := store.Report{ID: "rp-2", Task: taskNo(2), Reporter: bob, Reason: "r", Status: store.ReportOpen, CreatedAt: w.now}
		w.commit(&store.Change{Reports: []store.Report{r}})
		r.Status, r.Note, r.ResolvedAt = store.ReportDismissed, "first", w.now
		w.commit(&store.Change{Resolutions: []store.Report{r}})
		c := wholeChange(w)
		r.Note = "second"
		c.Resolutions = []store.Report{r}
		w.refused(c, store.GuardReport)
	}},
	{"Resolutions: unknown report", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Resolutions = []store.Report{{ID: "rp-none", Task: taskNo(1), Reporter: bob, Status: store.ReportReviewed}}
		w.refused(c, store.GuardReport)
	}},
	{"Talk: too many unanswered questions", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.commit(&store.Change{Talk: []store.TalkCount{{Task: t.ID, Delta: 5, Max: 5}}})
		c := wholeChange(w)
		c.Talk = append(c.Talk, store.TalkCount{Task: t.ID, Delta: 1, Max: 5})
		w.equal(w.refused(c, store.GuardQuestions).Task, t.ID)
		w.commit(&store.Change{Talk: []store.TalkCount{{Task: t.ID, Delta: -1}}})
		w.commit(&store.Change{Talk: []store.TalkCount{{Task: t.ID, Delta: 1, Max: 5}}})
	}},
	{"Talk: too many bytes", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		add := func(bytes int64) *store.Change {
			return &store.Change{Talk: []store.TalkCount{{Task: t.ID, Bytes: bytes, MaxBytes: 100}}}
		}
		w.commit(add(60))
		w.commit(add(40))
		c := wholeChange(w)
		c.Talk = append(c.Talk, add(1).Talk...)
		w.equal(w.refused(c, store.GuardTalkBytes).Task, t.ID)
		w.commit(add(-1))
		w.commit(add(1))
	}},
	{"Talk: each bound binds its own positive movement", func(w *world) {
		w.people()
		t := w.post(taskNo(2), ann)
		w.commit(&store.Change{Talk: []store.TalkCount{{Task: t.ID, Delta: 5, Max: 5, Bytes: 1000}}})
		w.commit(&store.Change{Talk: []store.TalkCount{{Task: t.ID, Bytes: 1000, MaxBytes: 2000}}})
		w.commit(&store.Change{Talk: []store.TalkCount{{Task: t.ID, Delta: -1, MaxBytes: 10}}})
		w.commit(&store.Change{Talk: []store.TalkCount{{Task: t.ID, Delta: 1, Max: 5}}})
		c := wholeChange(w)
		c.Talk = append(c.Talk, store.TalkCount{Task: t.ID, Delta: 1, Max: 5, Bytes: 1})
		w.equal(w.refused(c, store.GuardQuestions).Task, t.ID)
	}},
	{"Talk: unknown task", func(w *world) {
		w.people()
		for _, count := range []store.TalkCount{{Task: nothing, Delta: 1, Max: 5}, {Task: nothing, Bytes: 5}, {Task: nothing, Delta: -1}} {
			c := wholeChange(w)
			c.Talk = append(c.Talk, count)
			w.equal(w.refused(c, store.GuardTask).Task, nothing)
		}
	}},
	{"Transfers: too little credit", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Transfers = []store.Transfer{escrow(w, taskNo(1), bonus+1)}
		w.equal(w.refused(c, store.GuardBalance).Agent, ann)
		w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(1), bonus)}})
		w.equal(w.agent(ann).Balance, int64(0))
	}},
	{"Transfers: too little credit for all of an agent's", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Transfers = []store.Transfer{escrow(w, taskNo(1), bonus-1), escrow(w, taskNo(2), 1), escrow(w, taskNo(3), 1)}
		w.equal(w.refused(c, store.GuardBalance).Agent, ann)
	}},
	{"Transfers: credits that come later do not pay", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Transfers = []store.Transfer{escrow(w, taskNo(1), bonus+1), w.grant(ann, 1)}
		w.equal(w.refused(c, store.GuardBalance).Agent, ann)
		slices.Reverse(c.Transfers)
		w.commit(&store.Change{Transfers: c.Transfers})
		w.equal(w.agent(ann).Balance, int64(0))
	}},
	{"Transfers: nobody has no credit", func(w *world) {
		w.people()
		c := wholeChange(w)
		t := escrow(w, taskNo(1), 1)
		t.Agent, t.From = nobody, store.AgentAccount(nobody)
		c.Transfers = []store.Transfer{t}
		w.equal(w.refused(c, store.GuardBalance).Agent, nobody)
	}},
	{"Transfers: credits never go to nobody", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Transfers = append(c.Transfers, w.grant(nobody, 5))
		w.equal(w.refused(c, store.GuardBalance).Agent, nobody)
	}},
	{"Transfers: the second of a kind for a task", func(w *world) {
		w.people()
		w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(2), 1)}})
		c := wholeChange(w)
		c.Transfers = append(c.Transfers, escrow(w, taskNo(2), 1))
		c.Transfers[0].Agent, c.Transfers[0].From = bob, store.AgentAccount(bob)
		w.equal(w.refused(c, store.GuardTransfer).Task, taskNo(2))
	}},
	{"Transfers: the same kind twice in a Change", func(w *world) {
		w.people()
		c := wholeChange(w)
		second := escrow(w, taskNo(1), 1)
		second.Agent, second.From = bob, store.AgentAccount(bob)
		c.Transfers = append(c.Transfers, second)
		w.equal(w.refused(c, store.GuardTransfer).Task, taskNo(1))
	}},
	{"Transfers: operators grant and take back several times about a task", func(w *world) {
		w.people()
		w.commit(&store.Change{Transfers: []store.Transfer{w.about(store.EntryClawBack, ann, 3), w.about(store.EntryAdminGrant, bob, 3)}})
		w.commit(&store.Change{Transfers: []store.Transfer{w.about(store.EntryClawBack, ann, 2), w.about(store.EntryClawBack, ann, 1), w.about(store.EntryAdminGrant, bob, 3)}})
		w.equal([]int64{w.agent(ann).Balance, w.agent(bob).Balance}, []int64{bonus - 6, bonus + 6})
		entries, _, err := w.store.Entries(w.ctx, taskNo(1), "", 10)
		w.ok(err)
		sums := map[store.EntryKind]int64{}
		for _, e := range entries {
			sums[e.Kind] += e.Amount
		}
		w.equal(sums, map[store.EntryKind]int64{store.EntryClawBack: 6, store.EntryAdminGrant: 6})
		w.equal(len(entries), 5)
	}},
	{"Transfers: a kind with no task may repeat", func(w *world) {
		w.people()
		w.commit(&store.Change{Transfers: []store.Transfer{w.grant(ann, 1)}})
		w.commit(&store.Change{Transfers: []store.Transfer{w.grant(ann, 1)}})
		w.equal(w.agent(ann).Balance, int64(bonus+2))
	}},
	{"Accounts: too many open claims", func(w *world) {
		w.people()
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, OpenClaims: 3, MaxOpenClaims: 3}}})
		c := wholeChange(w)
		c.Accounts = append(c.Accounts, store.AccountDelta{Agent: bob, OpenClaims: 1, MaxOpenClaims: 3})
		w.equal(w.refused(c, store.GuardOpenClaims).Agent, bob)
	}},
	{"Accounts: a limit binds only a positive movement", func(w *world) {
		w.people()
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, OpenClaims: 9}}})
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, OpenClaims: -1, MaxOpenClaims: 3}}})
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, Posted: 1, MaxOpenClaims: 3}}})
		w.equal(w.agent(bob).OpenClaims, int64(8))
	}},
	{"Accounts: too many bytes of texts", func(w *world) {
		w.people()
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, TextBytes: 90, MaxTextBytes: 100}}})
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, TextBytes: 10, MaxTextBytes: 100}}})
		c := wholeChange(w)
		c.Accounts = append(c.Accounts, store.AccountDelta{Agent: bob, TextBytes: 1, MaxTextBytes: 100})
		w.equal(w.refused(c, store.GuardTextBytes).Agent, bob)
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, TextBytes: -5, MaxTextBytes: 1}}})
		w.commit(&store.Change{Accounts: []store.AccountDelta{{Agent: bob, TextBytes: 7}}})
		w.equal(w.agent(bob).TextBytes, int64(102))
	}},
	{"Accounts: a posting with too many bytes of texts", func(w *world) {
		w.people()
		post := func(n int, bytes int64) *store.Change {
			id := taskNo(n)
			return &store.Change{
				At: w.now, Active: []store.AgentID{ann},
				Tasks:     []store.TaskWrite{{New: w.open(id, ann), Text: textOf(id)}},
				Transfers: []store.Transfer{escrow(w, id, 10)},
				Accounts:  []store.AccountDelta{{Agent: ann, Escrowed: 10, Posted: 1, TextBytes: bytes, MaxTextBytes: 100}},
			}
		}
		w.commit(post(1, 100))
		w.equal(w.agent(ann).TextBytes, int64(100))
		w.equal(w.refused(post(2, 1), store.GuardTextBytes).Agent, ann)
		w.commit(post(3, 0))
	}},
	{"Accounts: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Accounts = append(c.Accounts, store.AccountDelta{Agent: nobody, Posted: 1})
		w.equal(w.refused(c, store.GuardAgent).Agent, nobody)
	}},
	{"Tags: unknown agent", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Tags = append(c.Tags, store.TagDelta{Agent: nobody, TagStat: store.TagStat{Tag: "go", Count: 1}})
		w.equal(w.refused(c, store.GuardAgent).Agent, nobody)
	}},
	{"Idempotency: the key is taken", func(w *world) {
		w.people()
		w.commit(&store.Change{Idempotency: record(w, "whole")})
		w.refused(wholeChange(w), store.GuardIdempotency)
	}},
	{"A refused event is no webhook", func(w *world) {
		w.people()
		w.change(ann, func(p *store.Profile) { p.WebhookURL = "https://example.com/" })
		c := wholeChange(w)
		c.Active = append(c.Active, nobody)
		w.refused(c, store.GuardSuspended)
		jobs, err := w.store.LeaseWebhooks(w.ctx, w.in(time.Hour), w.in(2*time.Hour), 10)
		w.ok(err)
		w.equal(len(jobs), 0)
	}},
	{"What was refused can be committed later", func(w *world) {
		w.people()
		c := wholeChange(w)
		c.Active = append(c.Active, nobody)
		w.refused(c, store.GuardSuspended)
		w.register(nobody)
		w.commit(wholeChange(w))
		w.equal(w.agent(ann).Balance, int64(bonus-10))
	}},
}

package storetest

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// What one decision needs, in one read.
var loadCases = []testCase{
	{"Parts that are zero are not loaded", func(w *world) {
		w.people()
		w.commit(wholeChange(w))
		w.equal(w.load(store.LoadQuery{}), &store.Loaded{})
		l := w.load(store.LoadQuery{Task: taskNo(1)})
		w.equal(l, &store.Loaded{Task: w.task(taskNo(1)), Poster: w.agent(ann)})
	}},
	{"Caller and another agent", func(w *world) {
		w.people()
		l := w.load(store.LoadQuery{Caller: ann, Agent: bob})
		w.equal(l, &store.Loaded{Caller: w.agent(ann), Agent: w.agent(bob)})
	}},
	{"An agent by its external id", func(w *world) {
		w.people()
		w.named(agentNo(1), "user 1")
		w.equal(w.load(store.LoadQuery{External: "user 1"}), &store.Loaded{Agent: w.agent(agentNo(1))})
		w.change(agentNo(1), func(p *store.Profile) { p.Name = "new" })
		w.equal(w.load(store.LoadQuery{External: "user 1", Caller: ann}), &store.Loaded{Caller: w.agent(ann), Agent: w.agent(agentNo(1))})
		w.equal(w.load(store.LoadQuery{External: "user 1", Agent: bob}).Agent, w.agent(bob))
		w.equal(w.load(store.LoadQuery{External: "user 2"}), &store.Loaded{})
		w.equal(w.load(store.LoadQuery{External: "USER 1"}), &store.Loaded{})
	}},
	{"The parties of a task", func(w *world) {
		w.people()
		w.rewrite(w.post(taskNo(1), ann), w.claimedBy(bob))
		l := w.load(store.LoadQuery{Task: taskNo(1)})
		w.equal(l.Poster, w.agent(ann))
		w.equal(l.Worker, w.agent(bob))
	}},
	{"Platform and nobody are nil", func(w *world) {
		w.people()
		w.post(taskNo(1), store.Platform)
		l := w.load(store.LoadQuery{Task: taskNo(1)})
		w.equal(l.Poster, (*store.Agent)(nil))
		w.equal(l.Worker, (*store.Agent)(nil))
	}},
	{"The parent and the subject of a system task", func(w *world) {
		w.people()
		w.rewrite(w.post(taskNo(1), ann), w.claimedBy(bob))
		w.put(systemTask(w, taskNo(2), &store.System{Type: store.VerifyCompletion, Parent: taskNo(1)}))
		w.put(systemTask(w, taskNo(3), &store.System{Type: store.ExtractCapabilities, Subject: cyd}))
		l := w.load(store.LoadQuery{Task: taskNo(2)})
		w.equal(l.Parent, w.task(taskNo(1)))
		w.equal(l.Subject, (*store.Agent)(nil))
		l = w.load(store.LoadQuery{Task: taskNo(3)})
		w.equal(l.Subject, w.agent(cyd))
		w.equal(l.Parent, (*store.Task)(nil))
	}},
	{"Children are the tasks that the task names", func(w *world) {
		w.people()
		w.put(systemTask(w, taskNo(2), &store.System{Type: store.MatchAgents, Parent: taskNo(1)}))
		w.put(systemTask(w, taskNo(3), &store.System{Type: store.MatchAgents, Parent: taskNo(1)}))
		t := w.open(taskNo(1), ann)
		t.Children = []store.TaskID{taskNo(2)}
		w.put(t)
		w.equal(w.load(store.LoadQuery{Task: t.ID}).Children, []*store.Task{w.task(taskNo(2))})
	}},
	{"Text with the result that belongs to the task now", func(w *world) {
		w.people()
		t := w.put(delivered(w, taskNo(1)))
		w.commit(&store.Change{Results: []store.Result{{Task: t.ID, No: 1, Text: "one"}, {Task: t.ID, No: 2, Text: "two"}}})
		want := textOf(t.ID)
		want.Result = "one"
		w.equal(w.load(store.LoadQuery{Task: t.ID, Text: true}).Text, want)
		t = w.rewrite(t, func(t *store.Task) { t.Delivery = &store.Delivery{No: 2, At: w.now} })
		want.Result = "two"
		w.equal(w.load(store.LoadQuery{Task: t.ID, Text: true}).Text, want)
		w.rewrite(t, func(t *store.Task) { t.Delivery = nil })
		w.equal(w.load(store.LoadQuery{Task: t.ID, Text: true}).Text, textOf(t.ID))
	}},
	{"Results that are kept, in the order asked for", func(w *world) {
		w.people()
		t := w.put(delivered(w, taskNo(1)))
		result := func(no int, text string) store.Result { return store.Result{Task: t.ID, No: no, Text: text} }
		w.commit(&store.Change{Results: []store.Result{result(1, "one"), result(2, ""), result(3, "three")}})
		w.equal(w.load(store.LoadQuery{Task: t.ID, Results: []int{3, 1, 7, 2}}).Results, []store.Result{result(3, "three"), result(1, "one"), result(2, "")})
		w.equal(len(w.load(store.LoadQuery{Task: t.ID, Text: true}).Results), 0)
		w.equal(len(w.load(store.LoadQuery{Task: taskNo(2), Results: []int{1}}).Results), 0)
		record := &store.IdempotencyRecord{IdempotencyID: store.IdempotencyID{Caller: ann, Operation: "o", Key: "k"}, Outcome: []byte("{}"), ExpiresAt: w.now.Add(time.Hour)}
		w.commit(&store.Change{Drop: []store.TextRef{{Task: t.ID, No: 1}}, Records: []*store.IdempotencyRecord{record}})
		l := w.load(store.LoadQuery{Now: w.now, Task: t.ID, Results: []int{1, 3}, Records: []store.IdempotencyID{record.IdempotencyID}})
		w.equal(l.Results, []store.Result{result(3, "three")})
		w.equal(l.Records, []*store.IdempotencyRecord{record})
	}},
	{"Trust between the parties", func(w *world) {
		w.people()
		w.rewrite(w.post(taskNo(1), ann), w.claimedBy(bob))
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: store.TrustPair{
			From: ann, To: bob, Score: 0.55, Interactions: 1, UpdatedAt: w.now,
		}}}})
		l := w.load(store.LoadQuery{Task: taskNo(1), Trust: true})
		w.equal(l.PosterTrust, store.TrustPair{From: ann, To: bob, Score: 0.55, Interactions: 1, UpdatedAt: w.now})
		w.equal(l.WorkerTrust, store.NeutralPair(bob, ann))
	}},
	{"Every pair toward the caller", func(w *world) {
		w.people()
		up := store.TrustPair{From: bob, To: ann, Score: 0.55, Interactions: 1, UpdatedAt: w.now}
		away := store.TrustPair{From: ann, To: bob, Score: 0.45, Interactions: 1, UpdatedAt: w.now}
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: up}, {New: away}}})
		w.equal(w.load(store.LoadQuery{Caller: ann, TrustIn: true}).TrustIn, []store.TrustPair{up})
		up.Score, up.Interactions = 0.595, 2
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: up}}})
		w.equal(w.load(store.LoadQuery{Caller: ann, TrustIn: true}).TrustIn, []store.TrustPair{up})
		w.equal(len(w.load(store.LoadQuery{Caller: cyd, TrustIn: true}).TrustIn), 0)
	}},
	{"The caller's role, on the parent of a system task", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.put(systemTask(w, taskNo(2), &store.System{Type: store.MatchAgents, Parent: taskNo(1)}))
		w.commit(&store.Change{Roles: []store.RoleWrite{{Task: taskNo(1), Agent: bob, Role: store.RoleInfra}}})
		role := func(task store.TaskID, caller store.AgentID) store.Role {
			return w.load(store.LoadQuery{Caller: caller, Task: task, Role: true}).Role
		}
		w.equal(role(taskNo(1), bob), store.RoleInfra)
		w.equal(role(taskNo(2), bob), store.RoleInfra)
		w.equal(role(taskNo(1), cyd), store.RoleNone)
	}},
	{"Due tasks of the caller", func(w *world) {
		w.people()
		for i, d := range []time.Duration{3 * time.Minute, time.Minute, 2 * time.Minute, -time.Minute, time.Hour} {
			t := w.open(taskNo(i), ann)
			if i%2 == 0 {
				t.Poster = cyd
				w.claimedBy(ann)(t)
			}
			t.NextDue = w.in(d)
			w.put(t)
		}
		never := w.open(taskNo(7), ann)
		never.NextDue = time.Time{}
		w.put(never)
		other := w.open(taskNo(8), bob)
		other.NextDue = w.now
		w.put(other)
		want := []store.TaskID{taskNo(3), taskNo(1), taskNo(2)}
		w.equal(w.load(store.LoadQuery{Caller: ann, Now: w.in(2 * time.Minute)}).Due, want)
		w.equal(w.load(store.LoadQuery{Caller: ann, Now: w.in(2*time.Minute - time.Microsecond)}).Due, want[:2])
		w.equal(w.load(store.LoadQuery{Caller: cyd, Now: w.in(2 * time.Minute)}).Due, want[2:])
	}},
	{"Due follows the task", func(w *world) {
		w.people()
		t := w.open(taskNo(1), ann)
		t.NextDue = w.now
		t = w.put(t)
		due := func(who store.AgentID, at time.Time) int {
			return len(w.load(store.LoadQuery{Caller: who, Now: at}).Due)
		}
		w.equal(due(ann, w.now), 1)
		t = w.rewrite(t, func(t *store.Task) {
			w.claimedBy(bob)(t)
			t.NextDue = w.in(time.Minute)
		})
		w.equal(due(ann, w.now), 0)
		w.equal(due(ann, w.in(time.Minute)), 1)
		w.equal(due(bob, w.in(time.Minute)), 1)
		t = w.rewrite(t, func(t *store.Task) { t.Status, t.Claim = store.StatusPosted, nil })
		w.equal(due(ann, w.in(time.Minute)), 1)
		w.equal(due(bob, w.in(time.Minute)), 0)
		w.rewrite(t, ended(w.now))
		w.equal(due(ann, w.in(time.Hour)), 0)
	}},
	{"At most a hundred due tasks", func(w *world) {
		w.people()
		c := &store.Change{}
		for i := range 110 {
			t := w.open(taskNo(i), ann)
			t.NextDue = w.in(-time.Duration(i) * time.Second)
			c.Tasks = append(c.Tasks, store.TaskWrite{New: t, Text: textOf(t.ID)})
		}
		w.commit(c)
		due := w.load(store.LoadQuery{Caller: ann}).Due
		w.equal(len(due), 100)
		w.equal(due[0], taskNo(109))
		w.equal(due[99], taskNo(10))
	}},
	{"Lists bring due tasks as well", func(w *world) {
		w.people()
		t := w.open(taskNo(1), ann)
		t.NextDue = w.now
		w.put(t)
		for _, at := range []time.Time{w.now, w.in(-time.Microsecond)} {
			want := []store.TaskID{t.ID}
			if at.Before(w.now) {
				want = nil
			}
			tasks, err := w.store.TasksOf(w.ctx, store.TasksQuery{Agent: ann, Limit: 1, Now: at})
			w.ok(err)
			w.equal(tasks.Due, want)
			page := store.PageQuery{Agent: ann, Limit: 1, Now: at}
			ledger, err := w.store.Ledger(w.ctx, page)
			w.ok(err)
			w.equal(ledger.Due, want)
			stats, err := w.store.Stats(w.ctx, store.StatsQuery{Agent: ann, Now: at})
			w.ok(err)
			w.equal(stats.Due, want)
			trust, err := w.store.TrustOf(w.ctx, page)
			w.ok(err)
			w.equal(trust.Due, want)
		}
	}},
}

func systemTask(w *world, id store.TaskID, system *store.System) *store.Task {
	t := w.open(id, store.Platform)
	t.System = system
	return t
}

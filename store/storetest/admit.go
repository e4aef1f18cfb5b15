package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Which agent a key belongs to, and whether a rate limit allows the request.
var admitCases = []testCase{
	{"By key", func(w *world) {
		w.people()
		key := keyOf(bob)
		got, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Key: &key})
		w.ok(err)
		w.equal(got, store.Admitted{Agent: w.agent(bob), Allowed: true})
	}},
	{"By id", func(w *world) {
		w.people()
		got, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Agent: bob})
		w.ok(err)
		w.equal(got, store.Admitted{Agent: w.agent(bob), Allowed: true})
	}},
	{"An agent has one bucket, whatever found it", func(w *world) {
		w.people()
		w.rekey(bob, store.KeyDigest{2}, w.in(time.Hour))
		key, old := store.KeyDigest{2}, keyOf(bob)
		charge := &store.Charge{Bucket: "b", Every: time.Hour, Burst: 3}
		for i, a := range []store.Admission{{Agent: bob}, {Key: &key}, {Key: &old}, {Agent: bob}, {Key: &key}} {
			a.Now, a.Charge = w.now, charge
			got, err := w.store.Admit(w.ctx, a)
			w.ok(err)
			w.equal(got.Agent, w.agent(bob))
			w.equal(got.Allowed, i < 3)
		}
	}},
	{"An unknown id is charged nothing", func(w *world) {
		w.people()
		charge := &store.Charge{Bucket: "b", Every: time.Hour, Burst: 1}
		for range 3 {
			got, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Agent: nobody, Charge: charge})
			w.ok(err)
			w.equal(got, store.Admitted{Allowed: true})
		}
		w.equal(w.admit(0, charge).Allowed, true)
	}},
	{"A suspended agent is found and shows it", func(w *world) {
		w.people()
		w.change(bob, func(p *store.Profile) { p.Suspended = true })
		key := keyOf(bob)
		got, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Key: &key})
		w.ok(err)
		w.equal(got.Agent, w.agent(bob))
	}},
	{"A bucket of three, one back each second", func(w *world) {
		charge := &store.Charge{Bucket: "b", Every: time.Second, Burst: 3}
		steps := []struct {
			at   time.Duration
			want store.Admitted
		}{
			{0, store.Admitted{Allowed: true, Remaining: 2, ResetAfter: time.Second}},
			{0, store.Admitted{Allowed: true, Remaining: 1, ResetAfter: 2 * time.Second}},
			{0, store.Admitted{Allowed: true, Remaining: 0, ResetAfter: 3 * time.Second}},
			{0, store.Admitted{RetryAfter: time.Second, ResetAfter: 3 * time.Second}},
			{400 * time.Millisecond, store.Admitted{RetryAfter: 600 * time.Millisecond, ResetAfter: 2600 * time.Millisecond}},
			{time.Second, store.Admitted{Allowed: true, Remaining: 0, ResetAfter: 3 * time.Second}},
			{time.Second, store.Admitted{RetryAfter: time.Second, ResetAfter: 3 * time.Second}},
			{2500 * time.Millisecond, store.Admitted{Allowed: true, Remaining: 0, ResetAfter: 2500 * time.Millisecond}},
			{3500 * time.Millisecond, store.Admitted{Allowed: true, Remaining: 0, ResetAfter: 2500 * time.Millisecond}},
			{time.Hour, store.Admitted{Allowed: true, Remaining: 2, ResetAfter: time.Second}},
		}
		for i, step := range steps {
			got, err := w.store.Admit(w.ctx, store.Admission{Now: w.in(step.at), Charge: charge})
			w.ok(err)
			if d := diff(got, step.want); d != "" {
				w.Fatalf("step %d%s", i, d)
			}
		}
	}},
	{"A bucket of one", func(w *world) {
		charge := &store.Charge{Bucket: "b", Every: time.Hour, Burst: 1}
		w.equal(w.admit(0, charge), store.Admitted{Allowed: true, ResetAfter: time.Hour})
		w.equal(w.admit(time.Minute, charge), store.Admitted{RetryAfter: 59 * time.Minute, ResetAfter: 59 * time.Minute})
		w.equal(w.admit(time.Hour, charge), store.Admitted{Allowed: true, ResetAfter: time.Hour})
	}},
	{"What was refused is not charged", func(w *world) {
		charge := &store.Charge{Bucket: "b", Every: time.Second, Burst: 1}
		w.equal(w.admit(0, charge).Allowed, true)
		for range 20 {
			w.equal(w.admit(time.Millisecond, charge).Allowed, false)
		}
		w.equal(w.admit(time.Second, charge).Allowed, true)
	}},
	{"Buckets do not mix", func(w *world) {
		for _, name := range []string{"a", "A", "ab", "", "create:" + string(ann)} {
			charge := &store.Charge{Bucket: name, Every: time.Hour, Burst: 1}
			w.equal(w.admit(0, charge).Allowed, true)
			w.equal(w.admit(0, charge).Allowed, false)
		}
	}},
	{"With a key each agent has its own bucket", func(w *world) {
		w.people()
		charge := &store.Charge{Bucket: "b", Every: time.Hour, Burst: 1}
		for _, id := range []store.AgentID{ann, bob} {
			key := keyOf(id)
			a := store.Admission{Now: w.now, Key: &key, Charge: charge}
			for _, allowed := range []bool{true, false} {
				got, err := w.store.Admit(w.ctx, a)
				w.ok(err)
				w.equal(got.Agent, w.agent(id))
				w.equal(got.Allowed, allowed)
			}
		}
		w.equal(w.admit(0, charge).Allowed, true)
	}},
	{"An unknown key is charged nothing", func(w *world) {
		key := keyOf(nobody)
		charge := &store.Charge{Bucket: "b", Every: time.Hour, Burst: 1}
		for range 3 {
			got, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Key: &key, Charge: charge})
			w.ok(err)
			w.equal(got, store.Admitted{Allowed: true})
		}
		w.equal(w.admit(0, charge).Allowed, true)
	}},
	{"Neither key nor charge", func(w *world) {
		w.equal(w.admit(0, nil), store.Admitted{Allowed: true})
	}},
	{"A hundred at once, and exactly the burst gets in", func(w *world) {
		charge := &store.Charge{Bucket: "b", Every: time.Minute, Burst: 10}
		var allowed atomic.Int64
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				got, err := w.store.Admit(w.ctx, store.Admission{Now: w.now, Charge: charge})
				if err != nil {
					w.Error(err)
				}
				if got.Allowed {
					allowed.Add(1)
				}
			})
		}
		group.Wait()
		w.equal(allowed.Load(), int64(10))
		w.equal(w.admit(time.Minute, charge).Allowed, true)
	}},
	{"Pruning forgets only full buckets", func(w *world) {
		short := &store.Charge{Bucket: "short", Every: time.Second, Burst: 1}
		long := &store.Charge{Bucket: "long", Every: time.Hour, Burst: 4}
		w.admit(0, short)
		for range 4 {
			w.admit(0, long)
		}
		for hours := range 4 {
			at := time.Duration(hours) * 61 * time.Minute
			w.admit(at, &store.Charge{Bucket: "other", Every: time.Hour, Burst: 1})
			_, err := w.store.Prune(w.ctx, store.PruneQuery{Now: w.in(at), Limit: everything})
			w.ok(err)
		}
		w.equal(w.admit(183*time.Minute, short).Allowed, true)
		w.equal(w.admit(183*time.Minute, long), store.Admitted{
			Allowed: true, Remaining: 2, ResetAfter: 117 * time.Minute,
		})
	}},
}

// admit charges a bucket that belongs to no agent.
func (w *world) admit(at time.Duration, charge *store.Charge) store.Admitted {
	w.Helper()
	got, err := w.store.Admit(w.ctx, store.Admission{Now: w.in(at), Charge: charge})
	w.ok(err)
	return got
}

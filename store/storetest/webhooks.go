package storetest

import (
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

const hook = "https://example.com/hook"

// The webhook queue.
var webhookCases = []testCase{
	{"An event is due at once when its agent has a URL", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 1)
		w.tell(bob, 1)
		jobs := w.jobs(w.in(time.Second), w.in(time.Minute), 10)
		w.equal(len(jobs), 1)
		lease := jobs[0].Lease
		w.equal(jobs[0], store.WebhookJob{
			Event: w.eventPage(ann, 0, 1).Events[0], URL: hook, Secret: "secret", Lease: lease,
		})
	}},
	{"The secret before a change comes along while it counts", func(w *world) {
		w.people()
		w.hook(ann)
		until := w.in(time.Hour)
		w.change(ann, func(p *store.Profile) {
			p.WebhookSecret, p.OldWebhookSecret, p.OldSecretUntil = "new", "secret", until
		})
		w.tell(ann, 1)
		job := w.job(until.Add(-time.Microsecond), until)
		w.equal([]string{job.Secret, job.OldSecret}, []string{"new", "secret"})
		job = w.job(until, until.Add(time.Minute))
		w.equal([]string{job.Secret, job.OldSecret}, []string{"new", ""})
	}},
	{"The URL after the Change decides", func(w *world) {
		w.people()
		w.hook(bob)
		on := w.edited(ann, func(p *store.Profile) { p.WebhookURL = hook })
		off := w.edited(bob, func(p *store.Profile) { p.WebhookURL = "" })
		w.commit(&store.Change{
			Agents: []store.AgentWrite{on, off}, Events: []store.Event{w.event(ann, 1), w.event(bob, 1)},
		})
		w.hook(bob)
		jobs := w.jobs(w.now, w.in(time.Minute), 10)
		w.equal(len(jobs), 1)
		w.equal(jobs[0].Event.Agent, ann)
	}},
	{"Oldest first, up to a limit", func(w *world) {
		w.people()
		w.hook(ann)
		w.hook(bob)
		for i, who := range []store.AgentID{bob, ann, bob, ann} {
			e := w.event(who, i)
			e.At = w.in(time.Duration(i) * time.Second)
			w.commit(&store.Change{At: e.At, Events: []store.Event{e}})
		}
		var got []store.TaskID
		for _, limit := range []int{1, 2, 9} {
			for _, job := range w.jobs(w.in(time.Minute), w.in(time.Hour), limit) {
				got = append(got, job.Event.Task)
			}
		}
		w.equal(got, []store.TaskID{taskNo(0), taskNo(1), taskNo(2), taskNo(3)})
	}},
	{"A lease holds until it ends, then there is another", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 1)
		first := w.job(w.in(time.Second), w.in(time.Minute))
		w.equal(len(w.jobs(w.in(59*time.Second), w.in(time.Hour), 9)), 0)
		second := w.job(w.in(time.Minute), w.in(time.Hour))
		w.equal(second.Event, first.Event)
		w.equal(second.Attempts, 0)
		if second.Lease == first.Lease {
			w.Fatal("two leases are the same")
		}
		w.equal(w.finish(first, store.WebhookOutcome{Delivered: true, At: w.now}), false)
		w.equal(w.finish(second, store.WebhookOutcome{Delivered: true, At: w.now}), true)
		w.equal(len(w.jobs(w.in(1000*time.Hour), w.in(2000*time.Hour), 9)), 0)
	}},
	{"Delivered is gone, and finished once", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 1)
		job := w.job(w.in(time.Second), w.in(time.Minute))
		w.equal(w.finish(job, store.WebhookOutcome{Delivered: true, At: w.now}), true)
		w.equal(w.finish(job, store.WebhookOutcome{Delivered: true, At: w.now}), false)
		w.equal(w.finish(job, store.WebhookOutcome{RetryAt: w.now, At: w.now}), false)
		w.equal(len(w.jobs(w.in(1000*time.Hour), w.in(2000*time.Hour), 9)), 0)
		w.equal(w.dead(ann, 9, 0), store.DeadPage{})
	}},
	{"A retry counts its attempts", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 1)
		at := w.in(time.Minute)
		for attempts := range 4 {
			job := w.job(at, at.Add(time.Minute))
			w.equal(job.Attempts, attempts)
			next := at.Add(time.Hour)
			w.equal(w.finish(job, store.WebhookOutcome{RetryAt: next, Error: "status 500", At: at}), true)
			w.equal(w.finish(job, store.WebhookOutcome{Delivered: true, At: at}), false)
			w.equal(len(w.jobs(next.Add(-time.Microsecond), next, 9)), 0)
			at = next
		}
	}},
	{"A delivery that fails for good is kept as a dead letter", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 1)
		job := w.job(w.in(time.Minute), w.in(2*time.Minute))
		w.equal(w.finish(job, store.WebhookOutcome{RetryAt: w.in(time.Hour), Error: "first", At: w.now}), true)
		job = w.job(w.in(time.Hour), w.in(2*time.Hour))
		w.equal(w.finish(job, store.WebhookOutcome{Error: "refused", Gone: true, At: w.in(3 * time.Hour)}), true)
		w.equal(w.dead(ann, 9, 0), store.DeadPage{Total: 1, Dead: []store.DeadWebhook{{
			Event: job.Event, Attempts: 2, Error: "refused", FailedAt: w.in(3 * time.Hour),
		}}})
		w.equal(w.dead(bob, 9, 0), store.DeadPage{})
		w.equal(len(w.jobs(w.in(1000*time.Hour), w.in(2000*time.Hour), 9)), 0)
	}},
	{"Dead letters page newest first", func(w *world) {
		w.people()
		w.bury(ann, 7)
		var got []int64
		for _, limit := range []int{1, 3, 100} {
			got = nil
			for offset := 0; offset < 8; offset += limit {
				page := w.dead(ann, limit, offset)
				w.equal(page.Total, 7)
				for _, d := range page.Dead {
					got = append(got, d.Event.Seq)
				}
			}
			w.equal(got, []int64{7, 6, 5, 4, 3, 2, 1})
		}
	}},
	{"Redelivery starts over", func(w *world) {
		w.people()
		w.bury(ann, 2)
		w.equal(w.redeliver(bob, 1), false)
		w.equal(w.redeliver(ann, 3), false)
		w.equal(w.redeliver(ann, 1), true)
		w.equal(w.redeliver(ann, 1), false)
		w.equal(w.dead(ann, 9, 0).Total, 1)
		job := w.job(w.in(100*time.Hour), w.in(101*time.Hour))
		w.equal(job.Event.Seq, int64(1))
		w.equal(job.Attempts, 0)
		w.equal(w.finish(job, store.WebhookOutcome{Error: "again", At: w.in(100 * time.Hour)}), true)
		w.equal(w.dead(ann, 1, 0).Dead[0].Attempts, 1)
	}},
	{"An old lease does not finish a redelivery", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 1)
		old := w.job(w.in(time.Minute), w.in(2*time.Minute))
		w.equal(w.finish(old, store.WebhookOutcome{Error: "no", At: w.now}), true)
		w.equal(w.redeliver(ann, 1), true)
		w.equal(w.finish(old, store.WebhookOutcome{Delivered: true, At: w.now}), false)
		w.job(w.in(100*time.Hour), w.in(101*time.Hour))
		w.equal(w.finish(old, store.WebhookOutcome{Delivered: true, At: w.now}), false)
	}},
	{"Deliveries of suspended agents are dropped", func(w *world) {
		w.people()
		w.hook(ann)
		w.hook(bob)
		w.tell(ann, 3)
		w.tell(bob, 1)
		w.change(ann, func(p *store.Profile) { p.Suspended = true })
		w.equal(w.job(w.in(time.Minute), w.in(time.Hour)).Event.Agent, bob)
		w.change(ann, func(p *store.Profile) { p.Suspended = false })
		w.equal(len(w.jobs(w.in(2*time.Minute), w.in(time.Hour), 9)), 0)
	}},
	{"Deliveries of agents without URL are dropped", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 3)
		w.change(ann, func(p *store.Profile) { p.WebhookURL = "" })
		w.equal(len(w.jobs(w.in(time.Minute), w.in(time.Hour), 9)), 0)
		w.hook(ann)
		w.equal(len(w.jobs(w.in(2*time.Minute), w.in(time.Hour), 9)), 0)
	}},
	{"Dead letters of all agents", func(w *world) {
		w.people()
		w.bury(ann, 3)
		w.bury(bob, 3)
		w.hook(cyd)
		w.tell(cyd, 1)
		all := w.dead("", 9, 0)
		w.equal(all.Total, 6)
		of := map[store.AgentID][]store.DeadWebhook{}
		for i, d := range all.Dead {
			if i > 0 && d.FailedAt.After(all.Dead[i-1].FailedAt) {
				w.Errorf("number %d is newer than the one before", i)
			}
			of[d.Event.Agent] = append(of[d.Event.Agent], d)
		}
		w.equal(len(of), 2)
		w.equal(of[ann], w.dead(ann, 9, 0).Dead)
		w.equal(of[bob], w.dead(bob, 9, 0).Dead)
		w.equal(w.dead("", 2, 4), store.DeadPage{Total: 6, Dead: all.Dead[4:]})
		w.equal(w.dead("", 2, 6), store.DeadPage{Total: 6})
		w.equal(w.redeliver(ann, all.Dead[0].Event.Seq) || w.redeliver(bob, all.Dead[0].Event.Seq), true)
		w.equal(w.dead("", 9, 0).Total, 5)
	}},
	{"Many lease and none holds what another does", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 60)
		var mu sync.Mutex
		seen := map[int64]int{}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 10 {
					jobs, err := w.store.LeaseWebhooks(w.ctx, w.in(time.Hour), w.in(2*time.Hour), 3)
					if err != nil {
						w.Error(err)
					}
					mu.Lock()
					for _, job := range jobs {
						seen[job.Event.Seq]++
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		w.equal(len(seen), 60)
		for seq, n := range seen {
			if n != 1 {
				w.Fatalf("event %d was leased %d times", seq, n)
			}
		}
	}},
	{"A delivery outlives the event in the log", func(w *world) {
		w.people()
		w.hook(ann)
		w.tell(ann, 1)
		want := w.eventPage(ann, 0, 1).Events[0]
		_, err := w.store.Prune(w.ctx, store.PruneQuery{Now: w.in(time.Hour), EventsBefore: w.in(time.Hour), Limit: 9})
		w.ok(err)
		w.equal(len(w.eventPage(ann, 0, 1).Events), 0)
		w.equal(w.job(w.in(time.Hour), w.in(2*time.Hour)).Event, want)
	}},
}

// hook gives an agent a webhook.
func (w *world) hook(agent store.AgentID) {
	w.Helper()
	w.change(agent, func(p *store.Profile) { p.WebhookURL, p.WebhookSecret = hook, "secret" })
}

func (w *world) jobs(now, until time.Time, limit int) []store.WebhookJob {
	w.Helper()
	jobs, err := w.store.LeaseWebhooks(w.ctx, now, until, limit)
	w.ok(err)
	return jobs
}

// job leases the one delivery that must be due.
func (w *world) job(now, until time.Time) store.WebhookJob {
	w.Helper()
	jobs := w.jobs(now, until, 9)
	if len(jobs) != 1 {
		w.Fatalf("got %d deliveries, want 1", len(jobs))
	}
	return jobs[0]
}

func (w *world) finish(job store.WebhookJob, out store.WebhookOutcome) bool {
	w.Helper()
	ok, err := w.store.FinishWebhook(w.ctx, job, out)
	w.ok(err)
	return ok
}

func (w *world) dead(agent store.AgentID, limit, offset int) store.DeadPage {
	w.Helper()
	page, err := w.store.DeadWebhooks(w.ctx, store.PageQuery{Agent: agent, Limit: limit, Offset: offset, Now: w.now})
	w.ok(err)
	return page
}

func (w *world) redeliver(agent store.AgentID, seq int64) bool {
	w.Helper()
	ok, err := w.store.RedeliverWebhook(w.ctx, agent, seq, w.in(100*time.Hour))
	w.ok(err)
	return ok
}

// bury lets n events of an agent fail for good, a minute apart, in order.
func (w *world) bury(agent store.AgentID, n int) {
	w.Helper()
	w.hook(agent)
	w.tell(agent, n)
	for i := range n {
		jobs := w.jobs(w.in(time.Hour), w.in(2*time.Hour), 1)
		if len(jobs) != 1 {
			w.Fatalf("got %d deliveries, want 1", len(jobs))
		}
		at := w.in(time.Duration(i) * time.Minute)
		w.equal(w.finish(jobs[0], store.WebhookOutcome{Error: "no", At: at}), true)
	}
}

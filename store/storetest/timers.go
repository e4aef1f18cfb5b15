package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Which tasks are due, and which process holds the lease.
var timerCases = []testCase{
	{"The longest due first", func(w *world) {
		w.people()
		for i, d := range []time.Duration{4, 2, 5, 1, 3} {
			t := w.open(taskNo(i), ann)
			t.NextDue = w.in(d * time.Minute)
			w.put(t)
		}
		all := []store.TaskID{taskNo(3), taskNo(1), taskNo(4), taskNo(0), taskNo(2)}
		w.equal(w.due(w.in(time.Hour), 10), all)
		w.equal(w.due(w.in(time.Hour), 2), all[:2])
		w.equal(w.due(w.in(3*time.Minute), 10), all[:3])
		w.equal(w.due(w.in(3*time.Minute-time.Microsecond), 10), all[:2])
	}},
	{"Follows the task", func(w *world) {
		w.people()
		t := w.open(taskNo(1), ann)
		t.NextDue = w.now
		t = w.put(t)
		w.equal(w.due(w.now, 10), []store.TaskID{t.ID})
		t = w.rewrite(t, func(t *store.Task) { t.NextDue = w.in(time.Hour) })
		w.equal(len(w.due(w.now, 10)), 0)
		w.equal(w.due(w.in(time.Hour), 10), []store.TaskID{t.ID})
		t = w.rewrite(t, func(t *store.Task) { t.NextDue = w.in(-time.Hour) })
		w.equal(w.due(w.now, 10), []store.TaskID{t.ID})
		w.rewrite(t, func(t *store.Task) { t.NextDue = time.Time{} })
		w.equal(len(w.due(w.in(1000*time.Hour), 10)), 0)
	}},
	{"Ended tasks are due like others", func(w *world) {
		w.people()
		for i, s := range []store.Status{store.StatusApproved, store.StatusExpired, store.StatusCancelled} {
			t := delivered(w, taskNo(i))
			t.NextDue = w.now
			t = w.put(t)
			t = w.rewrite(t, func(t *store.Task) {
				t.Status, t.NextDue = s, w.in(time.Hour)
				t.Ending = &store.Ending{At: w.now}
			})
			w.equal(len(w.due(w.now, 10)), 0)
			w.equal(w.due(w.in(time.Hour), 10), []store.TaskID{t.ID})
			w.equal(w.load(store.LoadQuery{Caller: ann, Now: w.in(time.Hour)}).Due, []store.TaskID{t.ID})
			w.rewrite(t, func(t *store.Task) { t.NextDue = time.Time{} })
			w.equal(len(w.due(w.in(time.Hour), 10)), 0)
		}
	}},
	{"System tasks are due like others", func(w *world) {
		t := systemTask(w, taskNo(1), &store.System{Type: store.MatchAgents, Parent: taskNo(2)})
		t.NextDue = w.now
		w.put(t)
		w.equal(w.due(w.now, 10), []store.TaskID{t.ID})
	}},
	{"Many at one instant", func(w *world) {
		w.people()
		c := &store.Change{}
		for i := range 50 {
			t := w.open(taskNo(i), ann)
			t.NextDue = w.now
			c.Tasks = append(c.Tasks, store.TaskWrite{New: t, Text: textOf(t.ID)})
		}
		w.commit(c)
		seen := map[store.TaskID]bool{}
		for _, id := range w.due(w.now, 50) {
			seen[id] = true
		}
		w.equal(len(seen), 50)
		w.equal(len(w.due(w.now, 7)), 7)
	}},
	{"When the next task is due", func(w *world) {
		w.people()
		for i, d := range []time.Duration{3, 1, 2} {
			t := w.open(taskNo(i), ann)
			t.NextDue = w.in(d * time.Minute)
			w.put(t)
		}
		w.equal(w.agenda(w.now, 10).NextTask, w.in(time.Minute))
		w.equal(w.agenda(w.in(time.Minute-time.Microsecond), 10).NextTask, w.in(time.Minute))
		w.equal(w.agenda(w.in(time.Minute), 1).NextTask, w.in(2*time.Minute))
		w.equal(w.agenda(w.in(3*time.Minute), 1).NextTask, time.Time{})
	}},
	{"When the next webhook is due", func(w *world) {
		w.people()
		w.equal(w.agenda(w.now, 10).NextWebhook, time.Time{})
		w.hook(ann)
		w.commit(&store.Change{Events: []store.Event{w.event(ann, 1)}})
		w.equal(w.agenda(w.in(-time.Hour), 10).NextWebhook, w.now)
		w.equal(w.agenda(w.in(time.Hour), 10).NextWebhook, w.now)
		job := w.job(w.now, w.in(time.Minute))
		w.equal(w.agenda(w.now, 10).NextWebhook, w.in(time.Minute))
		w.equal(w.finish(job, store.WebhookOutcome{RetryAt: w.in(time.Hour), At: w.now}), true)
		w.equal(w.agenda(w.now, 10).NextWebhook, w.in(time.Hour))
		job = w.job(w.in(time.Hour), w.in(2*time.Hour))
		w.equal(w.finish(job, store.WebhookOutcome{Error: "no", At: w.now}), true)
		w.equal(w.agenda(w.now, 10).NextWebhook, time.Time{})
	}},
	{"A lease has one holder", func(w *world) {
		until := w.in(time.Minute)
		w.equal(w.lease("sweep", "a", w.now, until), true)
		w.equal(w.lease("sweep", "b", w.now, until), false)
		w.equal(w.lease("sweep", "b", w.in(59*time.Second), until), false)
		w.equal(w.lease("other", "b", w.now, until), true)
	}},
	{"A lease ends", func(w *world) {
		w.equal(w.lease("sweep", "a", w.now, w.in(time.Minute)), true)
		w.equal(w.lease("sweep", "b", w.in(61*time.Second), w.in(2*time.Minute)), true)
		w.equal(w.lease("sweep", "a", w.in(62*time.Second), w.in(2*time.Minute)), false)
	}},
	{"The holder renews at any time", func(w *world) {
		w.equal(w.lease("sweep", "a", w.now, w.in(time.Minute)), true)
		w.equal(w.lease("sweep", "a", w.in(time.Second), w.in(2*time.Minute)), true)
		w.equal(w.lease("sweep", "b", w.in(90*time.Second), w.in(3*time.Minute)), false)
		w.equal(w.lease("sweep", "a", w.in(time.Hour), w.in(2*time.Hour)), true)
	}},
	{"Many want a lease and one gets it", func(w *world) {
		var got atomic.Int64
		var group sync.WaitGroup
		for i := range 32 {
			group.Go(func() {
				ok, err := w.store.Lease(w.ctx, "sweep", fmt.Sprint("holder ", i), w.now, w.in(time.Minute))
				if err != nil {
					w.Error(err)
				}
				if ok {
					got.Add(1)
				}
			})
		}
		group.Wait()
		w.equal(got.Load(), int64(1))
	}},
}

func (w *world) due(now time.Time, limit int) []store.TaskID {
	w.Helper()
	return w.agenda(now, limit).Tasks
}

func (w *world) agenda(now time.Time, limit int) store.Agenda {
	w.Helper()
	agenda, err := w.store.Due(w.ctx, now, limit)
	w.ok(err)
	return agenda
}

func (w *world) lease(name, holder string, now, until time.Time) bool {
	w.Helper()
	ok, err := w.store.Lease(w.ctx, name, holder, now, until)
	w.ok(err)
	return ok
}

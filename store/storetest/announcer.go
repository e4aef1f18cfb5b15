package storetest

import (
	"slices"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// What a store.Announcer promises.
var announcerCases = []testCase{
	{"What is due is announced when a task is written", func(w *world) {
		w.people()
		a := w.announced()
		t := w.open(taskNo(1), ann)
		t.NextDue = w.in(time.Hour)
		t = w.put(t)
		a.heard(t.NextDue)
		t = w.rewrite(t, func(t *store.Task) { t.NextDue = w.in(time.Minute) })
		a.heard(t.NextDue)
	}},
	{"What is due is announced when a delivery is queued, leased, postponed and redelivered", func(w *world) {
		w.people()
		w.hook(ann)
		a := w.announced()
		w.tell(ann, 1)
		a.heard(w.in(time.Second))
		job := w.job(w.in(time.Minute), w.in(2*time.Minute))
		a.heard(w.in(2 * time.Minute))
		w.finish(job, store.WebhookOutcome{RetryAt: w.in(time.Hour), Error: "503", At: w.in(time.Minute)})
		a.heard(w.in(time.Hour))
		job = w.job(w.in(2*time.Hour), w.in(3*time.Hour))
		a.heard(w.in(3 * time.Hour))
		w.finish(job, store.WebhookOutcome{Error: "503", At: w.in(2 * time.Hour)})
		w.redeliver(ann, job.Event.Seq)
		a.heard(w.in(100 * time.Hour))
	}},
	{"All hear of it, each until it stops", func(w *world) {
		w.people()
		first, second, third := w.announced(), w.announced(), w.announced()
		second.stop()
		t := w.open(taskNo(1), ann)
		t.NextDue = w.in(time.Hour)
		w.put(t)
		first.heard(t.NextDue)
		third.heard(t.NextDue)
		w.equal(len(second.instants), 0)
	}},
}

// announced is what one who listens to a store.Announcer has heard.
type announced struct {
	*world
	stop func()

	mu       sync.Mutex
	instants []time.Time
}

func (w *world) announced() *announced {
	w.Helper()
	tells, ok := w.store.(store.Announcer)
	if !ok {
		w.Fatalf("%T is no store.Announcer", w.store)
	}
	a := &announced{world: w}
	a.stop = tells.Announce(func(due time.Time) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.instants = append(a.instants, due)
	})
	w.Cleanup(a.stop)
	return a
}

// heard fails the test unless the instant was announced since the last call.
func (a *announced) heard(due time.Time) {
	a.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.ContainsFunc(a.instants, due.Equal) {
		a.Fatalf("heard %v, which is not %v", a.instants, due)
	}
	a.instants = nil
}

package storetest

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Old data are deleted in bounded batches.
var pruneCases = []testCase{
	{"Zero instants keep everything", func(w *world) {
		w.people()
		w.commit(wholeChange(w))
		w.put(endedTask(w, taskNo(2), w.in(-time.Hour)))
		before := w.snapshot()
		got, err := w.store.Prune(w.ctx, store.PruneQuery{Limit: everything})
		w.ok(err)
		w.equal(got, store.Pruned{})
		w.equal(w.snapshot(), before)
	}},
	{"Events go from the oldest on, their numbers stay", func(w *world) {
		w.people()
		w.tell(bob, 1)
		w.tell(ann, 5)
		got := w.prune(store.PruneQuery{EventsBefore: w.in(3 * time.Second)})
		w.equal(got.Events, 3)
		page := w.eventPage(ann, 0, 9)
		w.equal(page.Oldest, int64(3))
		w.equal(page.Head, int64(5))
		w.equal(len(page.Events), 3)
		w.equal(page.Events[0].Seq, int64(3))
		w.equal(w.eventPage(bob, 0, 9), store.EventPage{Oldest: 2, Head: 1})
		w.tell(bob, 1)
		page = w.eventPage(bob, 0, 9)
		w.equal(page.Oldest, int64(2))
		w.equal(page.Events[0].Seq, int64(2))
		w.equal(len(w.eventPage(ann, 4, 9).Events), 1)
	}},
	{"Ended tasks go with all that belongs to them", func(w *world) {
		w.people()
		old, young, running := taskNo(1), taskNo(2), taskNo(3)
		w.put(endedTask(w, old, w.in(-2*time.Hour)))
		w.put(endedTask(w, young, w.in(-time.Hour))) // not before the instant
		w.rewrite(w.post(running, ann), w.claimedBy(bob))
		asked, said := w.askAll(old, 1), w.say(old, bob, 1)
		report := store.Report{
			ID: "rp-1", Task: old, Reporter: cyd, Reason: "odd", Status: store.ReportOpen, CreatedAt: w.in(-3 * time.Hour),
		}
		w.commit(&store.Change{
			Reports:   []store.Report{report},
			Results:   []store.Result{{Task: old, No: 1, Text: "done"}},
			Roles:     []store.RoleWrite{{Task: old, Agent: bob, Role: store.RoleWorker}},
			Transfers: []store.Transfer{escrow(w, old, 5)},
			Accounts:  []store.AccountDelta{{Agent: ann, Posted: 1}},
		})
		got := w.prune(store.PruneQuery{EndedBefore: w.in(-time.Hour)})
		w.equal(got.Tasks, 1)
		l := w.load(store.LoadQuery{
			Caller: bob, Task: old, Text: true, Role: true, Question: asked[0].ID, Report: report.ID,
			Messages: &store.TalkQuery{Limit: 9},
		})
		w.equal(l, &store.Loaded{Caller: w.agent(bob)})
		w.equal(len(said), 1)
		w.equal(w.reports("", 9, 0), store.ReportPage{})
		w.equal(w.tasksOf(ann, store.PartyAny, ""), []store.TaskID{running, young})
		w.equal(w.tasksOf(bob, store.PartyAny, store.StatusCancelled), []store.TaskID{young})
		w.equal(w.scan(9, false), []store.TaskID{young, running})
		entries, _, err := w.store.Entries(w.ctx, old, "", 9)
		w.ok(err)
		w.equal(len(entries), 1)
		w.equal(w.agent(ann).Posted, int64(1))
		w.refused(&store.Change{Transfers: []store.Transfer{escrow(w, old, 5)}}, store.GuardTransfer)
	}},
	{"A task without an end stays however old it is", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		w.equal(w.prune(store.PruneQuery{EndedBefore: w.in(1000 * time.Hour)}).Tasks, 0)
		w.equal(w.task(taskNo(1)).Version, int64(1))
	}},
	{"Expired idempotency records go", func(w *world) {
		short, long := record(w, "short"), record(w, "long")
		short.ExpiresAt = w.in(time.Minute)
		w.commit(&store.Change{Idempotency: short})
		w.commit(&store.Change{Idempotency: long})
		got := w.prune(store.PruneQuery{Now: w.in(time.Hour)})
		// A store whose records expire by themselves has nothing left to delete.
		if got.Records > 1 {
			w.Fatalf("got %d records deleted, at most 1 had expired", got.Records)
		}
		w.equal(w.load(store.LoadQuery{Now: w.now, Idempotency: &short.IdempotencyID}).Idempotency, (*store.IdempotencyRecord)(nil))
		w.equal(w.load(store.LoadQuery{Now: w.in(time.Hour), Idempotency: &long.IdempotencyID}).Idempotency, long)
	}},
	{"Dead letters go by the instant of their failure", func(w *world) {
		w.people()
		w.bury(ann, 5)
		w.equal(w.prune(store.PruneQuery{DeadBefore: w.in(2 * time.Minute)}).Dead, 2)
		page := w.dead(ann, 9, 0)
		w.equal(page.Total, 3)
		w.equal(page.Dead[2].Event.Seq, int64(3))
		w.equal(w.redeliver(ann, 1), false)
		w.equal(w.redeliver(ann, 3), true)
	}},
	{"The feed keeps what is young", func(w *world) {
		w.publish(0, 5)
		mark := w.head()
		w.commit(&store.Change{At: w.in(time.Hour), Feed: []store.FeedItem{feedNo(9)}})
		w.equal(w.prune(store.PruneQuery{FeedBefore: w.in(time.Hour)}).Feed, 5)
		w.equal(w.feedSince(mark), []store.FeedItem{feedNo(9)})
	}},
	{"A limit bounds each kind", func(w *world) {
		w.people()
		for i := range 7 {
			w.put(endedTask(w, taskNo(i), w.in(-time.Hour)))
		}
		w.tell(ann, 7)
		q := store.PruneQuery{Now: w.now, EndedBefore: w.now, EventsBefore: w.in(time.Hour), Limit: 3}
		total := store.Pruned{}
		for _, more := range []bool{true, true, false} {
			got, err := w.store.Prune(w.ctx, q)
			w.ok(err)
			if got.Tasks > 3 || got.Events > 3 {
				w.Fatalf("a limit of 3 pruned %+v", got)
			}
			w.equal(got.More, more)
			total.Tasks, total.Events = total.Tasks+got.Tasks, total.Events+got.Events
		}
		w.equal(total, store.Pruned{Tasks: 7, Events: 7})
	}},
}

// endedTask is a task of ann and bob that ended at an instant.
func endedTask(w *world, id store.TaskID, at time.Time) *store.Task {
	t := w.open(id, ann)
	w.claimedBy(bob)(t)
	ended(at)(t)
	return t
}

// prune deletes until there is no more to delete, and counts.
func (w *world) prune(q store.PruneQuery) (total store.Pruned) {
	w.Helper()
	if q.Now.IsZero() {
		q.Now = w.now
	}
	q.Limit = everything
	for {
		got, err := w.store.Prune(w.ctx, q)
		w.ok(err)
		total.Events += got.Events
		total.Tasks += got.Tasks
		total.Records += got.Records
		total.Feed += got.Feed
		total.Dead += got.Dead
		if !got.More {
			return total
		}
	}
}

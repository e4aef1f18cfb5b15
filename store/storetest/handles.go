package storetest

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// What a store still has after it was closed and opened again.
var reopenedCases = []testCase{
	{"Everything that was committed", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		w.rewrite(t, w.claimedBy(bob))
		w.commit(&store.Change{
			Transfers: []store.Transfer{escrow(w, t.ID, 10)},
			Events:    []store.Event{w.event(ann, 1), w.event(bob, 2)}, Idempotency: record(w, "key"),
			Trust: []store.TrustWrite{{New: store.TrustPair{From: ann, To: bob, Score: 0.55, Interactions: 1, UpdatedAt: w.now}}},
		})
		w.tasks = append(w.tasks, t.ID)
		before := w.snapshot()
		w.store = w.reopen(w.T)
		w.equal(w.snapshot(), before)
		w.conflict(w.fail(&store.Change{Idempotency: record(w, "key")}), store.GuardIdempotency)
	}},
	{"The place in the feed, and the numbers go on", func(w *world) {
		w.people()
		head := w.head()
		w.publish(1, 2)
		w.post(taskNo(1), ann)
		w.commit(&store.Change{Events: []store.Event{w.event(ann, 1)}})
		last := w.task(taskNo(1)).Seq
		w.store = w.reopen(w.T)
		w.publish(3, 1)
		w.equal(w.feedSince(head)[:3], []store.FeedItem{feedNo(1), feedNo(2), feedNo(3)})
		w.post(taskNo(2), ann)
		if next := w.task(taskNo(2)).Seq; next <= last {
			w.Fatalf("Seq: got %d after %d, want more", next, last)
		}
		w.commit(&store.Change{Events: []store.Event{w.event(ann, 2)}})
		w.equal(w.eventPage(ann, 1, 9).Events[0].Seq, int64(2))
	}},
}

// What two handles of one marketplace share.
var sharedCases = []testCase{
	{"What one commits, the other reads at once", func(w *world) {
		w.people()
		other := w.second(w.T)
		t := w.post(taskNo(1), ann)
		w.tasks = append(w.tasks, t.ID)
		mine := w.snapshot()
		w.store = other
		w.equal(w.snapshot(), mine)
	}},
	{"What one has committed guards the other", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		other := w.second(w.T)
		w.commit(claim(w, t, bob))
		w.store = other
		w.conflict(w.fail(claim(w, t, cyd)), store.GuardTask)
		w.conflict(w.fail(w.registration(ann)), store.GuardDuplicate)
	}},
	{"A bucket is shared", func(w *world) {
		other, charge := w.second(w.T), &store.Charge{Bucket: "b", Every: time.Hour, Burst: 2}
		w.equal(w.admit(0, charge).Remaining, 1)
		w.store = other
		w.equal(w.admit(0, charge).Remaining, 0)
		w.equal(w.admit(0, charge).Allowed, false)
	}},
	{"A lease is shared", func(w *world) {
		other, until := w.second(w.T), w.in(time.Minute)
		w.equal(w.lease("sweep", "a", w.now, until), true)
		w.store = other
		w.equal(w.lease("sweep", "b", w.now, until), false)
	}},
	{"A place in the feed is good for both", func(w *world) {
		w.people()
		other, head := w.second(w.T), w.head()
		w.publish(1, 2)
		w.store = other
		w.equal(w.feedSince(head), []store.FeedItem{feedNo(1), feedNo(2)})
	}},
}

// fail commits a Change that must fail, and returns the error.
func (w *world) fail(c *store.Change) error {
	w.Helper()
	if c.At.IsZero() {
		c.At = w.now
	}
	_, err := w.store.Commit(w.ctx, c)
	return err
}

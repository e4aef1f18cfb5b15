package storetest

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// The feed and the scans, which keep mirrors current.
var feedCases = []testCase{
	{"With no position there are no items, but the head", func(w *world) {
		w.publish(1, 3)
		page, err := w.store.Feed(w.ctx, "", 10)
		w.ok(err)
		w.equal(len(page.Items), 0)
		if page.Next == "" {
			w.Fatal("there is no head")
		}
		w.equal(len(w.feedSince(page.Next)), 0)
		w.publish(4, 1)
		w.equal(w.feedSince(page.Next), []store.FeedItem{feedNo(4)})
	}},
	{"Every item after a position", func(w *world) {
		w.publish(0, 250)
		want := map[string]bool{}
		for i := range 250 {
			want[feedKey(feedNo(i))] = true
		}
		got := w.feedSince(w.start)
		w.equal(len(got), len(want))
		for _, item := range got {
			if !want[feedKey(item)] {
				w.Fatalf("nobody wrote %+v", item)
			}
		}
	}},
	{"A limit, and whether there is more", func(w *world) {
		w.publish(0, 50)
		after, calls := w.start, 0
		for more := true; more; calls++ {
			page, err := w.store.Feed(w.ctx, after, 10)
			w.ok(err)
			if len(page.Items) > 14 {
				w.Fatalf("Feed: got %d items, want about 10: at most the rest of a Change of 5 above it", len(page.Items))
			}
			after, more = page.Next, page.More
		}
		if calls < 3 {
			w.Fatalf("50 items came in %d calls of about 10", calls)
		}
		w.equal(len(w.feedSince(after)), 0)
	}},
	{"A position can be used again", func(w *world) {
		w.publish(0, 5)
		w.equal(len(w.feedSince(w.start)), 5)
		w.equal(len(w.feedSince(w.start)), 5)
	}},
	{"ErrFeedTruncated once items after a position are gone", func(w *world) {
		w.publish(0, 5)
		_, err := w.store.Prune(w.ctx, store.PruneQuery{Now: w.now, FeedBefore: w.in(time.Hour), Limit: everything})
		w.ok(err)
		if _, err = w.store.Feed(w.ctx, w.start, 10); !errors.Is(err, store.ErrFeedTruncated) {
			w.Fatalf("got %v, want ErrFeedTruncated", err)
		}
		head := w.head()
		w.publish(6, 1)
		w.equal(w.feedSince(head), []store.FeedItem{feedNo(6)})
	}},
	{"Every item is seen while many commit", func(w *world) { followFeed(w) }},
	{"Scans page in ascending Seq", func(w *world) {
		w.people()
		var all, open []store.TaskID
		for i := range 10 {
			t := w.post(taskNo(9-i), ann)
			all = append(all, t.ID)
			if i%3 == 0 {
				w.rewrite(t, w.claimedBy(bob))
			} else {
				open = append(open, t.ID)
			}
		}
		w.equal(w.scan(3, false), all)
		w.equal(w.scan(3, true), open)
		w.equal(w.scan(100, true), open)
	}},
	{"ScanOpen brings text and infra agents", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		w.commit(&store.Change{Roles: []store.RoleWrite{
			{Task: t.ID, Agent: bob, Role: store.RoleInfra}, {Task: t.ID, Agent: cyd, Role: store.RoleWorker},
		}})
		got, err := w.store.ScanOpen(w.ctx, 0, 9)
		w.ok(err)
		w.equal(got, []store.StoredTask{{Task: t, Text: textOf(t.ID), Infra: []store.AgentID{bob}}})
	}},
	{"ScanTasks brings no texts, but when they are due", func(w *world) {
		w.people()
		first, second := w.post(taskNo(1), ann), w.post(taskNo(2), ann)
		w.commit(&store.Change{Roles: []store.RoleWrite{{Task: first.ID, Agent: bob, Role: store.RoleInfra}}})
		first = w.rewrite(first, func(t *store.Task) {
			w.claimedBy(bob)(t)
			t.NextDue = w.in(time.Minute)
		})
		second = w.rewrite(second, ended(w.now))
		got, err := w.store.ScanTasks(w.ctx, 0, 9)
		w.ok(err)
		w.equal(got, []store.StoredTask{{Task: first, Due: w.in(time.Minute)}, {Task: second}})
	}},
	{"ScanEnded brings what has ended, the last one first, in pages of any size", scanEnded},
	{"A reposted task is open again at its old place", func(w *world) {
		w.people()
		first := w.post(taskNo(1), ann)
		w.post(taskNo(2), ann)
		first = w.rewrite(first, w.claimedBy(bob))
		w.equal(w.scan(9, true), []store.TaskID{taskNo(2)})
		w.rewrite(first, func(t *store.Task) { t.Status, t.Claim = store.StatusPosted, nil })
		w.equal(w.scan(9, true), []store.TaskID{taskNo(1), taskNo(2)})
	}},
	{"A replaced open task shows its new version", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		t = w.rewrite(t, func(t *store.Task) { t.ExtractedTags = []string{"x"} })
		got, err := w.store.ScanOpen(w.ctx, 0, 9)
		w.ok(err)
		w.equal(got[0].Task, t)
		w.equal(t.Version, int64(2))
	}},
}

// scanEnded ends tasks in another order than they were posted in, two of them at the
// same instant.
func scanEnded(w *world) {
	w.people()
	var posted []*store.Task
	for i := range 6 {
		posted = append(posted, w.post(taskNo(i), ann))
	}
	w.rewrite(posted[5], w.claimedBy(bob))
	var want []*store.Task
	for _, i := range []int{3, 0, 4} {
		want = append(want, w.rewrite(posted[i], ended(w.in(time.Duration(len(want)-9)*time.Hour))))
	}
	slices.Reverse(want)
	first, second := w.rewrite(posted[1], ended(w.in(-time.Second))), w.rewrite(posted[2], ended(w.in(-time.Second)))
	got, err := w.store.ScanEnded(w.ctx, everything, 0)
	w.ok(err)
	w.equal(len(got), 5)
	if got[0].Task.ID == second.ID {
		first, second = second, first
	}
	all := []store.StoredTask{{Task: first}, {Task: second}}
	for _, t := range want {
		all = append(all, store.StoredTask{Task: t})
	}
	w.equal(got, all)
	for _, limit := range []int{1, 2, 4} {
		var paged []store.StoredTask
		for {
			page, err := w.store.ScanEnded(w.ctx, limit, len(paged))
			w.ok(err)
			if len(page) > limit {
				w.Fatalf("got %d tasks, asked for %d", len(page), limit)
			}
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
		}
		w.equal(paged, all)
	}
	gone, err := w.store.Prune(w.ctx, store.PruneQuery{Now: w.now, EndedBefore: w.in(-time.Minute), Limit: everything})
	w.ok(err)
	w.equal(gone.Tasks, 3)
	got, err = w.store.ScanEnded(w.ctx, everything, 0)
	w.ok(err)
	w.equal(got, all[:2])
}

// feedNo is a feed item that differs from all others.
func feedNo(n int) store.FeedItem {
	return store.FeedItem{Kind: store.FeedTask, Task: taskNo(n), Version: 1, Open: true}
}

// publish commits n feed items from first on, five in a Change.
func (w *world) publish(first, n int) {
	w.Helper()
	for i := 0; i < n; i += 5 {
		c := &store.Change{}
		for j := i; j < min(n, i+5); j++ {
			c.Feed = append(c.Feed, feedNo(first+j))
		}
		w.commit(c)
	}
}

// scan reads all tasks in pages, or the open ones.
func (w *world) scan(limit int, open bool) (out []store.TaskID) {
	w.Helper()
	read := w.store.ScanTasks
	if open {
		read = w.store.ScanOpen
	}
	for after := int64(0); ; {
		page, err := read(w.ctx, after, limit)
		w.ok(err)
		if len(page) > limit {
			w.Fatalf("got %d tasks, asked for %d", len(page), limit)
		}
		if len(page) == 0 {
			return out
		}
		for _, t := range page {
			if t.Task.Seq <= after {
				w.Fatalf("Seq %d came after %d", t.Task.Seq, after)
			}
			after = t.Task.Seq
		}
		out = append(out, ids(page)...)
	}
}

// followFeed reads the feed from its start while others commit, and must see
// every item that was committed.
func followFeed(w *world) {
	const writers, each = 8, 40
	w.people()
	from := w.head()
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() { w.write(n, each) })
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	seen := map[string]bool{}
	for quiet := false; !quiet; {
		// What was committed before this point must be seen by what follows.
		select {
		case <-done:
			quiet = true
		default:
		}
		from = w.follow(from, seen)
	}
	w.equal(len(seen), writers*each)
	if seen[feedKey(feedNo(-1))] {
		w.Fatal("an item of a refused Change came through the feed")
	}
}

// write commits feed items, each followed by one that is refused. All writers
// meet at one agent, so that they commit in turns.
func (w *world) write(writer, n int) {
	for i := range n {
		c := &store.Change{
			At: w.now, Feed: []store.FeedItem{feedNo(writer*n + i)}, Events: []store.Event{w.event(ann, i)},
		}
		if _, err := w.store.Commit(w.ctx, c); err != nil {
			w.Error(err)
		}
		c = &store.Change{
			At: w.now, Feed: []store.FeedItem{feedNo(-1)}, Active: []store.AgentID{nobody},
		}
		if _, err := w.store.Commit(w.ctx, c); err == nil {
			w.Error("a Change with a failing guard was committed")
		}
	}
}

// follow reads to the end of the feed and returns the position there.
func (w *world) follow(from store.Position, seen map[string]bool) store.Position {
	w.Helper()
	for {
		page, err := w.store.Feed(w.ctx, from, 32)
		w.ok(err)
		for _, item := range page.Items {
			seen[feedKey(item)] = true
		}
		if from = page.Next; !page.More {
			return from
		}
	}
}

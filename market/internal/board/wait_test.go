package board

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// queueing is a board with waiters, some of them awake.
type queueing struct {
	pair
	waiters []*Waiter[string]
	awake   map[*Waiter[string]]bool
}

func (q *queueing) enter(t *rapid.T) {
	if len(q.waiters) < 12 {
		w := q.board.Waiter(q.query(t))
		q.waiters, q.awake[w] = append(q.waiters, w), true
	}
}

func (q *queueing) pick(t *rapid.T) *Waiter[string] {
	if len(q.waiters) == 0 {
		return nil
	}
	return rapid.SampledFrom(q.waiters).Draw(t, "waiter")
}

func (q *queueing) sleep(t *rapid.T) {
	if w := q.pick(t); w != nil && q.awake[w] {
		w.Sleep(q.now)
		delete(q.awake, w)
	}
}

func (q *queueing) rise(t *rapid.T) {
	if w := q.pick(t); w != nil && !q.awake[w] {
		w.Rise()
		q.awake[w] = true
	}
}

func (q *queueing) leave(t *rapid.T) {
	w := q.pick(t)
	if w == nil {
		return
	}
	w.Leave()
	delete(q.awake, w)
	for i := range q.waiters {
		if q.waiters[i] == w {
			q.waiters = append(q.waiters[:i], q.waiters[i+1:]...)
			return
		}
	}
}

// check finishes all offers that were put off; then somebody was called for each task
// that one who sleeps would be offered, and has not passed it on.
func (q *queueing) check(t *rapid.T) {
	for range 100 {
		q.board.Continue(q.now)
	}
	responsible := map[string]bool{}
	for _, w := range q.waiters {
		responsible[w.task] = true
	}
	for _, w := range q.waiters {
		if !w.asleep {
			continue
		}
		query := w.query
		query.Now = q.now
		for _, o := range q.model.rank(query) {
			if !responsible[o.ID] {
				t.Fatalf("a waiter for %+v sleeps beside %s, and nobody was called for it", query, o.ID)
			}
		}
	}
}

// Whatever happens to the board and to those who wait: for each task that one who
// sleeps would be offered, somebody has been called who has not looked yet.
func TestNobodySleepsBesideATask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := &queueing{pair: pair{board: New[string](), model: newModel[string](), now: epoch}, awake: map[*Waiter[string]]bool{}}
		q.board.limits.breath = rapid.SampledFrom([]int{0, 100, breath}).Draw(t, "breath")
		steps := []func(*rapid.T){
			q.put, q.put, q.remove, q.setPoster, q.pass, q.enter, q.enter, q.sleep, q.sleep, q.sleep, q.rise, q.leave,
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			rapid.SampledFrom(steps).Draw(t, "step")(t)
			q.check(t)
		}
	})
}

// A task calls one, in the order of waiting, and each one that passes it on calls the
// next.
func TestATaskCallsOneAfterTheOther(t *testing.T) {
	b := New[string]()
	now := epoch
	var waiters []*Waiter[string]
	for i := range 5 {
		w := b.Waiter(Query{Agent: fmt.Sprint("ag-", i)})
		w.Sleep(now)
		waiters = append(waiters, w)
	}
	b.Put(Task[string]{ID: "tk-1", Version: 1, Poster: "ag-1", Need: "need", CreatedAt: now})
	for _, i := range []int{0, 2, 3, 4} {
		for j, w := range waiters {
			if called := len(w.Called()) == 1; called != (j == i) {
				t.Fatalf("%d is called: %v, when it is the turn of %d", j, called, i)
			}
		}
		<-waiters[i].Called()
		waiters[i].Leave()
	}
	waiters[1].Leave()
	if b.Asleep() != 0 || len(b.waiters.lines) != 0 {
		t.Errorf("%d sleep in %d lines after all have left", b.Asleep(), len(b.waiters.lines))
	}
}

// Many who search for what is not there hold nobody up: the look goes on later, from
// where it was.
func TestALongLineIsAskedInPieces(t *testing.T) {
	b := New[string]()
	b.limits.breath = 500
	for i := range 100 {
		b.Waiter(Query{Agent: fmt.Sprint("ag-", i), Search: "absent"}).Sleep(epoch)
	}
	last := b.Waiter(Query{Agent: "ag-last", Search: "need"})
	last.Sleep(epoch)
	b.Put(Task[string]{ID: "tk-1", Version: 1, Poster: "ag-1", Need: "the need of somebody", CreatedAt: epoch})
	if len(last.Called()) == 1 {
		t.Fatal("it was all asked at once")
	}
	pieces := 0
	for ; len(last.Called()) == 0 && pieces < 1_000; pieces++ {
		<-b.Stirred()
		b.Continue(epoch.Add(time.Second))
	}
	if pieces < 5 || pieces > 60 {
		t.Errorf("it took %d pieces", pieces)
	}
}

// BenchmarkPutBesideWaiters is the price of a task that comes on offer while many wait.
func BenchmarkPutBesideWaiters(b *testing.B) {
	for _, waiting := range []int{0, 10_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			board := New[string]()
			for i := range waiting {
				board.Waiter(Query{Agent: fmt.Sprint("ag-", i), Tags: []string{fmt.Sprint("tag-", i%100)}}).Sleep(epoch)
			}
			for i := 0; b.Loop(); i++ {
				id := fmt.Sprint("tk-", i)
				board.Put(Task[string]{ID: id, Version: 1, Poster: "ag-x", Need: "need", Tags: []string{"other"}, CreatedAt: epoch})
				board.Remove(id, 1)
			}
		})
	}
}

package board

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// crowd is a board on which tasks stay and others come and go, by writers each of
// which has one of these open at a time.
type crowd struct {
	*Board[string]
	steady  []string
	writers int
}

func newCrowd() *crowd {
	c := &crowd{Board: New[string](), writers: 3}
	c.limits.breath = 2000
	for i := range 400 {
		id := fmt.Sprint("steady-", i)
		c.steady = append(c.steady, id)
		c.Put(Task[string]{ID: id, Version: 1, Seq: int64(i), Poster: fmt.Sprint("ag-", i%20), Tags: []string{"go"}, Need: fmt.Sprintf("apples number%d and pears x´y", i), Value: id})
	}
	return c
}

// write lets every writer open and close tasks with words of their own until
// stop, and returns when all are done.
func (c *crowd) write(stop *atomic.Bool) {
	var all sync.WaitGroup
	for w := range c.writers {
		all.Go(func() {
			for i := 0; !stop.Load(); i++ {
				id := fmt.Sprintf("passing-%d-%d", w, i)
				c.Put(Task[string]{ID: id, Version: 1, Seq: int64(1000 + i), Poster: "ag-1", Tags: []string{"go"}, Need: fmt.Sprintf("apples passing%dx%d pears x´y", w, i*7919), Value: id})
				c.Remove(id, 1)
			}
		})
	}
	all.Wait()
}

// A page and its total are of one instant, however often the search let writers
// go first: tasks that stay are there once each and in order, and no more of
// those that come and go than were ever open at once.
func TestAPageIsOfOneInstantWhateverIsWrittenMeanwhile(t *testing.T) {
	for name, q := range map[string]Query{
		"search": {Agent: "ag-x", Search: "ppl pea a"}, "phrase": {Agent: "ag-x", Search: "x´y ap"},
		"tags": {Agent: "ag-x", Tags: []string{"go"}, Search: "ap ears"}, "nothing but tags": {Agent: "ag-x", Capabilities: []string{"go"}}, "all": {Agent: "ag-x"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrowd()
			var stop atomic.Bool
			var written sync.WaitGroup
			written.Go(func() { c.write(&stop) })
			for range 100 {
				c.checkPage(t, q)
			}
			stop.Store(true)
			written.Wait()
		})
	}
}

func (c *crowd) checkPage(t *testing.T, q Query) {
	t.Helper()
	offers, total, more := c.Page(q, 0, 1000, 10_000)
	if total != len(offers) || more {
		t.Errorf("%d offers, but the total is %d (and more: %v)", len(offers), total, more)
	}
	if passing := total - len(c.steady); passing > c.writers {
		t.Errorf("%d passing tasks at once", passing)
	}
	var ids, steady []string
	for _, o := range offers {
		if ids = append(ids, o.ID); slices.Contains(c.steady, o.ID) {
			steady = append(steady, o.ID)
		}
	}
	if !slices.Equal(steady, c.steady) {
		t.Errorf("the tasks that stay are %v", steady)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != len(offers) {
		t.Errorf("a task is there twice in %v", ids)
	}
}

// Whoever picks up with a search gets the first of all that match and that
// nobody has, and nobody else gets the same, whatever is written meanwhile.
func TestAPickupHasTheFirstWhateverIsWrittenMeanwhile(t *testing.T) {
	c := newCrowd()
	var stop atomic.Bool
	var written, picked sync.WaitGroup
	written.Go(func() { c.write(&stop) })
	taken := make([][]string, 4)
	for i := range taken {
		picked.Go(func() {
			for range 80 {
				r := c.Reserve(Query{Agent: "ag-x", Search: "number pple a"}, 1)
				for _, o := range r.Offers {
					taken[i] = append(taken[i], o.ID)
				}
			}
		})
	}
	picked.Wait()
	stop.Store(true)
	written.Wait()
	all := slices.Concat(taken...)
	want := slices.Clone(c.steady[:len(all)])
	slices.Sort(all)
	slices.Sort(want)
	if len(all) != 320 || !slices.Equal(all, want) {
		t.Errorf("%d tasks were picked up, and not the first ones each once: %v", len(all), all)
	}
}

// A search does not keep the lock: whoever writes gets in before it has ended.
func TestASearchLetsWritersIn(t *testing.T) {
	c := newCrowd()
	holds := 0
	q := Query{Agent: "ag-x", Search: "ppl pea a"}
	c.look(&q, func(v *view[string]) {
		holds++
		v.count(10_000)
	})
	if holds < 2 {
		t.Errorf("a search among %d texts took the lock %d times", len(c.steady), holds)
	}
}

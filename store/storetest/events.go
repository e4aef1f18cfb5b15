package storetest

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// The event log of each agent.
var eventCases = []testCase{
	{"Numbered per agent from 1, in the order given", func(w *world) {
		w.people()
		w.commit(&store.Change{Events: []store.Event{w.event(ann, 1), w.event(bob, 2), w.event(ann, 3)}})
		w.commit(&store.Change{Events: []store.Event{w.event(ann, 4)}})
		page := w.eventPage(ann, 0, 10)
		w.equal(page.Oldest, int64(1))
		w.equal(page.Head, int64(3))
		w.equal(page.Suspended, false)
		for i, task := range []int{1, 3, 4} {
			want := w.event(ann, task)
			want.Seq = int64(i + 1)
			w.equal(page.Events[i], want)
		}
		w.equal(w.agent(ann).EventSeq, int64(3))
		w.equal(w.eventPage(bob, 0, 10).Head, int64(1))
	}},
	{"After a number, ascending, up to a limit", func(w *world) {
		w.people()
		w.tell(ann, 10)
		page := w.eventPage(ann, 3, 4)
		w.equal(len(page.Events), 4)
		for i, e := range page.Events {
			w.equal(e.Seq, int64(4+i))
		}
		w.equal(len(w.eventPage(ann, 10, 4).Events), 0)
		w.equal(len(w.eventPage(ann, 99, 4).Events), 0)
		w.equal(w.eventPage(ann, 99, 4).Head, int64(10))
	}},
	{"An agent without events", func(w *world) {
		w.people()
		w.equal(w.eventPage(ann, 0, 10), store.EventPage{Oldest: 1})
	}},
	{"Suspended shows", func(w *world) {
		w.people()
		w.tell(ann, 1)
		w.change(ann, func(p *store.Profile) { p.Suspended = true })
		page := w.eventPage(ann, 0, 10)
		w.equal(page.Suspended, true)
		w.equal(len(page.Events), 1)
	}},
	{"Events for agents that do not exist are dropped", func(w *world) {
		w.people()
		w.commit(&store.Change{Events: []store.Event{w.event(nobody, 1), w.event(ann, 1), w.event(store.Platform, 1)}})
		w.equal(w.eventPage(ann, 0, 9).Head, int64(1))
		w.equal(w.eventPage(nobody, 0, 9), store.EventPage{Oldest: 1, Suspended: true})
		w.register(nobody)
		w.equal(w.eventPage(nobody, 0, 9), store.EventPage{Oldest: 1})
	}},
	{"A long log", func(w *world) {
		w.people()
		w.tell(ann, 300)
		var got int64
		for after := int64(0); ; {
			page := w.eventPage(ann, after, 64)
			if len(page.Events) == 0 {
				break
			}
			for _, e := range page.Events {
				got++
				w.equal(e.Seq, got)
				w.equal(e.Task, taskNo(int(got)))
			}
			after = got
		}
		w.equal(got, int64(300))
	}},
}

// event is an event about a task.
func (w *world) event(agent store.AgentID, task int) store.Event {
	return store.Event{Agent: agent, Type: store.EventTaskClaimed, Task: taskNo(task), At: w.now}
}

// tell commits n events, a second apart, about the tasks 1 to n.
func (w *world) tell(agent store.AgentID, n int) {
	w.Helper()
	for first := 1; first <= n; first += 50 {
		c := &store.Change{}
		for i := first; i <= min(n, first+49); i++ {
			e := w.event(agent, i)
			e.At = w.in(time.Duration(i) * time.Second)
			c.Events = append(c.Events, e)
		}
		c.At = c.Events[0].At
		w.commit(c)
	}
}

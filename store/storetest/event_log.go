package storetest

import (
	"fmt"
	"math"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// The log of all agents' events.
var logCases = []testCase{
	{"All agents' events, ascending, in each agent's order", func(w *world) {
		w.people()
		head := w.logPage(math.MaxInt64, 0).Head
		w.commit(&store.Change{Events: []store.Event{w.event(ann, 1), w.event(bob, 2), w.event(ann, 3)}})
		w.commit(&store.Change{Events: []store.Event{w.event(nobody, 4), w.event(bob, 5)}})
		w.commit(&store.Change{Events: []store.Event{w.event(ann, 6)}})
		page := w.logPage(head, 100)
		w.equal(len(page.Events), 5)
		logs := map[store.AgentID][]store.Event{}
		for i, e := range page.Events {
			if i > 0 && e.Number <= page.Events[i-1].Number {
				w.Errorf("number %d comes after %d", e.Number, page.Events[i-1].Number)
			}
			logs[e.Agent] = append(logs[e.Agent], e.Event)
		}
		for _, id := range []store.AgentID{ann, bob} {
			w.equal(logs[id], w.eventPage(id, 0, 100).Events)
		}
		w.equal(page.Events[3].Task, taskNo(5))
		w.equal(page.Events[4].Task, taskNo(6))
		w.equal(page.Head, page.Events[4].Number)
		w.equal(page.Held, false)
	}},
	{"After every number, up to every limit", func(w *world) {
		w.people()
		first := w.logPage(math.MaxInt64, 0).Head
		w.tell(ann, 4)
		w.tell(bob, 3)
		w.tell(ann, 5)
		all := w.logPage(first, 100)
		w.equal(len(all.Events), 12)
		for i := range 13 {
			after := first
			if i > 0 {
				after = all.Events[i-1].Number
			}
			for limit := 1; limit <= 13; limit += 3 {
				page := w.logPage(after, limit)
				w.equal(fmt.Sprint(page.Events), fmt.Sprint(all.Events[i:min(i+limit, 12)]))
				w.equal(page.Head, all.Head)
				w.equal(page.Pruned, all.Pruned)
			}
		}
		w.equal(len(w.logPage(all.Head+5, 9).Events), 0)
	}},
	{"What was pruned is told", func(w *world) {
		w.people()
		first := w.logPage(math.MaxInt64, 0).Head
		w.tell(ann, 4)
		all := w.logPage(first, 100).Events
		w.prune(store.PruneQuery{EventsBefore: w.in(3 * time.Second)})
		page := w.logPage(0, 100)
		w.equal(page.Pruned, all[1].Number)
		w.equal(fmt.Sprint(page.Events), fmt.Sprint(all[2:]))
		w.prune(store.PruneQuery{EventsBefore: w.in(time.Hour)})
		page = w.logPage(0, 100)
		w.equal(page, store.LogPage{Pruned: all[3].Number, Head: all[3].Number})
		w.tell(bob, 1)
		page = w.logPage(page.Head, 100)
		w.equal(page.Pruned, all[3].Number)
		w.equal(len(page.Events), 1)
	}},
	{"An older event behind a young one stays", func(w *world) {
		w.people()
		first := w.logPage(math.MaxInt64, 0).Head
		w.tell(ann, 5)
		w.tell(bob, 2)
		w.equal(w.prune(store.PruneQuery{EventsBefore: w.in(4 * time.Second)}).Events, 3)
		w.equal(len(w.logPage(first, 100).Events), 4)
	}},
}

func (w *world) logPage(after int64, limit int) store.LogPage {
	w.Helper()
	page, err := w.store.EventLog(w.ctx, after, limit)
	w.ok(err)
	return page
}

package storetest

import (
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// What the operator reads.
var keeperCases = []testCase{
	{"Entries has each entry once, in pages of any size", func(w *world) {
		w.people()
		for i := range 4 {
			w.commit(&market.Change{Transfers: []market.Transfer{escrow(w, taskNo(i), 10)}})
			w.commit(payout(w, taskNo(i), 10, 10-int64(i)))
		}
		for _, limit := range []int{1, 2, 7, everything} {
			seen := map[market.EntryID]market.Entry{}
			count := 0
			for cursor := ""; ; {
				page, next, err := w.store.Entries(w.ctx, "", cursor, limit)
				w.ok(err)
				for _, e := range page {
					seen[e.ID] = e
					count++
				}
				if cursor = next; cursor == "" {
					break
				}
			}
			w.equal(count, 3+4*4)
			w.equal(len(seen), count)
		}
	}},
	{"Entries of a task", func(w *world) {
		w.people()
		for i := range 2 {
			w.commit(&market.Change{Transfers: []market.Transfer{escrow(w, taskNo(i), 20)}})
		}
		w.commit(payout(w, taskNo(1), 20, 10))
		got, next, err := w.store.Entries(w.ctx, taskNo(1), "", 1)
		w.ok(err)
		w.equal(next, "")
		kinds := map[market.EntryKind]int64{}
		for _, e := range got {
			w.equal(e.Task, taskNo(1))
			kinds[e.Kind] = e.Amount
		}
		w.equal(kinds, map[market.EntryKind]int64{
			market.EntryEscrow: 20, market.EntryPayment: 9, market.EntryPlatformFee: 1, market.EntryRefund: 10,
		})
	}},
	{"Totals leave system tasks out", func(w *world) {
		w.people()
		w.oneOfEach()
		system := systemTask(w, taskNo(77), &market.System{Type: market.MatchAgents, Parent: taskNo(1)})
		w.put(system)
		t := w.post(taskNo(50), ann)
		w.commit(&market.Change{
			Tasks:     []market.TaskWrite{rewritten(t, w.claimedBy(bob))},
			Transfers: []market.Transfer{escrow(w, t.ID, 10)},
			Accounts:  []market.AccountDelta{{Agent: ann, Escrowed: 10}},
		})
		want := map[market.Status]int64{}
		for _, status := range market.Statuses() {
			want[status] = 2
		}
		want[market.StatusClaimed]++
		w.await("the totals", func() bool {
			got, err := w.store.Totals(w.ctx)
			w.ok(err)
			return diff(got.Tasks, want) == "" && got.Agents == 3 && got.Seq >= w.task(t.ID).Seq
		})
	}},
	{"Totals know what is in escrow", func(w *world) {
		w.people()
		for i := range 3 {
			w.commit(&market.Change{
				Tasks:     []market.TaskWrite{{New: w.open(taskNo(i), ann), Text: textOf(taskNo(i))}},
				Transfers: []market.Transfer{escrow(w, taskNo(i), 10)},
				Accounts:  []market.AccountDelta{{Agent: ann, Escrowed: 10}},
			})
		}
		refund := payout(w, taskNo(0), 10, 0).Transfers[2]
		w.commit(&market.Change{
			Tasks:     []market.TaskWrite{rewritten(w.task(taskNo(0)), ended(w.now))},
			Transfers: []market.Transfer{refund},
			Accounts:  []market.AccountDelta{{Agent: ann, Escrowed: -10}},
		})
		w.await("the totals", func() bool {
			got, err := w.store.Totals(w.ctx)
			w.ok(err)
			return got.Escrowed == 20
		})
	}},
}

// settling is how long what may be some seconds old may take to come.
const settling = 15 * time.Second

// await polls for what may take a store some seconds.
func (w *world) await(what string, holds func() bool) {
	w.Helper()
	late := time.NewTimer(settling)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-late.C:
			w.Fatalf("%s did not come in %v", what, settling)
		}
	}
}

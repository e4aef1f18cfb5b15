package storetest

import (
	"fmt"
	"maps"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// What the operator reads.
var keeperCases = []testCase{
	{"Entries has each entry once, in pages of any size", func(w *world) {
		w.people()
		for i := range 4 {
			w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(i), 10)}})
			w.commit(payout(w, taskNo(i), 10, 10-int64(i)))
		}
		for _, limit := range []int{1, 2, 7, everything} {
			seen := map[store.EntryID]store.Entry{}
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
			w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(i), 20)}})
		}
		w.commit(payout(w, taskNo(1), 20, 10))
		got, next, err := w.store.Entries(w.ctx, taskNo(1), "", 1)
		w.ok(err)
		w.equal(next, "")
		kinds := map[store.EntryKind]int64{}
		for _, e := range got {
			w.equal(e.Task, taskNo(1))
			kinds[e.Kind] = e.Amount
		}
		w.equal(kinds, map[store.EntryKind]int64{
			store.EntryEscrow: 20, store.EntryPayment: 9, store.EntryPlatformFee: 1, store.EntryRefund: 10,
		})
	}},
	{"Totals leave system tasks out", func(w *world) {
		w.people()
		w.oneOfEach()
		system := systemTask(w, taskNo(77), &store.System{Type: store.MatchAgents, Parent: taskNo(1)})
		w.put(system)
		t := w.post(taskNo(50), ann)
		w.commit(&store.Change{
			Tasks:     []store.TaskWrite{rewritten(t, w.claimedBy(bob))},
			Transfers: []store.Transfer{escrow(w, t.ID, 10)},
			Accounts:  []store.AccountDelta{{Agent: ann, Escrowed: 10}},
		})
		want := map[store.Status]int64{}
		for _, status := range store.Statuses() {
			want[status] = 2
		}
		want[store.StatusClaimed]++
		w.totals(func(got store.Totals) string {
			if last := w.task(t.ID).Seq; got.Seq < last {
				return fmt.Sprintf(".Seq: got %d, want at least %d", got.Seq, last)
			}
			return diff(got, store.Totals{Tasks: want, Sealed: got.Sealed, Escrowed: 10, Agents: 3, Seq: got.Seq, Platform: got.Platform})
		})
	}},
	{"Totals count a direct hire apart until it is opened", func(w *world) {
		w.people()
		hired := func(id store.TaskID) *store.Task {
			t := w.open(id, ann)
			t.Direct = &store.Direct{To: []store.AgentID{bob}}
			return w.put(t)
		}
		hired(taskNo(1))
		w.rewrite(hired(taskNo(2)), w.claimedBy(bob))
		opened := func(t *store.Task) { t.Direct = &store.Direct{To: t.Direct.To, Opened: true} }
		w.rewrite(w.rewrite(hired(taskNo(3)), opened), w.claimedBy(bob))
		w.rewrite(hired(taskNo(4)), opened)
		w.rewrite(hired(taskNo(5)), ended(w.now))
		gone, err := w.store.Prune(w.ctx, store.PruneQuery{Now: w.now, EndedBefore: w.in(time.Hour), Limit: 100})
		if w.ok(err); gone.Tasks != 1 {
			w.Errorf("%d tasks were deleted", gone.Tasks)
		}
		want := map[store.Status]int64{store.StatusPosted: 1, store.StatusClaimed: 1}
		w.totals(func(got store.Totals) string {
			for _, counted := range []map[store.Status]int64{got.Tasks, got.Sealed} {
				maps.DeleteFunc(counted, func(_ store.Status, n int64) bool { return n == 0 })
			}
			return diff(got, store.Totals{Tasks: want, Sealed: want, Agents: 3, Seq: got.Seq, Platform: got.Platform})
		})
	}},
	{"Totals know what is in escrow", func(w *world) {
		w.people()
		for i := range 3 {
			w.commit(&store.Change{
				Tasks:     []store.TaskWrite{{New: w.open(taskNo(i), ann), Text: textOf(taskNo(i))}},
				Transfers: []store.Transfer{escrow(w, taskNo(i), 10)},
				Accounts:  []store.AccountDelta{{Agent: ann, Escrowed: 10}},
			})
		}
		refund := payout(w, taskNo(0), 10, 0).Transfers[2]
		w.commit(&store.Change{
			Tasks:     []store.TaskWrite{rewritten(w.task(taskNo(0)), ended(w.now))},
			Transfers: []store.Transfer{refund},
			Accounts:  []store.AccountDelta{{Agent: ann, Escrowed: -10}},
		})
		w.totals(func(got store.Totals) string {
			return diff(got, store.Totals{Tasks: got.Tasks, Sealed: got.Sealed, Escrowed: 20, Agents: 3, Seq: got.Seq, Platform: got.Platform})
		})
	}},
	{"Totals know what the platform's account took part in", func(w *world) {
		w.people()
		w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(1), 20)}})
		w.commit(payout(w, taskNo(1), 20, 10))
		moves := func(kind store.EntryKind, amount int64) store.Transfer {
			t := store.Transfer{ID: nextEntry(), From: store.PlatformAccount, To: store.AgentAccount(ann), Amount: amount, Kind: kind, Agent: ann, At: w.now}
			if kind == store.EntryClawBack {
				t.From, t.To = t.To, t.From
			}
			return t
		}
		w.commit(&store.Change{Transfers: []store.Transfer{moves(store.EntryAdminGrant, 50), moves(store.EntrySystemPayment, 3)}})
		w.commit(&store.Change{Transfers: []store.Transfer{moves(store.EntryClawBack, 7)}})
		w.totals(func(got store.Totals) string {
			maps.DeleteFunc(got.Platform, func(_ store.EntryKind, n int64) bool { return n == 0 })
			return diff(got.Platform, map[store.EntryKind]int64{
				w.grant(ann, bonus).Kind: 3 * bonus, store.EntryAdminGrant: 50, store.EntrySystemPayment: 3, store.EntryClawBack: 7, store.EntryPlatformFee: 1,
			})
		})
	}},
}

// arrival is how old totals may be.
const arrival = 5 * time.Second

// totals polls until what takes a store some seconds has come: wrong says what is
// missing yet, or "".
func (w *world) totals(wrong func(got store.Totals) string) {
	w.Helper()
	late := time.NewTimer(arrival)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := w.store.Totals(w.ctx)
		w.ok(err)
		missing := wrong(got)
		if missing == "" {
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			w.Fatalf("after %v: Totals%s", arrival, missing)
		}
	}
}

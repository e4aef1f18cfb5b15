package storetest

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Entries, balances and statistics.
var ledgerCases = []testCase{
	{"Entries are numbered from 1 and bear the balance", func(w *world) {
		w.people()
		w.commit(&store.Change{
			Transfers: []store.Transfer{escrow(w, taskNo(1), 30)},
			Accounts:  []store.AccountDelta{{Agent: ann, Escrowed: 30}},
		})
		w.commit(&store.Change{
			Transfers: []store.Transfer{w.grant(ann, 5)},
			Accounts:  []store.AccountDelta{{Agent: ann, Earned: 5}},
		})
		page := w.ledger(ann, everything, 0)
		w.equal(page.Total, 3)
		w.equal(page.Account, &store.Account{Balance: 75, Escrowed: 30, Earned: 5, LedgerSeq: 3})
		var got []int64
		for _, e := range page.Entries {
			got = append(got, e.Seq, e.Balance, e.Earned, e.Signed())
		}
		w.equal(got, []int64{3, 75, 5, 5, 2, 70, 0, -30, 1, 100, 0, 100})
	}},
	{"A movement between escrow and platform is nobody's", func(w *world) {
		w.people()
		w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(1), 10)}})
		fee := store.Transfer{
			ID: nextEntry(), From: store.EscrowAccount(taskNo(1)), To: store.PlatformAccount, Amount: 1,
			Kind: store.EntryPlatformFee, Task: taskNo(1), At: w.now,
		}
		w.commit(&store.Change{Transfers: []store.Transfer{fee}})
		of, _, err := w.store.Entries(w.ctx, taskNo(1), "", 9)
		w.ok(err)
		w.equal(onlyNobodys(of), []store.Entry{{Transfer: fee}})
		w.equal(onlyNobodys(w.entries()), []store.Entry{{Transfer: fee}})
		w.equal(w.ledger(ann, 9, 0).Total, 2)
	}},
	{"Several transfers of one Change", func(w *world) {
		w.people()
		w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(1), 50)}})
		w.commit(payout(w, taskNo(1), 50, 20))
		w.equal(w.agent(bob).Balance, int64(bonus+18))
		w.equal(w.agent(ann).Balance, int64(bonus-20))
		w.equal(w.ledger(bob, 1, 0).Entries[0].Balance, int64(bonus+18))
		w.equal(w.ledger(ann, 1, 0).Entries[0].Balance, int64(bonus-20))
	}},
	{"Several transfers of one agent, one after the other", func(w *world) {
		w.people()
		w.commit(&store.Change{
			Transfers: []store.Transfer{escrow(w, taskNo(1), 60), w.grant(bob, 1), escrow(w, taskNo(2), 30), w.grant(ann, 5), escrow(w, taskNo(3), 15)},
			Accounts:  []store.AccountDelta{{Agent: ann, Escrowed: 105, Earned: 5}},
		})
		page := w.ledger(ann, everything, 0)
		w.equal(page.Account, &store.Account{Balance: 0, Escrowed: 105, Earned: 5, LedgerSeq: 5})
		var got []int64
		for _, e := range page.Entries {
			got = append(got, e.Seq, e.Balance, e.Earned, e.Signed())
		}
		w.equal(got, []int64{5, 0, 5, -15, 4, 15, 5, 5, 3, 10, 5, -30, 2, 40, 5, -60, 1, 100, 0, 100})
		w.commit(&store.Change{Transfers: []store.Transfer{w.grant(ann, 7)}})
		w.equal(w.ledger(ann, 1, 0).Entries[0].Seq, int64(6))
	}},
	{"Pages, newest first", func(w *world) {
		w.people()
		for i := range 9 {
			w.commit(&store.Change{Transfers: []store.Transfer{w.grant(ann, int64(i+1))}})
		}
		all := w.ledger(ann, everything, 0).Entries
		for _, limit := range []int{1, 4, 10} {
			for offset := 0; offset <= 11; offset += limit {
				page := w.ledger(ann, limit, offset)
				from := min(offset, 10)
				w.equal(page.Entries, all[from:min(from+limit, 10)])
				w.equal(page.Total, 10)
			}
		}
	}},
	{"Balances never fall below 0, down to the last credit", func(w *world) {
		w.people()
		w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(1), bonus)}})
		w.refused(&store.Change{Transfers: []store.Transfer{escrow(w, taskNo(2), 1)}}, store.GuardBalance)
		w.equal(w.agent(ann).Balance, int64(0))
	}},
	{"EarnedAt is the last entry up to an instant", func(w *world) {
		w.register(ann)
		for day := range 5 {
			w.earn(ann, int64(10*(day+1)), w.in(time.Duration(day)*24*time.Hour))
		}
		row := w.stats(ann,
			w.in(-time.Microsecond), w.now, w.in(24*time.Hour), w.in(25*time.Hour), w.in(100*24*time.Hour))
		w.equal(row.EarnedAt, []int64{0, 10, 30, 30, 150})
		w.equal(row.Agent, w.agent(ann))
	}},
	{"EarnedAt goes by number where instants are out of order", func(w *world) {
		w.register(ann)
		for i, hours := range []int{1, 5, 3, 4, 2, 6} {
			w.earn(ann, int64(i+1), w.in(time.Duration(hours)*time.Hour))
		}
		// The sums after each entry are 1, 3, 6, 10, 15 and 21.
		var since []time.Time
		for hours := range 8 {
			since = append(since, w.in(time.Duration(hours)*time.Hour))
		}
		w.equal(w.stats(ann, since...).EarnedAt, []int64{0, 1, 15, 15, 15, 15, 21, 21})
	}},
	{"EarnedAt of entries at one instant", func(w *world) {
		w.register(ann)
		w.earn(ann, 1, w.in(time.Hour))
		w.earn(ann, 1, w.in(time.Hour))
		w.equal(w.stats(ann, w.in(time.Hour)).EarnedAt, []int64{2})
	}},
}

// onlyNobodys keeps the entries that belong to no agent.
func onlyNobodys(all []store.Entry) []store.Entry {
	return slices.DeleteFunc(slices.Clone(all), func(e store.Entry) bool { return e.Agent != "" })
}

func (w *world) ledger(agent store.AgentID, limit, offset int) store.LedgerPage {
	w.Helper()
	page, err := w.store.Ledger(w.ctx, store.PageQuery{Agent: agent, Limit: limit, Offset: offset, Now: w.now})
	w.ok(err)
	return page
}

// earn pays an agent at an instant. The bonus does not count as earned and is
// dated before all other entries.
func (w *world) earn(agent store.AgentID, amount int64, at time.Time) {
	w.Helper()
	pay := w.grant(agent, amount)
	pay.At = at
	w.commit(&store.Change{
		At: at, Transfers: []store.Transfer{pay}, Accounts: []store.AccountDelta{{Agent: agent, Earned: amount}},
	})
}

// payout empties the escrow of ann's task: bob gets what is charged less a
// tenth, ann the rest.
func payout(w *world, id store.TaskID, held, charged int64) *store.Change {
	from, fee := store.EscrowAccount(id), charged/10
	return &store.Change{At: w.now, Transfers: []store.Transfer{
		{
			ID: nextEntry(), From: from, To: store.AgentAccount(bob), Amount: charged - fee, Fee: fee,
			Kind: store.EntryPayment, Agent: bob, Task: id, At: w.now,
		},
		{
			ID: nextEntry(), From: from, To: store.PlatformAccount, Amount: fee,
			Kind: store.EntryPlatformFee, Task: id, At: w.now,
		},
		{
			ID: nextEntry(), From: from, To: store.AgentAccount(ann), Amount: held - charged,
			Kind: store.EntryRefund, Agent: ann, Task: id, At: w.now,
		},
	}}
}

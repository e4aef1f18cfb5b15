package market_test

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// judge reads what has moved and says what is wrong with it.
func (h *hostile) judge(day int) {
	h.Helper()
	for _, a := range append(h.honest[:20:20], h.sybils...) {
		h.books(a)
	}
	for _, a := range h.honest {
		if me := a.Me(); me.Strikes != 0 || !me.BlockedUntil.IsZero() || me.OpenClaims > 5 {
			h.t.Errorf("day %d: %s has %d strikes, %d open claims, is blocked until %v", day, me.Name, me.Strikes, me.OpenClaims, me.BlockedUntil)
		}
	}
	h.withinBudget(day)
	if budget, excess := h.budget(day), h.excess(); excess > budget {
		h.t.Errorf("day %d: the owner holds %d beyond bonuses, grants and earnings; the budget is %d", day, excess, budget)
	}
	if h.t.Failed() {
		h.t.FailNow()
	}
}

// books reads the new entries of an agent's ledger, newest first.
func (h *hostile) books(a *markettest.Agent) {
	h.Helper()
	newest := int64(0)
	for offset := 0; ; offset += 100 {
		page, err := h.Store.Ledger(h.Ctx, store.PageQuery{Agent: a.ID, Limit: 100, Offset: offset, Now: h.Clock.Now()})
		if err != nil {
			h.t.Fatal(err)
		}
		for i := range page.Entries {
			e := &page.Entries[i]
			if newest = max(newest, e.Seq); e.Seq <= h.read[a.ID] {
				h.read[a.ID] = newest
				return
			}
			h.entry(a.ID, e)
		}
		if len(page.Entries) == 0 {
			h.read[a.ID] = newest
			return
		}
	}
}

func (h *hostile) entry(id market.AgentID, e *store.Entry) {
	switch e.Kind {
	case store.EntrySignupBonus, store.EntryAdminGrant:
		if h.owned[id] {
			h.given += e.Amount
		}
	case store.EntrySystemPayment:
		h.about[e.About] = append(h.about[e.About], payment{e.At, e.Amount})
		if h.owned[id] {
			h.paid += e.Amount
		}
	case store.EntryPayment:
		poster := h.poster[e.Task]
		h.brought[poster] += e.Fee
		switch {
		case h.owned[id] && !h.owned[poster]:
			h.earned += e.Amount
		case !h.owned[id]:
			h.approved++
			if h.owned[poster] {
				h.spent += e.Amount
			}
		}
	}
}

// held is what the owner can call its own.
func (h *hostile) held() (sum int64) {
	h.Helper()
	for _, a := range h.sybils {
		c := a.Credits()
		sum += c.Balance + c.Escrowed
	}
	return sum
}

// excess is what the owner holds beyond bonuses, grants and what it earned from
// others.
func (h *hostile) excess() int64 { return h.held() - h.given - h.earned }

// budget is what the platform may have paid in so many days about all agents.
func (h *hostile) budget(day int) int64 {
	sum := int64(len(h.honest)+len(h.sybils)) * 100 * int64(day)
	for _, fees := range h.brought {
		sum += fees
	}
	return sum
}

// withinBudget holds every agent's system pay to 100 credits in any 24 hours, each
// credit beyond it covered by a fee, once.
func (h *hostile) withinBudget(day int) {
	h.Helper()
	for id, list := range h.about {
		var total, inWindow int64
		first := 0
		slices.SortStableFunc(list, func(a, b payment) int { return a.at.Compare(b.at) })
		for i, p := range list {
			total, inWindow = total+p.amount, inWindow+p.amount
			for ; !list[first].at.After(p.at.Add(-24 * time.Hour)); first++ {
				inWindow -= list[first].amount
			}
			h.most = max(h.most, inWindow)
			if inWindow > 100+h.brought[id] {
				h.t.Errorf("day %d: %d credits were paid about %s within 24 hours, up to payment %d", day, inWindow, id, i)
			}
		}
		if most := 100*int64(day) + h.brought[id]; total > most {
			h.t.Errorf("day %d: %d credits were paid about %s in all, at most %d may be", day, total, id, most)
		}
	}
}

// everyTrickWasTried keeps a trick that is refused from its first step on from
// proving nothing.
func (h *hostile) everyTrickWasTried() {
	h.Helper()
	for _, trick := range h.tricks() {
		if h.tried[trick.name] == 0 {
			h.t.Errorf("nobody came to %q", trick.name)
		}
	}
	if h.most < 95 {
		h.t.Errorf("at most %d credits were paid about one agent in 24 hours: the budget was not tried", h.most)
	}
	if h.paid == 0 || h.approved == 0 || h.spent == 0 {
		h.t.Errorf("system pay %d, honest payments %d, of sybils %d: nothing was tried", h.paid, h.approved, h.spent)
	}
}

package audit

import (
	"cmp"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// payAudit proves the budget of system pay from the ledger alone: what the platform
// paid about an agent beyond Policy.SystemPayPerDay in any 24 hours is covered by the
// fees paid on the agent's tasks, with each credit of them used once.
type payAudit struct {
	// paid are the system payments about each agent.
	paid map[store.AgentID][]store.SystemPaid
	// fees holds the fee of each task whose poster is not known yet, posters the
	// poster of each task whose fee is not known yet; brought holds the fees by
	// poster once both are known.
	fees    map[store.TaskID]int64
	posters map[store.TaskID]store.AgentID
	brought map[store.AgentID]int64
}

func newPayAudit() payAudit {
	return payAudit{
		paid: map[store.AgentID][]store.SystemPaid{}, fees: map[store.TaskID]int64{},
		posters: map[store.TaskID]store.AgentID{}, brought: map[store.AgentID]int64{},
	}
}

// entry takes an entry of the ledger, in any order.
func (p *payAudit) entry(e *store.Entry) {
	switch e.Kind {
	case store.EntrySystemPayment:
		if e.About != "" {
			p.paid[e.About] = append(p.paid[e.About], store.SystemPaid{At: e.At, Credits: e.Amount})
		}
	case store.EntryEscrow:
		if fee, known := p.fees[e.Task]; known {
			p.brought[e.Agent] += fee
			delete(p.fees, e.Task)
		} else {
			p.posters[e.Task] = e.Agent
		}
	case store.EntryPlatformFee:
		if poster, known := p.posters[e.Task]; known {
			p.brought[poster] += e.Amount
			delete(p.posters, e.Task)
		} else {
			p.fees[e.Task] = e.Amount
		}
	}
}

// overrun returns the first instant at which the pay about an agent exceeds its
// budget, and by how much; zero when it never does. perDay 0 is no bound.
func (p *payAudit) overrun(id store.AgentID, perDay int64) (at time.Time, by int64) {
	if perDay == 0 {
		return at, 0
	}
	paid := slices.SortedFunc(slices.Values(p.paid[id]), func(a, b store.SystemPaid) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Credits, b.Credits))
	})
	left, today, first := p.brought[id], int64(0), 0
	for i := range paid {
		for !paid[first].At.After(paid[i].At.Add(-rules.Day)) {
			today -= paid[first].Credits
			first++
		}
		// What exceeds the daily amount is paid from fees.
		fromDay := min(paid[i].Credits, perDay-today)
		if left -= paid[i].Credits - fromDay; left < 0 {
			return paid[i].At, -left
		}
		paid[i].Credits = fromDay
		today += fromDay
	}
	return at, 0
}

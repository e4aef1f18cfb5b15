package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// mostPaid bounds what is kept of payments about one agent; beyond it the two
// oldest become one.
const mostPaid = 96

// affords reports whether another system task about the agent that pays this
// much stays within the budget, whenever it and the pending ones are paid: at
// most SystemPayPerDay in any 24 hours, and the fees that came meanwhile.
func (p *Policy) affords(a *store.Agent, pay int64, now time.Time) bool {
	if p.SystemPayPerDay == 0 {
		return true
	}
	total, fees := a.SystemPay.Pending+pay, int64(0)
	for i, paid := range recentlyPaid(a.SystemPay.Paid, now) {
		total += paid.Credits
		if i == 0 {
			fees = a.FeesBrought - paid.Fees
		}
	}
	return total <= p.SystemPayPerDay+fees
}

// affords is the policy's, after what the outcome has reserved and given back.
func (o *Outcome) affords(about *store.Agent, pay int64) bool {
	now := *about
	for i := range o.SystemPays {
		if o.SystemPays[i].Agent == about.ID {
			now.SystemPay = o.SystemPays[i].New
		}
	}
	return o.policy.affords(&now, pay, o.At)
}

// recentlyPaid is a copy of what was paid in the 24 hours before now.
func recentlyPaid(all []store.SystemPaid, now time.Time) []store.SystemPaid {
	var recent []store.SystemPaid
	for _, paid := range all {
		if paid.At.After(now.Add(-Day)) {
			recent = append(recent, paid)
		}
	}
	return recent
}

// systemPay is the one write of an agent's system pay.
func (o *Outcome) systemPay(a *store.Agent) *store.SystemPay {
	for i := range o.SystemPays {
		if o.SystemPays[i].Agent == a.ID {
			return &o.SystemPays[i].New
		}
	}
	next := store.SystemPay{Pending: a.SystemPay.Pending, Paid: recentlyPaid(a.SystemPay.Paid, o.At)}
	o.SystemPays = append(o.SystemPays, store.SystemPayWrite{Agent: a.ID, Old: a.SystemPay, New: next})
	return &o.SystemPays[len(o.SystemPays)-1].New
}

// reserve takes the pay of a new system task about the agent out of its budget. It
// is noted without a bound as well, which the operator may set at any time.
func (o *Outcome) reserve(about *store.Agent, pay int64) { o.systemPay(about).Pending += pay }

// release gives back what was reserved for a system task that has ended.
func (o *Outcome) release(t *store.Task, about *store.Agent) {
	if t.System == nil || about == nil || t.System.Subject != about.ID {
		return
	}
	pay := o.systemPay(about)
	pay.Pending = max(0, pay.Pending-t.MaxCredits)
}

// paidAbout turns what was reserved for a system task into a payment.
func (o *Outcome) paidAbout(t *store.Task, about *store.Agent) {
	if about == nil {
		return
	}
	o.release(t, about)
	pay := o.systemPay(about)
	pay.Paid = append(pay.Paid, store.SystemPaid{At: o.At, Credits: t.MaxCredits, Fees: about.FeesBrought})
	if len(pay.Paid) > mostPaid {
		// The later instant and the higher sum of fees are the careful reading.
		pay.Paid[1].Credits += pay.Paid[0].Credits
		pay.Paid = pay.Paid[1:]
	}
}

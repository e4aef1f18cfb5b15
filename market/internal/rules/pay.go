package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// mostPaid bounds how many payments about one agent are kept; beyond it the two
// oldest are merged.
const mostPaid = 96

// affords reports whether another system task about the agent, at this pay,
// stays within the budget, whenever it and the pending ones are paid. The
// budget is SystemPayPerDay in any 24 hours, plus the fees that came in
// meanwhile.
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

// affords is Policy.affords, after what this outcome has already reserved and
// released.
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

// systemPay returns the outcome's one write of an agent's system pay.
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
// is recorded even if there is no bound, since the operator may set one at any
// time.
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
		// The merged payment keeps the later instant and the higher sum of fees,
		// which can only make the budget stricter.
		pay.Paid[1].Credits += pay.Paid[0].Credits
		pay.Paid = pay.Paid[1:]
	}
}

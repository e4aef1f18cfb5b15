package rules

import (
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// merge puts more into the same Change: another claim that is independent of those
// before, or another post that was decided after them.
func (o *Outcome) merge(more *Outcome) {
	o.active(more.Active...)
	o.Tasks = append(o.Tasks, more.Tasks...)
	o.Roles = append(o.Roles, more.Roles...)
	o.Transfers = append(o.Transfers, more.Transfers...)
	o.Events = append(o.Events, more.Events...)
	o.Feed = append(o.Feed, more.Feed...)
	for i := range more.Accounts {
		o.addTo(&more.Accounts[i])
	}
	for _, pay := range more.SystemPays {
		o.payAgain(pay)
	}
}

// addTo adds up the counters that claims and posts move.
func (o *Outcome) addTo(d *store.AccountDelta) {
	sum := o.account(d.Agent)
	sum.OpenClaims += d.OpenClaims
	sum.MaxOpenClaims = max(sum.MaxOpenClaims, d.MaxOpenClaims)
	sum.Posted += d.Posted
	sum.Escrowed += d.Escrowed
	sum.TextBytes += d.TextBytes
	sum.MaxTextBytes = max(sum.MaxTextBytes, d.MaxTextBytes)
}

// payAgain replaces an agent's write of system pay by a later one: what is compared
// stays what was loaded.
func (o *Outcome) payAgain(later store.SystemPayWrite) {
	i := slices.IndexFunc(o.SystemPays, func(w store.SystemPayWrite) bool { return w.Agent == later.Agent })
	if i < 0 {
		o.SystemPays = append(o.SystemPays, later)
		return
	}
	o.SystemPays[i].New = later.New
}

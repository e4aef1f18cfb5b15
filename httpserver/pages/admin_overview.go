package pages

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// lateEnough is how late timers or webhooks are when the desk says so: a replica that
// runs them is never a second behind.
const lateEnough = 5

// adminOverview is the desk's first page: how the marketplace stands, and what waits.
func (p *pages) adminOverview(w http.ResponseWriter, r *http.Request, d *desk) {
	var err error
	d.Overview, err = p.market.DeskOverview(r.Context())
	if err != nil {
		p.refused(w, r, err)
		return
	}
	p.show(w, r, "admin-overview", "Overview", d, nil)
}

// TimersLate and WebhooksLate report whether the market is behind.
func (d *desk) TimersLate() bool   { return d.Overview.Health.TimersLate >= lateEnough }
func (d *desk) WebhooksLate() bool { return d.Overview.Health.WebhooksLate >= lateEnough }

// Waits reports whether anything waits for an operator.
func (d *desk) Waits() bool {
	return d.Overview.ReportsOpen > 0 || d.Overview.Dead.Waiting > 0 || d.TimersLate() || d.WebhooksLate() || d.Silent()
}

// Silent reports whether a replica's sign of life did not come.
func (d *desk) Silent() bool {
	return slices.ContainsFunc(d.Overview.Replicas, func(r market.Replica) bool { return r.Silent })
}

// Verdict says in one line whether the market keeps up.
func (d *desk) Verdict() string {
	switch {
	case d.TimersLate() || d.WebhooksLate():
		return "The market is behind: see what waits for you."
	case d.Silent():
		return "The market keeps up, but a replica is silent."
	case d.Overview.Health.Warming:
		return "The market keeps up; this replica is still loading its index of open tasks."
	}
	if dead := &d.Overview.Dead; dead.Waiting > 0 {
		return fmt.Sprintf("The store answers, and timers and webhooks are in time. But %s%s %s dead that nobody has marked as seen.",
			atLeast(dead.WaitingMore), number(int64(dead.Waiting)), map[bool]string{true: "webhook is", false: "webhooks are"}[dead.Waiting == 1])
	}
	return "All is well: the store answers, and timers and webhooks are in time."
}

// Others reports whether dead webhooks of agents wait that are not in the table.
func (d *desk) Others() bool {
	n := 0
	for _, of := range d.Overview.Dead.Agents {
		n += of.Count
	}
	return n < d.Overview.Dead.Waiting
}

// RunsTimers is the id of the replica that was the last to settle timers.
func (d *desk) RunsTimers() (id string) {
	var latest market.Time
	for _, replica := range d.Overview.Replicas {
		if replica.SweptAt.After(latest.Time) {
			id, latest = replica.ID, replica.SweptAt
		}
	}
	return id
}

// since is a number of seconds as people say it.
func since(seconds float64) string { return span(time.Duration(seconds * float64(time.Second))) }

// atLeast says that a figure is a part.
func atLeast(more bool) string {
	if more {
		return "at least "
	}
	return ""
}

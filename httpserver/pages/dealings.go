package pages

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pinchwork/pinchwork/market"
)

// dealing is what an agent has to do with another one: how many tasks it gave to it and did
// for it, and what was charged for them.
type dealing struct {
	With           market.AgentID
	Posted, Worked int
	Paid, Earned   int64
}

// dealingsOf adds up the tasks in an agent's file, those with the most credits first.
func dealingsOf(file *market.AgentFile) (all []dealing) {
	with := func(id market.AgentID) *dealing {
		for i := range all {
			if all[i].With == id {
				return &all[i]
			}
		}
		all = append(all, dealing{With: id})
		return &all[len(all)-1]
	}
	for _, t := range file.Posted {
		if t.WorkerID != "" {
			d := with(t.WorkerID)
			d.Posted, d.Paid = d.Posted+1, d.Paid+charged(&t)
		}
	}
	for _, t := range file.Worked {
		if t.PosterID != "" {
			d := with(t.PosterID)
			d.Worked, d.Earned = d.Worked+1, d.Earned+charged(&t)
		}
	}
	slices.SortStableFunc(all, func(a, b dealing) int { return cmp.Compare(b.Paid+b.Earned, a.Paid+a.Earned) })
	return all
}

// Pair says how many of the agent's tasks are with one other, when nearly all of several are.
func (d *desk) Pair() string {
	all := 0
	var most *dealing
	for i := range d.Dealings {
		n := d.Dealings[i].Posted + d.Dealings[i].Worked
		if all += n; most == nil || n > most.Posted+most.Worked {
			most = &d.Dealings[i]
		}
	}
	if all < 5 || 10*(most.Posted+most.Worked) < 9*all {
		return ""
	}
	name := d.Names[most.With]
	return fmt.Sprintf("%d of these %d tasks are with one agent, %s", most.Posted+most.Worked, all, cmp.Or(brief(name), string(most.With)))
}

// charged is what a task has cost; what a delivery claims has cost nothing yet.
func charged(t *market.TaskSummary) int64 {
	if t.Status != market.StatusApproved {
		return 0
	}
	return t.CreditsCharged
}

package rules

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Day is the unit of daily budgets and lifetimes.
const Day = 24 * time.Hour

const (
	// TextsLife is how long the texts of a cancelled or expired task, and
	// superseded results, are kept.
	TextsLife = 7 * Day
	// maxSuperseded bounds the superseded results of a task: beyond it the oldest
	// is dropped early.
	maxSuperseded = 20
)

func textBytes(t store.TaskText) int64 { return int64(len(t.Need) + len(t.Context)) }

func metadataBytes(m map[string]string) (n int64) {
	for key, value := range m {
		n += int64(len(key) + len(value))
	}
	return n
}

// keep counts new texts of an agent, which the store refuses beyond the policy's
// bound.
func (o *Outcome) keep(id store.AgentID, bytes int64) {
	d := o.account(id)
	d.TextBytes += bytes
	d.MaxTextBytes = o.policy.MaxAgentBytes
}

// TooManyBytes turns the failed guard of keep into a refusal.
func (p *Policy) TooManyBytes(c *store.Conflict) error {
	if c.Guard != store.GuardTextBytes {
		return nil
	}
	return Refuse(CodeTooManyBytes, "Your living texts would take more than %d bytes: those of tasks count until they are approved, "+
		"those of cancelled and expired tasks and of rejected results for 7 days", p.MaxAgentBytes)
}

// countNoMore stops counting the texts of an approved task toward its agents'
// limits: they were paid for.
func (o *Outcome) countNoMore(t *store.Task) {
	o.account(t.Poster).TextBytes -= t.Bytes
	if t.Delivery != nil {
		o.account(t.Worker()).TextBytes -= t.Delivery.Bytes
	}
}

// supersede keeps the result of the last delivery, if there is one, for the
// operator who may have to judge a report about it.
func (o *Outcome) supersede(t *store.Task) {
	if t.Delivery == nil || t.System != nil {
		return
	}
	old := t.Superseded
	if len(old) == maxSuperseded {
		o.drop(t.ID, old[0])
		old = old[1:]
	}
	t.Superseded = slices.Concat(old, []store.Superseded{{
		No: t.Delivery.No, Worker: t.Claim.Worker, Bytes: t.Delivery.Bytes, Until: o.At.Add(TextsLife),
		At: t.Delivery.At, Charged: t.Delivery.Charged,
	}})
}

func (o *Outcome) drop(id store.TaskID, s store.Superseded) {
	o.Drop = append(o.Drop, store.TextRef{Task: id, No: s.No})
	o.account(s.Worker).TextBytes -= s.Bytes
}

// textsUntil is when the next texts of a task must be dropped; zero for never.
func textsUntil(t *store.Task) time.Time {
	switch {
	case len(t.Superseded) > 0:
		return t.Superseded[0].Until
	case t.Status.Ended() && t.Status != store.StatusApproved && !t.TextsPruned:
		return t.Ending.At.Add(TextsLife)
	}
	return time.Time{}
}

// dropTexts drops what is due: superseded results, or all that a task without an
// approval still has.
func (o *Outcome) dropTexts(t *store.Task) {
	next := *t
	for len(next.Superseded) > 0 && Passed(next.Superseded[0].Until, o.At) {
		o.drop(t.ID, next.Superseded[0])
		next.Superseded = next.Superseded[1:]
	}
	if len(next.Superseded) == 0 && Passed(textsUntil(&next), o.At) {
		o.Drop = append(o.Drop, store.TextRef{Task: t.ID})
		next.TextsPruned = true
		if t.System == nil {
			o.account(t.Poster).TextBytes -= t.Bytes
		}
	}
	o.replace(t, &next)
}

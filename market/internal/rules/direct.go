package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Offered reports whether a task is for an agent that is no party to it, as far as
// the poster decides that: of a direct hire only those may know, and claim it, whom
// it is offered to, until it opens to everybody. Every list, read and claim asks
// this function, or an index that agrees with it.
func Offered(now time.Time, t *store.Task, id store.AgentID) bool {
	return !sealed(now, t) || slices.Contains(t.Direct.To, id)
}

// sealed reports whether a task is not everybody's at an instant. What was claimed
// before it opened stays between those who know of it, and opens when it is posted
// again.
func sealed(now time.Time, t *store.Task) bool {
	return t.Sealed() && (t.Status != store.StatusPosted || !Passed(t.Direct.OpensAt, now))
}

// CheckHire refuses a direct hire of too many agents, and one that opens but is for
// nobody in particular.
func CheckHire(to []store.AgentID, openAfter time.Duration) error {
	if len(to) > limits.OfferTo {
		return Invalid("offer_to", "at most %d", limits.OfferTo)
	}
	if len(to) == 0 && openAfter != 0 {
		return Invalid("open_after_minutes", "needs offer_to: without it the task is everybody's at once")
	}
	return nil
}

// Hired reports whether the task is a direct hire that asks the agent by name.
func Hired(t *store.Task, id store.AgentID) bool {
	return t.Direct != nil && slices.Contains(t.Direct.To, id)
}

// CheckHired refuses a direct hire of the poster itself, and of agents that are not
// among those found. A suspended agent may be named, since nobody is told who is
// suspended: it has the task on offer once it is no longer.
func CheckHired(poster store.AgentID, to []store.AgentID, found []*store.Agent) error {
	for i, id := range to {
		field := fmt.Sprintf("offer_to[%d]", i)
		switch {
		case id == poster:
			return Invalid(field, "must not be your own id")
		case !slices.ContainsFunc(found, func(a *store.Agent) bool { return a.ID == id }):
			return Invalid(field, "must be an agent's id, which begins with ag-")
		}
	}
	return nil
}

// Hire is the direct hire of a new task; nil when it is everybody's.
func Hire(now time.Time, to []store.AgentID, openAfter time.Duration) *store.Direct {
	if len(to) == 0 {
		return nil
	}
	d := &store.Direct{To: Distinct(to)}
	if openAfter > 0 {
		d.OpensAt = now.Add(openAfter)
	}
	return d
}

// Distinct is a copy of the ids without those that are named again.
func Distinct(ids []store.AgentID) []store.AgentID { return union(nil, ids) }

// openedBy is what a posted direct hire is at an instant.
func openedBy(now time.Time, d *store.Direct) *store.Direct {
	if d == nil || d.Opened || !Passed(d.OpensAt, now) {
		return d
	}
	next := *d
	next.Opened = true
	return &next
}

// untilItOpens keeps the matcher away from a direct hire until it opens; one that
// never does is not matched at all.
func untilItOpens(d *store.Direct) *store.Matching {
	if d == nil || d.Opened || d.OpensAt.IsZero() {
		return nil
	}
	return &store.Matching{State: store.MatchDeferred, Until: d.OpensAt}
}

// tellHired tells those whom a direct hire is offered to, apart from one of them, as
// matched agents are told. Each is as good as the other.
func (o *Outcome) tellHired(t *store.Task, but store.AgentID) {
	if !t.Sealed() {
		return
	}
	for _, id := range t.Direct.To {
		if id != but {
			o.tell(id, store.EventTaskMatched, t.ID, store.EventData{Rank: new(int)})
		}
	}
}

// MayBeVerified reports whether an infra agent may be asked about the next delivery.
// It would learn all about a direct hire, so nobody is asked about that.
func MayBeVerified(t *store.Task) bool { return t.Verifications < maxVerifications && !t.Sealed() }

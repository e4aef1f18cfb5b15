package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// suspendedRecheck is how often a timer looks again at a delivery whose worker
// is suspended. The end of a suspension makes the delivery due at once, so it
// does not wait for this.
const suspendedRecheck = time.Minute

// IsDue reports whether a timer has to touch the loaded task now.
func IsDue(l *store.Loaded, now time.Time) bool { return l.Task != nil && Passed(l.Task.NextDue, now) }

// Timer takes the one step of a task that is due, nil when none is. Its effects are
// dated at the instant at which they were due; if several timers are due, each is a
// step of its own. found is what the matcher found for a MatchDeferred task, again
// the extraction that follows one whose text has changed.
func (p *Policy) Timer(now time.Time, l *store.Loaded, found Ranking, again *Draft) *Outcome {
	if !IsDue(l, now) {
		return nil
	}
	t := l.Task
	o := p.begin(t.NextDue)
	if t.System != nil && Passed(t.System.Again, o.At) {
		o.extractAgain(l, again)
		return o
	}
	if Passed(textsUntil(t), o.At) {
		o.dropTexts(t)
		return o
	}
	switch t.Status {
	case store.StatusPosted:
		o.timePosted(l, found)
	case store.StatusClaimed:
		o.timeClaimed(l)
	case store.StatusDelivered:
		o.timeDelivered(l, now)
	}
	return o
}

func (o *Outcome) timePosted(l *store.Loaded, found Ranking) {
	t := l.Task
	switch {
	case Passed(t.Deadline, o.At), Passed(t.ExpiresAt, o.At):
		o.expire(l)
	case t.Matching.State == store.MatchDeferred:
		next := *t
		next.Direct = openedBy(o.At, t.Direct)
		// A direct hire opens to everybody at once, as its poster said.
		found.HeadStart = found.HeadStart && t.Direct == nil
		next.Matching = o.policy.matched(o.At, found)
		o.replace(t, &next)
		o.tellMatched(&next)
	default:
		next := *t
		next.Matching = nil
		next.Children = o.endChildren(l.Children, l.Poster, false)
		o.replace(t, &next)
	}
}

func (o *Outcome) expire(l *store.Loaded) {
	t := l.Task
	o.endChildren(l.Children, l.Poster, true)
	status := store.StatusExpired
	if t.System != nil && !o.policy.Needed(l) {
		// The parent has been claimed meanwhile, or has ended.
		status = store.StatusCancelled
	}
	o.end(t, status)
	o.release(t, l.Subject)
	o.tellOf(t, t.Poster, store.EventTaskExpired, store.EventData{})
	if Passed(t.Deadline, o.At) {
		o.tellAbout(t, store.EventTaskExpired)
	}
	o.unanswered(l)
}

func (o *Outcome) timeClaimed(l *store.Loaded) {
	t := l.Task
	typ, data, why := store.EventDeadlineExpired, store.EventData{}, "the task's deadline passed"
	switch {
	case !t.Claim.Grace.IsZero():
		typ, why = store.EventRejectionGraceExpired, "the grace after the rejection passed without a new delivery"
	case !Passed(t.Deadline, o.At):
		data.Reason, why = "claim_timeout", "the time for a delivery passed"
	}
	if t.Claim.Grace.IsZero() {
		// No strike after a rejection: the claim ends because of the poster's
		// decision.
		o.strike(l.Worker)
	}
	o.giveBack(l, why)
	o.tellOf(t, t.Claim.Worker, typ, data)
	o.tellOf(t, t.Poster, typ, data)
}

// timeDelivered approves in the poster's place, but not the work of a
// suspended agent (rule 5.10).
func (o *Outcome) timeDelivered(l *store.Loaded, now time.Time) {
	if l.Worker != nil && l.Worker.Suspended {
		next := *l.Task
		o.replace(l.Task, &next)
		next.NextDue = now.Add(suspendedRecheck)
		return
	}
	approved, err := o.policy.approval(o.At, l, Review{}, true)
	if err == nil {
		*o = *approved
	}
}

// IsLost reports whether a store's timer queue has a task at another instant than
// its NextDue, or not at all.
func IsLost(st *store.StoredTask) bool { return !st.Due.Equal(st.Task.NextDue) }

// Rearm writes a lost task again, which puts it back into the store's timer queue.
// A store updates its indexes by the difference between old and new, so old is
// given the instant that the queue has, and new the one that it should have.
func (p *Policy) Rearm(now time.Time, t *store.Task, have time.Time) *Outcome {
	old, next := *t, *t
	old.NextDue = have
	o := p.begin(now)
	o.replace(&old, &next)
	return o
}

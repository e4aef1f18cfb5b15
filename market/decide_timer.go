package market

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// suspendedRecheck is how often a timer looks again at a delivery whose worker
// is suspended. Ending the suspension does not wait for it.
const suspendedRecheck = time.Minute

// decideTimer takes the one step of a task that is due. Its effects bear the
// instant at which they were due; a chain of timers is a chain of steps.
// deferred is what the matcher found for a MatchDeferred task, again the
// extraction that follows one whose text has changed.
func (p *book) decideTimer(l *store.Loaded, now time.Time, deferred ranking, again *systemDraft) *outcome {
	t := l.Task
	o := p.outcome(t.NextDue)
	if t.System != nil && passed(t.System.Again, o.At) {
		o.extractAgain(l, again)
		return o
	}
	if passed(textsUntil(t), o.At) {
		o.dropTexts(t)
		return o
	}
	switch t.Status {
	case StatusPosted:
		o.timePosted(l, deferred)
	case StatusClaimed:
		o.timeClaimed(l)
	case StatusDelivered:
		o.timeDelivered(l, now)
	}
	return o
}

func (o *outcome) timePosted(l *store.Loaded, deferred ranking) {
	t := l.Task
	switch {
	case passed(t.Deadline, o.At), passed(t.ExpiresAt, o.At):
		o.expire(l)
	case t.Matching.State == store.MatchDeferred:
		next := *t
		next.Matching = o.policy.matched(o.At, deferred)
		o.replace(t, &next)
		o.tellMatched(&next)
	default:
		next := *t
		next.Matching = nil
		next.Children = o.endChildren(l.Children, l.Poster, false)
		o.replace(t, &next)
	}
}

func (o *outcome) expire(l *store.Loaded) {
	t := l.Task
	o.endChildren(l.Children, l.Poster, true)
	status := StatusExpired
	if t.System != nil && !o.policy.needed(l) {
		// The parent was claimed meanwhile, or is gone.
		status = StatusCancelled
	}
	o.end(t, status)
	o.release(t, l.Subject)
	o.tell(t.Poster, EventTaskExpired, t.ID, EventData{})
	if passed(t.Deadline, o.At) {
		o.tellAbout(t.Matching, EventTaskExpired, t.ID)
	}
	o.unanswered(l)
}

func (o *outcome) timeClaimed(l *store.Loaded) {
	t := l.Task
	typ, data, why := EventDeadlineExpired, EventData{}, "the task's deadline passed"
	switch {
	case !t.Claim.Grace.IsZero():
		typ, why = EventRejectionGraceExpired, "the grace after the rejection passed without a new delivery"
	case !passed(t.Deadline, o.At):
		data.Reason, why = "claim_timeout", "the time for a delivery passed"
	}
	if t.Claim.Grace.IsZero() {
		// What the poster began with a rejection is not held against the worker.
		o.strike(l.Worker)
	}
	o.giveBack(l, why)
	o.tell(t.Claim.Worker, typ, t.ID, data)
	o.tell(t.Poster, typ, t.ID, data)
}

// timeDelivered approves in the poster's place, but not the work of a
// suspended agent (pitfall 29).
func (o *outcome) timeDelivered(l *store.Loaded, now time.Time) {
	if l.Worker != nil && l.Worker.Suspended {
		next := *l.Task
		o.replace(l.Task, &next)
		next.NextDue = now.Add(suspendedRecheck)
		return
	}
	approved, err := o.policy.approval(o.At, l, review{}, true)
	if err == nil {
		*o = *approved
	}
}

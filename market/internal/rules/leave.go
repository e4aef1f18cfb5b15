package rules

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Cancel takes back a posted task.
func (p *Policy) Cancel(now time.Time, l *store.Loaded) (*Outcome, error) {
	if err := mayCancel(now, l); err != nil {
		return nil, err
	}
	t := l.Task
	o := p.begin(now)
	o.active(t.Poster)
	o.endChildren(l.Children, l.Poster, true)
	o.end(t, store.StatusCancelled)
	o.tellAbout(t, store.EventTaskCancelled)
	return o, nil
}

func mayCancel(now time.Time, l *store.Loaded) error {
	if err := posterOnly(now, l, "cancel"); err != nil {
		return err
	}
	return inState(l.Task, store.StatusPosted, "be cancelled")
}

// tellAbout tells the agents that were told of a task that it is gone.
func (o *Outcome) tellAbout(t *store.Task, typ store.EventType) {
	var told []store.AgentID
	if t.Matching != nil {
		told = t.Matching.Agents
	}
	if t.Direct != nil {
		told = union(told, t.Direct.To)
	}
	for _, id := range told {
		o.tell(id, typ, t.ID, store.EventData{})
	}
}

// union is a followed by those of b that are not in it.
func union(a, b []store.AgentID) []store.AgentID {
	all := slices.Clone(a)
	for _, id := range b {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// GaveBack is why a claim has lapsed that its worker gave up.
const GaveBack = "you gave it back"

// Abandon gives a claimed task back and counts against the worker.
func (p *Policy) Abandon(now time.Time, l *store.Loaded) (*Outcome, error) {
	if err := mayAbandon(now, l); err != nil {
		return nil, err
	}
	t := l.Task
	o := p.begin(now)
	o.active(t.Claim.Worker)
	o.strike(l.Worker)
	o.giveBack(l, GaveBack)
	return o, nil
}

func mayAbandon(now time.Time, l *store.Loaded) error {
	if err := WorkerOnly(now, l, "abandon"); err != nil {
		return err
	}
	return inState(l.Task, store.StatusClaimed, "be abandoned")
}

// giveBack reposts a claimed task, or cancels a system task that its parent no
// longer needs. why is what the worker is told if it acts on the claim later.
func (o *Outcome) giveBack(l *store.Loaded, why string) {
	if l.Task.System != nil && !o.policy.Needed(l) {
		o.end(l.Task, store.StatusCancelled)
		o.release(l.Task, l.Subject)
		return
	}
	switch {
	case l.Task.System == nil:
		// Verdicts on an earlier delivery are of no use to the next worker.
		o.endChildren(l.Children, l.Poster, false)
		o.Roles = append(o.Roles, store.RoleWrite{
			Task: l.Task.ID, Agent: l.Task.Claim.Worker, Role: store.RoleWorker,
			Lapse: &store.Lapse{At: o.At, Why: why, Claim: l.Task.Claims},
		})
	case l.Task.System.Type == store.MatchAgents:
		// The match task is open again, and a claim of the parent has to close it, or
		// it would be paid for nothing. Writing the parent makes claims fail that
		// were decided before.
		parent := *l.Parent
		o.replace(l.Parent, &parent)
	}
	o.repost(l.Task)
}

// Rate is the worker's rating of the poster, once (rules 4.13 and 9.3).
func (p *Policy) Rate(now time.Time, l *store.Loaded, rating int, feedback string) (*Outcome, error) {
	if err := mayRate(now, l); err != nil {
		return nil, err
	}
	t := l.Task
	o := p.begin(now)
	o.active(l.Caller.ID)
	next := *t
	ending := *t.Ending
	ending.PosterRating, ending.PosterFeedback = rating, feedback
	next.Ending = &ending
	o.replace(t, &next)
	d := o.account(t.Poster)
	d.RatingSum, d.RatingCount = int64(rating), 1
	o.trustStep(l.WorkerTrust, t.Claim.Worker, t.Poster, rating >= 3)
	o.agentChanged(t.Poster)
	o.tellOf(t, t.Poster, store.EventTaskRated, store.EventData{Rating: rating})
	return o, nil
}

func mayRate(now time.Time, l *store.Loaded) error {
	if err := WorkerOnly(now, l, "rate the poster"); err != nil {
		return err
	}
	switch t := l.Task; {
	case t.System != nil:
		return Refuse(CodeForbidden, "System tasks are not rated")
	case t.Status != store.StatusApproved:
		return wrongState(t, "be rated")
	case t.Ending.PosterRating != 0:
		return Refuse(CodeAlreadyDone, "Task is approved and already rated")
	}
	return nil
}

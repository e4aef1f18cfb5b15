package market

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// decideCancel takes back a posted task.
func (p *book) decideCancel(now time.Time, l *store.Loaded) (*outcome, error) {
	if err := posterOnly(l, "cancel"); err != nil {
		return nil, err
	}
	t := l.Task
	if t.Status != StatusPosted {
		return nil, wrongState(t, "be cancelled")
	}
	o := p.outcome(now)
	o.active(t.Poster)
	o.endChildren(l.Children, l.Poster, true)
	o.end(t, StatusCancelled)
	o.tellAbout(t.Matching, EventTaskCancelled, t.ID)
	return o, nil
}

// tellAbout tells the matched agents that a task is gone.
func (o *outcome) tellAbout(m *store.Matching, typ EventType, task TaskID) {
	if m == nil {
		return
	}
	for _, id := range m.Agents {
		o.tell(id, typ, task, EventData{})
	}
}

// decideAbandon gives a claimed task back and counts against the worker.
func (p *book) decideAbandon(now time.Time, l *store.Loaded) (*outcome, error) {
	if err := workerOnly(l, "abandon"); err != nil {
		return nil, err
	}
	t := l.Task
	if t.Status != StatusClaimed {
		return nil, wrongState(t, "be abandoned")
	}
	o := p.outcome(now)
	o.active(t.Claim.Worker)
	o.strike(l.Worker)
	o.giveBack(l, "you gave it back")
	return o, nil
}

// giveBack reposts a claimed task, or cancels a system task that its parent
// needs no more. Why is what the worker is told who still acts on its claim.
func (o *outcome) giveBack(l *store.Loaded, why string) {
	if l.Task.System != nil && !o.policy.needed(l) {
		o.end(l.Task, StatusCancelled)
		o.release(l.Task, l.Subject)
		return
	}
	if l.Task.System == nil {
		// Verdicts on an earlier delivery are of no use to the next worker.
		o.endChildren(l.Children, l.Poster, false)
		o.Roles = append(o.Roles, store.RoleWrite{
			Task: l.Task.ID, Agent: l.Task.Claim.Worker, Role: store.RoleWorker,
			Lapse: &store.Lapse{At: o.At, Why: why, Claim: l.Task.Claims},
		})
	}
	o.repost(l.Task)
}

// decideRate is the worker's rating of the poster, once (contract §5, §8).
func (p *book) decideRate(now time.Time, l *store.Loaded, rating int, feedback string) (*outcome, error) {
	if err := workerOnly(l, "rate the poster"); err != nil {
		return nil, err
	}
	if l.Task.System != nil {
		return nil, refuse(CodeForbidden, "System tasks are not rated")
	}
	t := l.Task
	if t.Status != StatusApproved {
		return nil, wrongState(t, "be rated")
	}
	if t.Ending.PosterRating != 0 {
		return nil, refuse(CodeAlreadyDone, "Task is approved and already rated")
	}
	o := p.outcome(now)
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
	o.tell(t.Poster, EventTaskRated, t.ID, EventData{Rating: &rating})
	return o, nil
}

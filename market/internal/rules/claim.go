package rules

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Claim gives a posted task to a worker. It needs only the task and the worker, so that
// several candidates can be decided before the store takes the first that is still open;
// match is the task's pending match_agents task if nobody has claimed that, else nil.
func (p *Policy) Claim(now time.Time, t *store.Task, by *store.Agent, match *store.Task) (*Outcome, error) {
	if !Offered(now, t, by.ID) {
		return nil, NotFound()
	}
	if t.Status != store.StatusPosted {
		return nil, wrongState(t, "be picked up")
	}
	if !t.NextDue.IsZero() && !now.Before(t.NextDue) && (!now.Before(t.ExpiresAt) || Passed(t.Deadline, now)) {
		return nil, Refuse(CodeWrongState, "Task has expired")
	}
	o, worker := p.begin(now), by.ID
	o.active(worker, t.Poster)
	next := *t
	next.Status = store.StatusClaimed
	next.Claims++
	next.Claim = &store.Claim{Worker: worker, At: now}
	if d := p.ClaimTimeoutOf(t); d > 0 {
		next.Claim.Timeout = now.Add(d)
	}
	next.Direct, next.Matching = openedBy(now, t.Direct), nil
	if match != nil && match.Status == store.StatusPosted {
		next.Children = slices.DeleteFunc(slices.Clone(next.Children), func(id store.TaskID) bool { return id == match.ID })
		o.closeAtOnce(match)
	}
	o.replace(t, &next)
	d := o.account(worker)
	d.OpenClaims, d.MaxOpenClaims = 1, p.MaxClaims(&by.Account)
	o.takeRole(t, worker)
	o.tellOf(t, t.Poster, store.EventTaskClaimed, store.EventData{WorkerID: worker})
	o.WantText = t.ID
	return o, nil
}

// closeAtOnce takes an unclaimed match task off the board by making it expire
// now. Its timer then ends it and releases the reserved pay, because that belongs
// to the budget of an agent that a claim does not load.
func (o *Outcome) closeAtOnce(match *store.Task) {
	next := *match
	next.ExpiresAt = o.At
	o.replace(match, &next)
}

// takeRole keeps agents that match or verify a task from working on it, and the
// other way round (rule 6.8).
func (o *Outcome) takeRole(t *store.Task, worker store.AgentID) {
	switch {
	case t.System == nil:
		o.Roles = append(o.Roles, store.RoleWrite{Task: t.ID, Agent: worker, Role: store.RoleWorker})
	case t.System.Parent != "":
		o.Roles = append(o.Roles, store.RoleWrite{Task: t.System.Parent, Agent: worker, Role: store.RoleInfra})
		o.Feed = append(o.Feed, store.FeedItem{Kind: store.FeedTask, Task: t.System.Parent, Open: true})
	}
}

// Passed reports whether an instant has come; the zero time never does.
func Passed(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// inState refuses what can be done in one state alone.
func inState(t *store.Task, status store.Status, what string) error {
	if t.Status != status {
		return wrongState(t, what)
	}
	return nil
}

func wrongState(t *store.Task, what string) *Error {
	return Refuse(CodeWrongState, "Task is %s and cannot %s", t.Status, what)
}

// Together merges claims that are independent of each other: an agent cannot
// claim both a task and the system task about it. merged are the indexes of the
// claims that it took.
func (p *Policy) Together(now time.Time, claims []*Outcome) (all *Outcome, merged []int) {
	all = p.begin(now)
	for i, claim := range claims {
		if all.independent(claim) {
			all.merge(claim)
			merged = append(merged, i)
		}
	}
	return all, merged
}

// independent reports whether two claims write different tasks and take no
// roles that exclude each other.
func (o *Outcome) independent(other *Outcome) bool {
	for _, w := range other.Tasks {
		if o.Written(w.New.ID) != nil {
			return false
		}
	}
	for _, r := range other.Roles {
		if slices.ContainsFunc(o.Roles, func(have store.RoleWrite) bool { return have.Task == r.Task && have.Role != r.Role }) {
			return false
		}
	}
	return true
}

package market

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// cooldown refuses pickup after too many claims given up.
func cooldown(a *store.Agent, now time.Time) error {
	if wait := a.Strikes.BlockedUntil.Sub(now); wait > 0 {
		err := refuse(CodeCooldown, "Too many abandoned tasks, pickup is blocked until %s", NewTime(a.Strikes.BlockedUntil))
		err.RetryAfter = wait
		return err
	}
	return nil
}

// tooManyClaims says which of the two limits it is: a newcomer's goes away with
// the first approved task.
func (p *book) tooManyClaims(a *store.Account) *Error {
	most := p.maxClaims(a)
	if most != p.MaxOpenClaims {
		return refuse(CodeTooManyClaims, "You hold %d open claims, the most there can be before your first approved task; deliver or abandon one first", most)
	}
	return refuse(CodeTooManyClaims, "You hold %d open claims, the most there can be; deliver or abandon one first", most)
}

// mayClaim refuses a claim by id. System tasks cannot be claimed so.
func (p *book) mayClaim(now time.Time, l *store.Loaded) error {
	t := l.Task
	switch {
	case t == nil, t.System != nil:
		return notFound()
	case t.Worker() == l.Caller.ID && t.Status == StatusClaimed:
		return refuse(CodeAlreadyClaimed, "You hold it already: the task is %s by you", t.Status)
	case t.Status != StatusPosted:
		// The one exception to "strangers get 404" (contract §5).
		return wrongState(t, "be picked up")
	case t.Poster == l.Caller.ID:
		return refuse(CodeOwnTask, "You cannot pick up your own task")
	case l.Role == store.RoleInfra:
		return refuse(CodeRoleConflict, "You matched or verified this task and cannot work on it")
	case l.Poster != nil && l.Poster.Suspended:
		return refuse(CodePosterSuspended, "Task is posted and cannot be picked up at present")
	}
	return cooldown(l.Caller, now)
}

// pendingChild returns the match_agents task that nobody has claimed yet.
func pendingChild(l *store.Loaded) *store.Task {
	for _, child := range l.Children {
		if child.System != nil && child.System.Type == MatchAgents && child.Status == StatusPosted {
			return child
		}
	}
	return nil
}

package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// cooldown refuses pickup after too many claims given up.
func cooldown(a *store.Agent, now time.Time) error {
	if wait := a.Strikes.BlockedUntil.Sub(now); wait > 0 {
		err := Refuse(CodeCooldown, "Too many tasks were given back or not done in time, pickup is blocked until %s", store.NewTime(a.Strikes.BlockedUntil))
		err.RetryAfter = wait
		return err
	}
	return nil
}

// TooManyClaims says which of the two limits was reached, since a newcomer's
// ends with its first approved task.
func (p *Policy) TooManyClaims(a *store.Account) *Error {
	most := p.MaxClaims(a)
	if most != p.MaxOpenClaims {
		return Refuse(CodeTooManyClaims, "You hold %d open claims, the most there can be before your first approved task; deliver or abandon one first", most)
	}
	return Refuse(CodeTooManyClaims, "You hold %d open claims, the most there can be; deliver or abandon one first", most)
}

// ClaimsLeft is how many of the wanted claims the agent may make now: at least one,
// or a refusal, by the cooldown or the limit of open claims.
func (p *Policy) ClaimsLeft(now time.Time, by *store.Agent, want int) (int, error) {
	if err := cooldown(by, now); err != nil {
		return 0, err
	}
	most := p.MaxClaims(&by.Account)
	switch {
	case most == 0:
		return want, nil
	case by.OpenClaims >= most:
		return 0, p.TooManyClaims(&by.Account)
	}
	return min(want, int(most-by.OpenClaims)), nil
}

// ClaimByID gives the loaded task to the caller.
func (p *Policy) ClaimByID(now time.Time, l *store.Loaded) (*Outcome, error) {
	if err := mayClaim(now, l); err != nil {
		return nil, err
	}
	return p.Claim(now, l.Task, l.Caller, pendingChild(l))
}

// mayClaim refuses what cannot be claimed by id, such as system tasks.
func mayClaim(now time.Time, l *store.Loaded) error {
	t := l.Task
	switch {
	case t == nil, t.System != nil, !t.IsParty(l.Caller.ID) && !Offered(now, t, l.Caller.ID):
		return NotFound()
	case t.Worker() == l.Caller.ID && t.Status == store.StatusClaimed:
		return Refuse(CodeAlreadyClaimed, "You hold it already: the task is %s by you", t.Status)
	case t.Status != store.StatusPosted:
		// One of the two exceptions to "strangers get 404" (rule 4.15).
		return wrongState(t, "be picked up")
	case t.Poster == l.Caller.ID:
		return Refuse(CodeOwnTask, "You cannot pick up your own task")
	case l.Role == store.RoleInfra:
		return Refuse(CodeRoleConflict, "You matched or verified this task and cannot work on it")
	case l.Poster != nil && l.Poster.Suspended:
		return Refuse(CodePosterSuspended, "Task is posted and cannot be picked up at present")
	}
	return cooldown(l.Caller, now)
}

// MayPickup refuses what no pickup gives the caller at present: the loaded task in this
// state, and anything at all.
func (p *Policy) MayPickup(now time.Time, l *store.Loaded) error {
	if err := mayClaim(now, l); err != nil {
		return err
	}
	_, err := p.ClaimsLeft(now, l.Caller, 1)
	return err
}

// pendingChild returns the match_agents task that nobody has claimed yet.
func pendingChild(l *store.Loaded) *store.Task {
	for _, child := range l.Children {
		if child.System != nil && child.System.Type == store.MatchAgents && child.Status == store.StatusPosted {
			return child
		}
	}
	return nil
}

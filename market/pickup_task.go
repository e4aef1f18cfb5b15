package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// PickupTask claims one task by id, also during the head start of others
// (contract §5, §6). System tasks cannot be claimed by id.
//
// Errors: ErrNotFound for system tasks and unknown ids, ErrConflict for an own
// task, one that is not posted, or one the caller matched or verified.
func (h *Handle) PickupTask(ctx context.Context, id TaskID) (Pickup, error) {
	var caller store.Account
	d, err := h.m.operate(ctx, operation{
		name: "pickup " + string(id),
		load: store.LoadQuery{Caller: h.id, Task: id, Text: true, Role: true},
		decide: func(now time.Time, l *store.Loaded) (*outcome, error) {
			if err := h.m.policy.mayClaim(now, l); err != nil {
				return nil, err
			}
			caller = l.Caller.Account
			return h.m.policy.decideClaim(now, l.Task, l.Caller, pendingChild(l))
		},
		conflict: func(c *store.Conflict) error {
			if c.Guard == store.GuardOpenClaims {
				return h.m.policy.tooManyClaims(&caller)
			}
			return nil
		},
		outcome: func(l *store.Loaded, o *outcome) any { return claimOf(l, o) },
	})
	if err != nil {
		return Pickup{}, err
	}
	if d.replay != nil {
		claim, err := recall[recordedClaim](d.replay)
		if err != nil {
			return Pickup{}, err
		}
		return h.m.policy.claimAgain(&claim, d.loaded.Text)
	}
	h.m.meter.claimed(ctx, 1)
	return h.m.policy.pickupView(claimOf(d.loaded, d.outcome), d.loaded.Text), nil
}

func claimOf(l *store.Loaded, o *outcome) *recordedClaim {
	return &recordedClaim{Task: o.written(l.Task.ID), Reputation: reputation(l.Poster), PosterRecord: recordOf(l.Poster)}
}

func (p *Policy) mayClaim(now time.Time, l *store.Loaded) error {
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

package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// PickupTask claims one task by id, even during the head start of others (rule
// 4.3). System tasks cannot be claimed by id.
//
// Errors: ErrNotFound for system tasks and unknown ids, ErrConflict for a task
// that the caller posted, one that is not posted, or one that the caller
// matched or verified.
func (h *Handle) PickupTask(ctx context.Context, id TaskID) (Pickup, error) {
	var caller store.Account
	d, err := h.m.operate(ctx, operation{
		name: "pickup " + string(id),
		load: store.LoadQuery{Caller: h.id, Task: id, Text: true, Role: true},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			caller = l.Caller.Account
			return h.m.rules.ClaimByID(now, l)
		},
		conflict: func(c *store.Conflict) error {
			if c.Guard == store.GuardOpenClaims {
				return h.m.rules.TooManyClaims(&caller)
			}
			return nil
		},
		outcome: func(l *store.Loaded, o *rules.Outcome) any { return h.m.claimOf(l, o) },
	})
	if err != nil {
		return Pickup{}, err
	}
	if d.replay != nil {
		claim, err := recall[recordedClaim](d.replay)
		if err != nil {
			return Pickup{}, err
		}
		return h.m.claimAgain(&claim, d.loaded.Text)
	}
	h.m.meter.claimed(ctx, 1)
	return h.m.pickupView(h.m.claimOf(d.loaded, d.outcome), d.loaded.Text), nil
}

func (m *Market) claimOf(l *store.Loaded, o *rules.Outcome) *recordedClaim {
	return &recordedClaim{
		Task: o.Written(l.Task.ID), Reputation: reputation(l.Poster), PosterRecord: recordOf(l.Poster), Actions: m.rules.Actions(o.At, o.After(l)),
	}
}

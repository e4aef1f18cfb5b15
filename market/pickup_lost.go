package market

import (
	"context"
	"errors"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// sortOut learns from the claims that failed: where the board was wrong it is
// corrected, and a failed guard of the caller itself ends the pickup.
func (c *claiming) sortOut(ctx context.Context, cs []candidate, errs []error) error {
	for i, err := range errs {
		var conflict *store.Conflict
		switch {
		case err == nil:
		case errors.As(err, &conflict):
			c.m.meter.conflict(ctx, conflict.Guard)
			if err := c.lose(ctx, cs[i], conflict); err != nil {
				return err
			}
		default:
			return known(ctx, err)
		}
	}
	return nil
}

func (c *claiming) lose(ctx context.Context, one candidate, conflict *store.Conflict) error {
	c.lost = true
	id := string(one.task.ID)
	switch conflict.Guard {
	case store.GuardOpenClaims:
		c.left = 0
		if len(c.claimed) > 0 {
			return nil
		}
		return c.m.rules.TooManyClaims(&c.loaded.Caller.Account)
	case store.GuardSuspended:
		if conflict.Agent == c.id {
			return rules.Refuse(CodeSuspended, "Agent suspended")
		}
		return known(ctx, c.m.mirror.Reread(ctx, conflict.Agent, one.task.ID))
	case store.GuardRole:
		c.m.mirror.Board.Exclude(id, string(c.id))
	case store.GuardIdempotency:
		return errRepeated
	default:
		// Somebody was faster, or the board is behind: read the task, or its match
		// task, from the store.
		c.stale = true
		tasks := append([]TaskID{one.task.ID, conflict.Task}, one.task.Children...)
		return known(ctx, c.m.mirror.Reread(ctx, conflict.Agent, tasks...))
	}
	return nil
}

// errRepeated ends a pickup whose idempotency key another request has used
// meanwhile: the answer is then that request's outcome.
var errRepeated = errors.New("market: the idempotency key was used meanwhile")

package market

import (
	"context"
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// EndSession records that an operator's session was ended, for every process on
// the store, until the given instant, at which it would have expired. The id is
// the caller's own and at most Key characters. Ending a session twice is not an
// error.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) EndSession(ctx context.Context, id string, until time.Time) error {
	if err := rules.CheckRequired("session", id, limits.Key); err != nil {
		return m.refused(ctx, "end", err)
	}
	_, err := m.operate(ctx, operation{
		name: "end session", anonymous: true,
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Remember(now, endedSession(id), true, until.UTC()), nil
		},
		conflict: func(c *store.Conflict) error {
			if c.Guard == store.GuardIdempotency {
				return errEnded
			}
			return nil
		},
	})
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// SessionEnded reports whether EndSession was called for the session.
func (m *Market) SessionEnded(ctx context.Context, id string) (_ bool, err error) {
	finish := m.meter.operation(&ctx, "session")
	defer func() { finish(err) }()
	key := endedSession(id)
	l, err := m.store.Load(ctx, store.LoadQuery{Now: m.now(), Idempotency: &key})
	if err != nil {
		return false, known(ctx, err)
	}
	return l.Idempotency != nil, nil
}

// endedSession is the record of an ended session. It is kept beside the outcomes
// of repeated requests: both are looked up by a key and forgotten when they expire.
func endedSession(id string) store.IdempotencyID {
	return store.IdempotencyID{Caller: Platform, Operation: "end session", Key: id}
}

var errEnded = rules.Refuse(CodeAlreadyDone, "The session was ended before")

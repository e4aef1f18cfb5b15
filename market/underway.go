package market

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// underWay are the idempotency keys of operations that this process has begun
// and not ended. A repeat waits a little for the first request, which may
// already have claimed what the repeat would look for. If that takes too long,
// the repeat is told that the first is still under way.
//
// What a repeat gets: in the same process, the first outcome or "still under
// way". Another process knows nothing of the first before it commits, so both
// run; the store accepts one record under the key, and the other request gets
// the outcome in that record. When a repeat is refused or finds nothing, the
// record is looked up once more afterwards: if the first request caused that,
// its record came in the same commit.
type underWay struct {
	mu   sync.Mutex
	keys map[store.IdempotencyID]chan struct{}
}

// underWayPatience is how long a repeat waits for the first request, in real
// time.
const underWayPatience = 5 * time.Second

func (u *underWay) take(id store.IdempotencyID) (ended <-chan struct{}, taken bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if first := u.keys[id]; first != nil {
		return first, false
	}
	if u.keys == nil {
		u.keys = map[store.IdempotencyID]chan struct{}{}
	}
	u.keys[id] = make(chan struct{})
	return nil, true
}

func (u *underWay) leave(id store.IdempotencyID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	close(u.keys[id])
	delete(u.keys, id)
}

// enter reserves the key for a request and returns the function that releases
// it. Without a key there is nothing to reserve.
func (u *underWay) enter(ctx context.Context, id *store.IdempotencyID) (leave func(), err error) {
	if id == nil {
		return func() {}, nil
	}
	var patience *time.Timer
	for {
		ended, taken := u.take(*id)
		if taken {
			return func() { u.leave(*id) }, nil
		}
		if patience == nil {
			patience = time.NewTimer(underWayPatience)
			defer patience.Stop()
		}
		select {
		case <-ended:
		case <-patience.C:
			return nil, stillUnderWay()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func stillUnderWay() *Error {
	err := rules.Refuse(CodeStillUnderWay, "The first request under this Idempotency-Key is still under way")
	err.RetryAfter = time.Second
	return err
}

// firstOutcome looks once more for the record of a request that was refused, or
// found nothing: the first request under the key may be the reason. It returns
// nil when there is no key, or when err says nothing about the state of the
// marketplace.
func (m *Market) firstOutcome(ctx context.Context, q store.LoadQuery, err error) (*store.IdempotencyRecord, error) {
	var refusal *Error
	says := err == nil || errors.Is(err, errNothing) || errors.As(err, &refusal) && !errors.Is(err, ErrUnavailable)
	if q.Idempotency == nil || !says {
		return nil, nil
	}
	l, err := m.store.Load(ctx, store.LoadQuery{Now: q.Now, Idempotency: q.Idempotency})
	if err != nil {
		return nil, known(ctx, err)
	}
	return l.Idempotency, nil
}

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
// and not ended. A repeat waits a little for the first request, since the first
// may hold what the repeat would look for, and is told so when that takes
// longer.
//
// What a repeat gets: in the same process, the first outcome or "still under
// way". In another process nothing is known of the first before it commits, and
// both work; the store takes one record under the key, and the other request
// gets that record's outcome. Wherever a repeat is refused or finds nothing, the
// record is looked up once more after that was established: whatever the first
// request made true came in the same commit as its record.
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

// enter takes the key for a request and returns what gives it back. Without a
// key there is nothing to take.
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
// found nothing: the first request under the key may have made that true. It
// returns nil when there is no key, or when err says nothing about the state of
// things.
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

package market

import (
	"context"
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/rules"
)

// claimInTime is claim, again and again until something is claimed or the time is
// up. In between it sleeps until the board calls it, and costs nothing. The last
// attempt is made when the time is up: a board that was behind must not make the
// answer that there is no work.
func (h *Handle) claimInTime(ctx context.Context, name string, input any, f Filter, want int) (*claiming, error) {
	if f.Wait > 0 && h.m.hosted {
		return nil, rules.Invalid("wait", "must be 0 inside a transaction")
	}
	looking := ctx
	if f.Wait > 0 {
		var done func()
		looking, done = beyondWait(ctx)
		defer done()
	}
	attempt := func() (*claiming, error) { return h.claim(looking, name, input, f, want) }
	c, err := attempt()
	if err == nil && len(c.claimed) == 0 && f.Wait > 0 {
		c, err = h.claimLater(ctx, f.Wait, c.query, attempt)
	}
	if err != nil {
		return nil, err
	}
	if len(c.claimed) > 0 && IdempotencyKey(ctx) != "" {
		// It is the outcome of repeats that wait as well.
		h.m.mirror.Board.Call(string(h.id))
	}
	return c, nil
}

// claimLater waits, and makes an attempt at each call and when the time is up.
func (h *Handle) claimLater(ctx context.Context, wait time.Duration, q board.Query, attempt func() (*claiming, error)) (*claiming, error) {
	leave, err := h.takeWait()
	if err != nil {
		return nil, err
	}
	defer leave()
	up := h.m.clock.After(wait)
	w := h.m.mirror.Board.Waiter(q)
	defer w.Leave()
	for again := 1; ; again++ {
		if found := w.Sleep(h.m.now()); !found {
			again = 0
		}
		over, err := h.m.lookout.wait(ctx, w, up)
		w.Rise()
		over = over || errors.Is(err, ErrWaitOver)
		if err != nil && !over {
			return nil, err
		}
		c, err := attempt()
		if err != nil || len(c.claimed) > 0 || over {
			return c, err
		}
		// What is on the board and cannot be had is about to leave it.
		if err := h.m.backOff(ctx, again); err != nil && !errors.Is(err, ErrWaitOver) {
			return nil, err
		}
	}
}

// lastLook bounds what goes on after a wait that was ended early.
const lastLook = 2 * time.Second

// beyondWait returns a context that ends with ctx, and lastLook later when that ends for
// ErrWaitOver: a claim that is being made then is not cut off.
func beyondWait(ctx context.Context) (_ context.Context, done func()) {
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), ErrWaitOver) {
		return ctx, func() {} // what has ended before it began must not be done half
	}
	beyond, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if errors.Is(cause, ErrWaitOver) {
			select {
			case <-time.After(lastLook):
			case <-beyond.Done():
			}
		}
		cancel(cause)
	})
	return beyond, func() { stop(); cancel(nil) }
}

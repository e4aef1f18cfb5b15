package httpclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// passing marks temporary failures, which may be over at the next attempt.
type passing struct{ cause error }

func (p passing) Error() string { return p.cause.Error() }
func (p passing) Unwrap() error { return p.cause }

func isPassing(err error) bool { return errors.As(err, new(passing)) }

const firstDelay = 200 * time.Millisecond

// pause says how long to wait after the numbered attempt failed with err, and
// whether another one makes sense.
func (o *options) pause(attempt int, err error) (time.Duration, bool) {
	if attempt >= o.maxAttempts || !isPassing(err) {
		return 0, false
	}
	delay := backoff(attempt, o.maxDelay)
	var refused *market.Error
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		if refused.RetryAfter > o.maxDelay {
			return 0, false
		}
		// A little more than asked, so that clients that were refused together do not
		// come back together.
		delay = refused.RetryAfter + rand.N(refused.RetryAfter/10+firstDelay)
	}
	return delay, true
}

// backoff doubles from firstDelay up to most, and subtracts a random part of up
// to half.
func backoff(attempt int, most time.Duration) time.Duration {
	delay := most
	if attempt < 16 {
		delay = min(firstDelay<<(attempt-1), most)
	}
	return delay/2 + rand.N(delay/2+1)
}

// sleep waits for d, or returns the error of the context that ended first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

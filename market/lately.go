package market

import (
	"context"
	"sync"
	"time"
)

// lately is a value that is read again at most once in a while, by one caller, with its
// own context. Others get the value before, or wait for the first one.
type lately[T any] struct {
	mu    sync.Mutex
	value T
	// at is when the value began to be read, zero before there is one.
	at time.Time
	// reading is closed when the present read ends, nil when there is none.
	reading chan struct{}
}

// get returns a value that is not older than age, or the last one while somebody reads.
// Read is given the last one.
func (l *lately[T]) get(ctx context.Context, now time.Time, age time.Duration, read func(T) (T, error)) (T, error) {
	for {
		l.mu.Lock()
		value, at, reading := l.value, l.at, l.reading
		if fresh := !at.IsZero() && !now.Before(at) && now.Sub(at) < age; fresh || reading != nil && !at.IsZero() {
			l.mu.Unlock()
			return value, nil
		}
		if reading == nil {
			l.reading = make(chan struct{})
			l.mu.Unlock()
			return l.renew(value, now, read)
		}
		l.mu.Unlock()
		select {
		case <-reading:
		case <-ctx.Done():
			return value, context.Cause(ctx)
		}
	}
}

func (l *lately[T]) renew(last T, now time.Time, read func(T) (T, error)) (value T, err error) {
	done := false
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if done {
			l.value, l.at = value, now
		}
		close(l.reading)
		l.reading = nil
	}()
	value, err = read(last)
	done = err == nil
	return value, err
}

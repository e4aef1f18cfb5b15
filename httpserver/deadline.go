package httpserver

import (
	"context"
	"sync"
	"time"
)

// deadline is a context that ends at an instant, like context.WithDeadline, but
// starts its timer only when somebody asks for Done. Starting and stopping a
// timer for each request wakes the scheduler, and most requests are over before
// anything waits.
type deadline struct {
	context.Context
	at time.Time

	mu    sync.Mutex
	armed context.Context // nil until Done was called
	stop  context.CancelFunc
	over  bool
}

func withDeadline(parent context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	d := &deadline{Context: parent, at: time.Now().Add(limit)}
	return d, d.cancel
}

// Deadline returns the instant at which the context ends at the latest.
func (d *deadline) Deadline() (time.Time, bool) {
	if earlier, ok := d.Context.Deadline(); ok && earlier.Before(d.at) {
		return earlier, true
	}
	return d.at, true
}

// Done starts the timer.
func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.armed == nil {
		d.armed, d.stop = context.WithDeadline(d.Context, d.at)
		if d.over {
			d.stop()
		}
	}
	return d.armed.Done()
}

// Err is not nil once the context has ended.
func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.armed != nil:
		return d.armed.Err()
	case d.Context.Err() != nil:
		return d.Context.Err()
	case d.over:
		return context.Canceled
	case !time.Now().Before(d.at):
		return context.DeadlineExceeded
	}
	return nil
}

// Value asks the armed context where there is one, so that contexts made from
// this one find it and need no goroutine to follow it.
func (d *deadline) Value(key any) any {
	d.mu.Lock()
	armed := d.armed
	d.mu.Unlock()
	if armed != nil {
		return armed.Value(key)
	}
	return d.Context.Value(key)
}

func (d *deadline) cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.stop != nil {
		d.stop()
	}
}

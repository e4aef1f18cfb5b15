package market

import (
	"context"
	"sync"
	"time"
)

// alarm is when the timers next look at the store, by the market's clock. What is
// written in this process may bring it forward.
type alarm struct {
	mu sync.Mutex
	// at is zero while nothing is due that is known of.
	at      time.Time
	forward chan struct{}
	// bell belongs to the one who sleeps.
	bell bell
}

func newAlarm() *alarm { return &alarm{forward: make(chan struct{}, 1)} }

// note brings the alarm forward to an instant at which something is due; the zero
// instant says that nothing is.
func (a *alarm) note(due time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if due.IsZero() || !a.at.IsZero() && !due.Before(a.at) {
		return
	}
	a.at = due
	signal(a.forward)
}

// clear is called before a look. An instant that is noted from then on is kept,
// since the look may have missed it.
func (a *alarm) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = time.Time{}
}

func (a *alarm) when() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at
}

// sleep returns when the alarm has gone off, and at the latest after a while of real
// time: for others may have written what is due earlier, and a clock that was set
// forward is past instants that its After still waits for.
func (a *alarm) sleep(ctx context.Context, clock Clock, atMost time.Duration) {
	look := time.NewTimer(atMost)
	defer look.Stop()
	for ctx.Err() == nil {
		at, now := a.when(), clock.Now()
		if !at.IsZero() && !at.After(now) {
			return
		}
		select {
		case <-a.bell.at(clock, now, at):
			a.bell = bell{}
			return
		case <-look.C:
			return
		case <-a.forward:
		case <-ctx.Done():
		}
	}
}

// bell is one After of a clock. It is kept for as long as it rings in time, since an
// After cannot be taken back: those left behind would keep a mock clock busy.
type bell struct {
	due   time.Time
	rings <-chan time.Time
}

// at returns a channel that receives at the instant, or before; nil when nothing is
// due.
func (b *bell) at(clock Clock, now, due time.Time) <-chan time.Time {
	if !b.due.After(now) {
		*b = bell{}
	}
	if !due.IsZero() && (b.rings == nil || due.Before(b.due)) {
		*b = bell{due, clock.After(due.Sub(now))}
	}
	return b.rings
}

package market

import (
	"context"
	"sync"
	"time"
)

// alarm is when the timers next look at the store, by the market's clock. A
// commit of this process may bring it forward.
type alarm struct {
	mu sync.Mutex
	// at is zero while nothing waits for it and no instant has been noted.
	at      time.Time
	forward chan struct{}
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

// sleep returns when the alarm has gone off, or at the latest after lookForDue: a
// clock that was set back must not make it sleep for so long.
func (a *alarm) sleep(ctx context.Context, clock Clock) {
	for ctx.Err() == nil {
		left := min(a.when().Sub(clock.Now()), lookForDue)
		if left <= 0 {
			return
		}
		select {
		case <-clock.After(left):
			return
		case <-a.forward:
		case <-ctx.Done():
		}
	}
}

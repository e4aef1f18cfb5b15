package notify

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// pause is the growing, jittered pause between attempts at a broken
// connection.
type pause struct {
	mu   sync.Mutex
	next time.Duration
}

func newPause() *pause { return &pause{next: pauseMin} }

// first reports whether no attempt has failed since the last success.
func (p *pause) first() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next == pauseMin
}

// reset is called after a success; it reports whether attempts had failed
// before.
func (p *pause) reset() (wasBroken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wasBroken = p.next != pauseMin
	p.next = pauseMin
	return wasBroken
}

// wait waits three quarters of the pause at least, and doubles the next.
func (p *pause) wait(ctx context.Context) {
	p.mu.Lock()
	d := p.next
	p.next = min(2*d, pauseMax)
	p.mu.Unlock()
	sleep(ctx, d-rand.N(d/4))
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

package markettest

import (
	"slices"
	"sync"
	"time"
)

// Start is the instant that a new Clock shows.
var Start = time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)

// Clock is a market.Clock that stands still until it is moved. It may be used
// by many goroutines.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter // in the order of their instants
}

type waiter struct {
	at   time.Time
	fire chan time.Time
}

// NewClock returns a clock that shows the instant.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now returns the instant that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After returns a channel that receives once when the clock has moved on by d,
// and at once when d is not positive.
func (c *Clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := waiter{at: c.now.Add(d), fire: make(chan time.Time, 1)}
	if d <= 0 {
		w.fire <- c.now
		return w.fire
	}
	i, _ := slices.BinarySearchFunc(c.waiting, w.at, func(have waiter, at time.Time) int {
		if have.at.After(at) {
			return 1
		}
		return -1 // after those of the same instant, which came first
	})
	c.waiting = slices.Insert(c.waiting, i, w)
	return w.fire
}

// Advance moves the clock on by d, as Set does.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Set moves the clock to an instant and fires every waiting After on the way,
// in the order of time, while the clock shows that After's instant. A clock
// may be set back; then nothing fires.
func (c *Clock) Set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) > 0 && !c.waiting[0].at.After(to) {
		w := c.waiting[0]
		c.waiting = slices.Delete(c.waiting, 0, 1)
		if w.at.After(c.now) {
			c.now = w.at
		}
		w.fire <- c.now
	}
	c.now = to
}

// Waiting counts the Afters that have not fired. A test polls it to know that
// a goroutine has come to the point where it waits.
func (c *Clock) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// next returns the instant of the first waiting After, or the zero time.
func (c *Clock) next() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		return time.Time{}
	}
	return c.waiting[0].at
}

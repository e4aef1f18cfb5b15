package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/mirror"
)

// lookout is kept by one of the waiting pickups for all of them: it brings the board
// up to the instants at which a head start ends, and reads the feed when a commit of
// this process could not be shown, or when Run does not follow it. So waiting costs
// the same however many wait, and there is no goroutine that nobody owns.
type lookout struct {
	mirror *mirror.Mirror
	clock  Clock
	now    func() time.Time
	// turn holds a token while nobody looks out for the others.
	turn chan struct{}
}

// sleeper is a pickup that waits.
type sleeper interface{ Called() <-chan struct{} }

// readEvery is how often the lookout makes sure, in real time, that the feed is being
// read.
const readEvery = 900 * time.Millisecond

func newLookout(m *Market) *lookout {
	l := &lookout{mirror: m.mirror, clock: m.clock, now: m.now, turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// wait returns when the waiter is called, or over when its time is up. Meanwhile this
// goroutine may have to look out for all.
func (l *lookout) wait(ctx context.Context, w sleeper, up <-chan time.Time) (over bool, err error) {
	l.mirror.StirIfBehind()
	select {
	case <-w.Called():
		return false, nil
	case <-up:
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case <-l.turn:
		defer func() { l.turn <- struct{}{} }()
		return l.keep(ctx, w, up)
	}
}

func (l *lookout) keep(ctx context.Context, w sleeper, up <-chan time.Time) (over bool, err error) {
	// While nobody waited the feed may have been read seldom.
	l.mirror.Watch()
	read := time.NewTicker(readEvery)
	defer read.Stop()
	var expected time.Time
	var change <-chan time.Time
	for b := l.mirror.Board; ; {
		if next := b.Continue(l.now()); !next.Equal(expected) {
			expected, change = next, nil
			if !next.IsZero() {
				change = l.clock.After(next.Sub(l.now()))
			}
		}
		select {
		case <-w.Called():
			return false, nil
		case <-up:
			return true, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-change:
			expected = time.Time{}
		case <-b.Stirred():
		case <-l.mirror.Stirred():
			l.recover(ctx)
		case <-read.C:
			l.recover(ctx)
		}
	}
}

// recover reads the feed where that is up to the lookout. A read that fails is
// repeated within readEvery.
func (l *lookout) recover(ctx context.Context) { _ = l.mirror.Recover(ctx) }

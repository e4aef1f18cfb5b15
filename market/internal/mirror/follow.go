package mirror

import (
	"context"
	"time"
)

const (
	// How often the feed is read without a hint, in real time: every followBusy while
	// requests use the mirror, and for askedFor after the last one, so that no request
	// has to read the feed itself; every followWaits while somebody waits for a task,
	// since no event tells a wait that its poster has cancelled on another replica;
	// otherwise every followIdle, so that the next request has little to catch up
	// with.
	followBusy  = 200 * time.Millisecond
	followWaits = 900 * time.Millisecond
	followIdle  = 10 * time.Second
	askedFor    = 2 * time.Second
)

// Followed records that the feed is being followed, until the returned function
// is called.
func (m *Mirror) Followed() (end func()) {
	m.followed.Store(true)
	return func() { m.followed.Store(false) }
}

// IsLoading reports whether the mirror is followed but not yet complete.
func (m *Mirror) IsLoading() bool { return m.followed.Load() && !m.warm.Load() }

// Watch has the feed read soon.
func (m *Mirror) Watch() {
	select {
	case m.wanted <- struct{}{}:
	default:
	}
}

// Follow reads the feed at every hint of another process, and in between as
// often as this process needs it; waits reports whether somebody waits for a
// task. read is called after each read.
func (m *Mirror) Follow(ctx context.Context, hints <-chan struct{}, waits func() bool, read func()) error {
	timer, next := time.NewTimer(0), time.Now()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.wanted:
			// Many who ask to watch must not put off the read that is due.
			if d := m.pace(waits); time.Until(next) > d {
				timer.Reset(d)
				next = time.Now().Add(d)
			}
			continue
		case <-hints:
		case <-timer.C:
		}
		if err := m.CatchUp(ctx); err != nil {
			return err
		}
		read()
		d := m.pace(waits)
		timer.Reset(d)
		next = time.Now().Add(d)
	}
}

// pace is how long the feed may stay unread without a hint.
func (m *Mirror) pace(waits func() bool) time.Duration {
	switch {
	case m.isAsked():
		return followBusy
	case waits():
		return followWaits
	}
	return followIdle
}

// isAsked reports whether somebody has asked the mirror lately.
func (m *Mirror) isAsked() bool { return time.Now().UnixNano()-m.askedAt.Load() < int64(askedFor) }

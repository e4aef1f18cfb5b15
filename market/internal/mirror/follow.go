package mirror

import (
	"context"
	"time"
)

const (
	// followBusy is how often the feed is read without a hint while somebody asks,
	// so that nobody has to wait for a read of his own, and for askedFor after that;
	// followWaits while somebody waits for a task, since no event tells when its
	// poster cancels elsewhere; followIdle else, so that the first who asks has little
	// to catch up with. All are in real time.
	followBusy  = 200 * time.Millisecond
	followWaits = 900 * time.Millisecond
	followIdle  = 10 * time.Second
	askedFor    = 2 * time.Second
)

// Followed says that somebody follows the feed until the returned function is
// called.
func (m *Mirror) Followed() (end func()) {
	m.followed.Store(true)
	return func() { m.followed.Store(false) }
}

// IsLoading reports whether a mirror that is followed is not complete yet.
func (m *Mirror) IsLoading() bool { return m.followed.Load() && !m.warm.Load() }

// Watch has the feed read soon.
func (m *Mirror) Watch() {
	select {
	case m.wanted <- struct{}{}:
	default:
	}
}

// Follow reads the feed at every hint of another process, and beneath that as
// often as somebody here needs it; waits says whether somebody waits for a task.
// read is called after each time.
func (m *Mirror) Follow(ctx context.Context, hints <-chan struct{}, waits func() bool, read func()) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.wanted:
			timer.Reset(m.pace(waits))
			continue
		case <-hints:
		case <-timer.C:
		}
		if err := m.CatchUp(ctx); err != nil {
			return err
		}
		read()
		timer.Reset(m.pace(waits))
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

package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// lookForOthers is the longest real time between two looks of the timers at a
	// store that others may write to. It bounds the delay of timers set by processes
	// that do not run, or have stopped, and by hosts in transactions of their own.
	lookForOthers = 950 * time.Millisecond
	// lookAnyway is the same on a store that tells of each write (store.Announcer). It
	// is for a clock that was set forward.
	lookAnyway = 10 * time.Second
	// lookForMore is the time until the next look after one that found something due,
	// by the market's clock: it may not have been settled.
	lookForMore = 950 * time.Millisecond
	// sweepLease is how long one replica sweeps alone; sweepSlack is how overdue a
	// task must be before the others settle it despite the lease, so that a dead
	// replica, or one with a wrong clock, cannot hold up timers.
	sweepLease = time.Second
	sweepSlack = 900 * time.Millisecond
)

// runTimers settles what is due and sleeps until something is due again.
func (m *Market) runTimers(ctx context.Context) error {
	atMost, stop := m.hearOfWrites()
	defer stop()
	for ctx.Err() == nil {
		m.alarm.clear()
		next, err := m.lookForDue(ctx)
		if err != nil {
			return err
		}
		m.alarm.note(next)
		m.alarm.sleep(ctx, m.clock, atMost)
	}
	return nil
}

// hearOfWrites lets what others write to the store bring the alarm forward, if the
// store tells of it, and returns how long the timers may sleep.
func (m *Market) hearOfWrites() (atMost time.Duration, stop func()) {
	if kept, ok := m.store.(containedStore); ok {
		if tells, ok := kept.under.(store.Announcer); ok {
			return lookAnyway, tells.Announce(m.alarm.note)
		}
	}
	return lookForOthers, func() {}
}

// lookForDue settles what is due, tells the deliverer of webhooks when it has
// something to do, and returns when to look again; zero when nothing is due. It
// writes nothing when nothing is due now.
func (m *Market) lookForDue(ctx context.Context) (next time.Time, err error) {
	now := m.now()
	agenda, err := m.store.Due(ctx, now, 1)
	if err != nil {
		return next, err
	}
	if rules.Passed(agenda.NextWebhook, now) {
		signal(m.webhooksDue)
	}
	next = sooner(now, agenda.NextTask, agenda.NextWebhook)
	if len(agenda.Tasks) == 0 {
		return next, nil
	}
	return sooner(now, next, now.Add(lookForMore)), m.sweepInTurn(ctx, now)
}

// sooner is the first of the instants that lie after now; zero when none does.
func sooner(now time.Time, instants ...time.Time) (first time.Time) {
	for _, at := range instants {
		if at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// sweepInTurn sweeps. One replica does all of it while it holds the lease; the
// others settle only what it leaves undone.
func (m *Market) sweepInTurn(ctx context.Context, now time.Time) error {
	mine, err := m.store.Lease(ctx, "timers", m.name, now, now.Add(sweepLease))
	if err != nil {
		return err
	}
	if mine {
		m.presence.swept.Store(now.UnixMicro())
	} else {
		now = now.Add(-sweepSlack)
	}
	_, err = m.sweep(ctx, now)
	return err
}

// WebhooksDue returns the channel, of capacity 1 and always the same, that receives
// when Run has found that webhook deliveries are due. It is for one reader. It
// backs up the notifier: deliveries whose wake-up never came, because a process
// died or committed inside a host's transaction, are found within a second.
func (m *Market) WebhooksDue() <-chan struct{} { return m.webhooksDue }

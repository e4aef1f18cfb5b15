package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
)

const (
	// lookForDue is the longest time between two looks of the timers at the store,
	// by the market's clock. It bounds the delay of timers set by processes that
	// have stopped or do not call Run.
	lookForDue = 950 * time.Millisecond
	// sweepLease is how long one replica sweeps alone; sweepSlack is how overdue a
	// task must be before the others settle it despite the lease, so that a dead
	// replica, or one with a wrong clock, cannot hold up timers.
	sweepLease = time.Second
	sweepSlack = 900 * time.Millisecond
)

// runTimers settles what is due and sleeps until something is due again.
func (m *Market) runTimers(ctx context.Context) error {
	for ctx.Err() == nil {
		m.alarm.clear()
		next, err := m.lookForDue(ctx)
		if err != nil {
			return err
		}
		m.alarm.note(next)
		m.alarm.sleep(ctx, m.clock)
	}
	return nil
}

// lookForDue settles what is due, tells the deliverer of webhooks when it has
// something to do, and returns when to look again. It writes nothing when nothing is
// due.
func (m *Market) lookForDue(ctx context.Context) (next time.Time, err error) {
	now := m.now()
	agenda, err := m.store.Due(ctx, now, 1)
	if err != nil {
		return next, err
	}
	if rules.Passed(agenda.NextWebhook, now) {
		signal(m.webhooksDue)
	}
	next = sooner(now, now.Add(lookForDue), agenda.NextTask)
	next = sooner(now, next, agenda.NextWebhook)
	if len(agenda.Tasks) == 0 {
		return next, nil
	}
	return next, m.sweepInTurn(ctx, now)
}

// sooner is the earlier of the two instants that lie after now.
func sooner(now, a, b time.Time) time.Time {
	if b.After(now) && b.Before(a) {
		return b
	}
	return a
}

// sweepInTurn sweeps. One replica does all of it while it holds the lease; the
// others settle only what it leaves undone.
func (m *Market) sweepInTurn(ctx context.Context, now time.Time) error {
	mine, err := m.store.Lease(ctx, "timers", m.name, now, now.Add(sweepLease))
	if err != nil {
		return err
	}
	if !mine {
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

package market

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// scanPage is how many tasks with their texts are read at once.
	scanPage = 500
	// The comparison of timers takes checkBatch tasks every checkEvery, and rests for
	// checkQuiet between two rounds.
	checkEvery = 10 * time.Second
	checkBatch = 200
	checkQuiet = 5 * time.Minute
	// pruneEvery is how often retention runs, by the market's clock.
	pruneEvery = 5 * time.Minute
	pruneBatch = 1_000
	// feedRetention is how long a process may stay away from the feed before it
	// has to reload its mirror; deadRetention is how long dead letters stay.
	feedRetention = time.Hour
	deadRetention = 30 * rules.Day
)

// Run keeps the market moving until ctx ends, and then returns nil: it follows
// the feed, settles timers, enforces retention and runs the Backgrounds. It owns
// every goroutine it starts. A market can be Run once at a time.
//
// It sleeps until something is due: a mock clock may be moved by a day, and a day of a
// synctest bubble slept through, in less than a second. What wakes it:
//
//   - at the instant of the next timer or delivery to a webhook, the market's clock;
//     what this market writes brings that forward at once, and so does what anybody
//     writes to a store.Announcer, such as the memory store;
//   - on all other stores, every 950 ms of real time, a look whether another program has
//     written something that is due earlier;
//   - the feed is read when another program hints at it (Notifier.FeedHints), while
//     requests or waits need it, and otherwise every 10 s of real time;
//   - the deliverer of webhooks waits for the notifier and for WebhooksDue;
//   - board and timers are compared with the store in real time, every 10 s while
//     something happens and else every 5 minutes;
//   - every 5 minutes of the market's clock retention looks for what is old, and once an
//     hour the activity of the hour before is counted for good (Activity).
//
// While nothing happens and nothing is due, nothing is written, but for the signs of life
// of a process that shows itself (Config.Instance).
func (m *Market) Run(ctx context.Context) error {
	if !m.running.TryLock() {
		return errors.New("market: Run is already running")
	}
	defer m.running.Unlock()
	defer m.mirror.Followed()()
	var wait sync.WaitGroup
	m.keep(ctx, &wait, "feed", m.followFeed)
	m.keep(ctx, &wait, "board check", m.mirror.Compare)
	m.keep(ctx, &wait, "timers", m.runTimers)
	m.keep(ctx, &wait, "timer check", m.checkTimers)
	m.keep(ctx, &wait, "retention", m.runRetention)
	if m.presence.instance.Name != "" {
		m.keep(ctx, &wait, "signs of life", m.showLife)
	}
	for _, b := range m.background {
		m.keep(ctx, &wait, fmt.Sprintf("%T", b), func(ctx context.Context) error { return b.Run(ctx, m) })
	}
	wait.Wait()
	return nil
}

// sayEvery is how often the log says of a part that it fails again and again, as all of
// them do while a store is away.
const sayEvery = time.Minute

// keep runs one part of the background work until ctx ends, and restarts it a
// second after it fails.
func (m *Market) keep(ctx context.Context, wait *sync.WaitGroup, name string, part func(context.Context) error) {
	wait.Go(func() {
		var said time.Time
		for ctx.Err() == nil {
			_, err := guarded(func() (struct{}, error) { return struct{}{}, part(ctx) })
			if ctx.Err() != nil {
				return
			}
			level := slog.LevelDebug
			if now := time.Now(); !m.outage(ctx, wait, err) && now.Sub(said) >= sayEvery {
				level, said = slog.LevelError, now
			}
			m.log.Log(ctx, level, "a part of the background stopped and is started again", "part", name, "error", reason(err))
			pause(ctx, time.Second)
		}
	})
}

// outage reports whether the store is away, which is why parts stop. It is said once for
// all of them, and once that it is back.
func (m *Market) outage(ctx context.Context, wait *sync.WaitGroup, err error) bool {
	if m.answers(ctx) {
		return false
	}
	if !m.away.CompareAndSwap(false, true) {
		return true
	}
	began := time.Now()
	m.log.WarnContext(ctx, "the store does not answer", "error", reason(err))
	wait.Go(func() {
		defer m.away.Store(false)
		for !m.answers(ctx) {
			if pause(ctx, time.Second); ctx.Err() != nil {
				return
			}
		}
		m.log.InfoContext(ctx, "the store answers again", "after", time.Since(began))
	})
	return true
}

func (m *Market) answers(ctx context.Context) bool {
	_, err := m.store.Ping(ctx)
	return err == nil
}

// reason is an error together with its cause, for the log.
func reason(err error) error {
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Cause != nil {
		return fmt.Errorf("%w: %w", refusal, refusal.Cause)
	}
	return err
}

// pause waits in real time, since no market clock decides when a store can be
// reached again.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// followFeed keeps the mirror at the head of the feed.
func (m *Market) followFeed(ctx context.Context) error {
	waits := func() bool { return m.rooms.waits.Load() > 0 || m.mirror.Board.Asleep() > 0 }
	return m.mirror.Follow(ctx, m.notifier.FeedHints(), waits,
		func() { m.meter.boardSize(ctx, m.mirror.Board.Len()) })
}

// runRetention deletes what is older than the policy keeps, in small batches. It takes
// no lease while nothing is that old, so that a market at rest writes nothing.
func (m *Market) runRetention(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.clock.After(pruneEvery):
		}
		if at, err := m.store.Ping(ctx); err == nil {
			m.checkSkew(ctx, at)
		}
		if err := m.retain(ctx, m.now()); err != nil {
			return err
		}
		if err := m.keepHistory(ctx, m.now()); err != nil {
			return err
		}
	}
}

// retain deletes the first of what is old, and the rest of it if no other replica is at
// it.
func (m *Market) retain(ctx context.Context, now time.Time) error {
	first, err := m.store.Prune(ctx, m.old(now, 1))
	if err != nil || first == (store.Pruned{}) {
		return err
	}
	mine, err := m.store.Lease(ctx, "retention", m.name, now, now.Add(pruneEvery))
	if err != nil || !mine {
		return err
	}
	_, err = m.prune(ctx, time.Time{})
	return err
}

// old is all that the policy keeps no longer, ended tasks aside.
func (m *Market) old(now time.Time, limit int) store.PruneQuery {
	return store.PruneQuery{
		Now: now, EventsBefore: now.Add(-m.policy.EventRetention), FeedBefore: now.Add(-feedRetention),
		DeadBefore: now.Add(-deadRetention), Limit: limit,
	}
}

// KeepEnded is how long every ended task is kept, whatever Prune is asked for: longer than idempotency keys are
// remembered, and longer than a timer still has to drop its texts.
const KeepEnded = rules.TextsLife + rules.Day

// Prune deletes events, dead letters and idempotency records that are older than the policy
// keeps, and the tasks that ended before the given instant, in batches of 1,000, until nothing
// is left to delete. With the zero instant all tasks stay. So do those that ended in the last 8
// days: a request about them may still be repeated under its idempotency key, and their texts
// still count toward their agents' limits. What is due is settled first. Ledger entries,
// statistics and the numbering of events always stay.
func (m *Market) Prune(ctx context.Context, endedBefore time.Time) (_ Pruned, err error) {
	finish := m.meter.operation(&ctx, "prune")
	defer func() { finish(err) }()
	return m.prune(ctx, endedBefore)
}

func (m *Market) prune(ctx context.Context, endedBefore time.Time) (total Pruned, err error) {
	now := m.now()
	endedBefore = keptUntil(now, endedBefore)
	if !endedBefore.IsZero() {
		if _, err := m.sweep(ctx, now); err != nil {
			return total, err
		}
	}
	old := m.old(now, pruneBatch)
	old.EndedBefore = endedBefore
	for {
		n, err := m.store.Prune(ctx, old)
		if err != nil {
			return total, known(ctx, err)
		}
		total.Events += n.Events
		total.Tasks += n.Tasks
		total.Records += n.Records
		total.Feed += n.Feed
		total.Dead += n.Dead
		if !n.More || ctx.Err() != nil {
			return total, nil
		}
	}
}

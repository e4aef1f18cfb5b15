package storetest_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// announcing passes on what a store announces, except during the calls of one method.
type announcing struct {
	store.Store
	mute  string
	muted atomic.Bool
	// single lets only the first who listens hear, endless goes on after stop.
	single, endless bool
	hearers         int
}

func (a *announcing) Announce(hear func(due time.Time)) (stop func()) {
	a.hearers++
	if a.single && a.hearers > 1 {
		return func() {}
	}
	stop = a.Store.(store.Announcer).Announce(func(due time.Time) {
		if !a.muted.Load() {
			hear(due)
		}
	})
	if a.endless {
		return func() {}
	}
	return stop
}

func (a *announcing) during(method string) func() {
	a.muted.Store(method == a.mute)
	return func() { a.muted.Store(false) }
}

func (a *announcing) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	defer a.during("Commit")()
	return a.Store.Commit(ctx, c)
}

func (a *announcing) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	defer a.during("LeaseWebhooks")()
	return a.Store.LeaseWebhooks(ctx, now, until, limit)
}

func (a *announcing) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	defer a.during("FinishWebhook")()
	return a.Store.FinishWebhook(ctx, job, out)
}

func (a *announcing) RedeliverWebhook(ctx context.Context, agent store.AgentID, seq int64, now time.Time) (bool, error) {
	defer a.during("RedeliverWebhook")()
	return a.Store.RedeliverWebhook(ctx, agent, seq, now)
}

// oddAnnouncers are stores that each break one promise of a store.Announcer.
var oddAnnouncers = map[string]func() *announcing{
	"commits announce nothing":         func() *announcing { return &announcing{mute: "Commit"} },
	"leases announce nothing":          func() *announcing { return &announcing{mute: "LeaseWebhooks"} },
	"postponed deliveries are untold":  func() *announcing { return &announcing{mute: "FinishWebhook"} },
	"redelivered ones are untold":      func() *announcing { return &announcing{mute: "RedeliverWebhook"} },
	"only the first who listens hears": func() *announcing { return &announcing{single: true} },
	"who stops listening hears on":     func() *announcing { return &announcing{endless: true} },
}

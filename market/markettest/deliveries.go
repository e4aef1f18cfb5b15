package markettest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// deliveries says whether anybody delivers webhooks, and which are on their way. Inbox has
// the lock.
type deliveries struct {
	running atomic.Int64 // how many Market.Run run
	leasing int
	leased  map[delivery]time.Time // until when
}

type delivery struct {
	agent market.AgentID
	seq   int64
}

// attendance runs as long as a deliverer does.
type attendance struct{ *Inbox }

// Run is market.Background.Run.
func (a attendance) Run(ctx context.Context, _ *market.Market) error {
	a.running.Add(1)
	defer a.running.Add(-1)
	<-ctx.Done()
	return nil
}

// counted is a store that tells the inbox of the deliveries on their way.
type counted struct {
	market.Store
	inbox *Inbox
}

func (c *counted) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	c.inbox.change(func(d *deliveries) { d.leasing++ })
	jobs, err := c.Store.LeaseWebhooks(ctx, now, until, limit)
	c.inbox.change(func(d *deliveries) {
		d.leasing--
		for i := range jobs {
			d.leased[delivery{jobs[i].Event.Agent, jobs[i].Event.Seq}] = until
		}
	})
	return jobs, err
}

func (c *counted) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	done, err := c.Store.FinishWebhook(ctx, job, out)
	if err == nil {
		c.inbox.change(func(d *deliveries) { delete(d.leased, delivery{job.Event.Agent, job.Event.Seq}) })
	}
	return done, err
}

func (i *Inbox) change(f func(*deliveries)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.leased == nil {
		i.leased = map[delivery]time.Time{}
	}
	f(&i.deliveries)
}

// underWay reports whether a delivery is on its way. One whose lease is over is not.
func (i *Inbox) underWay(now time.Time) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, until := range i.leased {
		if now.Before(until) {
			return true
		}
	}
	return i.leasing > 0
}

// delivers reports whether webhooks are delivered at present.
func (k *Kit) delivers() bool { return k.settings.inbox != nil && k.settings.inbox.running.Load() > 0 }

// delivered waits until all webhooks have come that are due, if anybody delivers them.
func (k *Kit) delivered() {
	k.Helper()
	if !k.delivers() {
		return
	}
	Eventually(k, "the webhooks that are due to be delivered", func() bool {
		now := k.Clock.Now()
		next := k.agenda(now).NextWebhook
		return !k.delivers() || (next.IsZero() || next.After(now)) && !k.settings.inbox.underWay(now)
	})
}

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/market"
)

// LeaseWebhooks takes due deliveries; see market.WebhookQueue. Replicas that ask
// at the same moment get different ones, and none waits for another.
func (s *Store) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) (jobs []market.WebhookJob, err error) {
	err = s.read(ctx, "leasing webhooks", func(b *batch) {
		collect(b, &jobs, scanJob, "lease_webhooks", now, until, limit)
	})
	return jobs, err
}

func scanJob(row pgx.CollectableRow) (job market.WebhookJob, err error) {
	var r eventRow
	if err = row.Scan(append(r.targets(), &job.Attempts, &job.Lease, &job.URL, &job.Secret, &job.OldSecret)...); err != nil {
		return job, err
	}
	job.Event, err = r.decode()
	return job, err
}

// FinishWebhook writes the outcome of a leased delivery; see
// market.WebhookQueue.
func (s *Store) FinishWebhook(ctx context.Context, job market.WebhookJob, out market.WebhookOutcome) (done bool, err error) {
	err = s.read(ctx, "finishing a webhook", func(b *batch) {
		b.row("finish_webhook", []any{
			string(job.Event.Agent), job.Event.Seq, job.Lease, out.Delivered, orNull(out.RetryAt), out.Error, out.At,
		}, &done)
	})
	return done, err
}

// orNull is null for the zero time.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// DeadWebhooks pages through an agent's dead letters; see market.WebhookQueue.
func (s *Store) DeadWebhooks(ctx context.Context, q market.PageQuery) (page market.DeadPage, err error) {
	err = s.read(ctx, "reading dead webhooks", func(b *batch) {
		page = market.DeadPage{}
		collect(b, &page.Dead, scanDead, "dead_webhooks", string(q.Agent), q.Limit, max(q.Offset, 0))
		b.row("dead_count", []any{string(q.Agent)}, &page.Total)
	})
	return page, err
}

func scanDead(row pgx.CollectableRow) (dead market.DeadWebhook, err error) {
	var r eventRow
	if err = row.Scan(append(r.targets(), &dead.Attempts, &dead.Error, &dead.FailedAt)...); err != nil {
		return dead, err
	}
	settleTimes(&dead.FailedAt)
	dead.Event, err = r.decode()
	return dead, err
}

// RedeliverWebhook revives a dead letter; see market.WebhookQueue.
func (s *Store) RedeliverWebhook(ctx context.Context, agent market.AgentID, seq int64, now time.Time) (done bool, err error) {
	err = s.read(ctx, "reviving a webhook", func(b *batch) {
		b.row("redeliver_webhook", []any{string(agent), seq, now}, &done)
	})
	return done, err
}

// Due returns what has to be done; see market.TimerQueue.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (agenda market.Agenda, err error) {
	var tasks []string
	var task, webhook *time.Time
	err = s.read(ctx, "reading what is due", func(b *batch) {
		b.row("due", []any{now, limit}, &tasks, &task, &webhook)
	})
	return market.Agenda{Tasks: typed[market.TaskID](tasks), NextTask: utc(task), NextWebhook: utc(webhook)}, err
}

// Lease gives the holder a named lease; see market.TimerQueue.
func (s *Store) Lease(ctx context.Context, name, holder string, now, until time.Time) (held bool, err error) {
	err = s.read(ctx, "taking a lease", func(b *batch) {
		held = false
		b.Queue(s.sql["lease"], name, holder, now, until).Query(func(rows pgx.Rows) error {
			held = rows.Next()
			rows.Close()
			return rows.Err()
		})
	})
	return held && err == nil, err
}

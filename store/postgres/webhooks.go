package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// LeaseWebhooks takes due deliveries; see store.WebhookQueue. Replicas that ask
// at the same moment get different ones, and none waits for another.
func (s *Store) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) (jobs []store.WebhookJob, err error) {
	err = s.read(ctx, "leasing webhooks", func(b *batch) {
		collect(b, &jobs, jobAt(now).scan, "lease_webhooks", now, until, limit)
	})
	return jobs, err
}

// jobAt is when jobs are leased: it decides which secrets count.
type jobAt time.Time

func (now jobAt) scan(row pgx.CollectableRow) (job store.WebhookJob, err error) {
	var r eventRow
	var profile []byte
	if err = row.Scan(append(r.targets(), &job.Attempts, &job.Lease, &profile)...); err != nil {
		return job, err
	}
	var p store.Profile
	if err = json.Unmarshal(profile, &p); err != nil {
		return job, fmt.Errorf("profile of agent %s: %w", r.event.Agent, err)
	}
	job.URL, job.Secret, job.OldSecret = p.WebhookURL, p.WebhookSecret, p.OldSecretAt(time.Time(now))
	job.Event, err = r.decode()
	return job, err
}

// FinishWebhook writes the outcome of a leased delivery; see
// store.WebhookQueue.
func (s *Store) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (done bool, err error) {
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

// DeadWebhooks pages through an agent's dead letters; see store.WebhookQueue.
func (s *Store) DeadWebhooks(ctx context.Context, q store.PageQuery) (page store.DeadPage, err error) {
	err = s.read(ctx, "reading dead webhooks", func(b *batch) {
		page = store.DeadPage{}
		if q.Agent == "" {
			collect(b, &page.Dead, scanDead, "dead_webhooks_of_all", q.Limit, max(q.Offset, 0))
			b.row("dead_count_of_all", []any{store.MaxDeadTotal}, &page.Total)
			return
		}
		collect(b, &page.Dead, scanDead, "dead_webhooks", string(q.Agent), q.Limit, max(q.Offset, 0))
		b.row("dead_count", []any{string(q.Agent)}, &page.Total)
	})
	return page, err
}

func scanDead(row pgx.CollectableRow) (dead store.DeadWebhook, err error) {
	var r eventRow
	if err = row.Scan(append(r.targets(), &dead.Attempts, &dead.Error, &dead.FailedAt)...); err != nil {
		return dead, err
	}
	bringIntoForm(&dead.FailedAt)
	dead.Event, err = r.decode()
	return dead, err
}

// RedeliverWebhook puts a dead letter back into the queue; see
// store.WebhookQueue.
func (s *Store) RedeliverWebhook(ctx context.Context, agent store.AgentID, seq int64, now time.Time) (done bool, err error) {
	err = s.read(ctx, "reviving a webhook", func(b *batch) {
		b.row("redeliver_webhook", []any{string(agent), seq, now}, &done)
	})
	return done, err
}

// Due returns what is due; see store.TimerQueue.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (agenda store.Agenda, err error) {
	var tasks []string
	var task, webhook *time.Time
	err = s.read(ctx, "reading what is due", func(b *batch) {
		b.row("due", []any{now, limit}, &tasks, &task, &webhook)
	})
	return store.Agenda{Tasks: typed[store.TaskID](tasks), NextTask: utc(task), NextWebhook: utc(webhook)}, err
}

// Lease gives the holder a named lease; see store.TimerQueue.
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

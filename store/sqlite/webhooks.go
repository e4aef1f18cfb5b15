package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// maxDropped bounds the deliveries that one lease drops on its way.
const maxDropped = 1000

// LeaseWebhooks takes due deliveries; see store.WebhookQueue. One call drops at most
// 1,000 deliveries that nobody wants any more.
func (s *Store) LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]store.WebhookJob, error) {
	l := &leasing{now: now, until: until, limit: limit}
	if err := s.write(ctx, "leasing webhooks", &ticket{do: l.run}); err != nil {
		return nil, err
	}
	return l.jobs, nil
}

type leasing struct {
	now, until time.Time
	limit      int
	jobs       []store.WebhookJob
}

// waiting is a delivery that is due.
type waiting struct {
	n       int64
	job     store.WebhookJob
	profile store.Profile
}

func (l *leasing) run(w *writing) error {
	l.jobs = nil
	for dropped := 0; dropped < maxDropped; {
		due, err := l.due(w.conn, min(l.limit-len(l.jobs), maxDropped))
		if err != nil || len(due) == 0 {
			return err
		}
		for i := range due {
			if !due[i].profile.Callable() {
				dropped++
				err = w.run("delete from pinchwork_webhook where n = ?", due[i].n)
			} else {
				err = l.take(w, &due[i])
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *leasing) due(c *conn, most int) (all []waiting, err error) {
	if most <= 0 {
		return nil, nil
	}
	err = collect(c, &all, func(r row) (d waiting, err error) {
		if d.job.Event, err = readEvent(r); err != nil {
			return d, err
		}
		d.job.Attempts, d.job.Lease, d.n = r.ColumnInt(6), r.ColumnInt64(7)+1, r.ColumnInt64(8)
		if err = json.Unmarshal(r.ColumnRawText(9), &d.profile); err != nil {
			err = fmt.Errorf("profile of agent %s: %w", d.job.Event.Agent, err)
		}
		return d, err
	}, `select w.agent, w.seq, w.type, w.task, w.data, w.at, w.attempts, w.leases, w.n, a.profile
		from pinchwork_webhook w join pinchwork_agent a on a.id = w.agent
		where w.due <= ? order by w.due, w.n limit ?`, l.now, most)
	return all, err
}

func (l *leasing) take(w *writing, d *waiting) error {
	d.job.URL, d.job.Secret, d.job.OldSecret = d.profile.WebhookURL, d.profile.WebhookSecret, d.profile.OldSecretAt(l.now)
	l.jobs = append(l.jobs, d.job)
	return w.run("update pinchwork_webhook set due = ?, leases = ?, leased = 1 where n = ?", l.until, d.job.Lease, d.n)
}

// FinishWebhook writes the outcome of a leased delivery, and ends the lease; see
// store.WebhookQueue.
func (s *Store) FinishWebhook(ctx context.Context, job store.WebhookJob, out store.WebhookOutcome) (bool, error) {
	var done bool
	err := s.write(ctx, "finishing a webhook", &ticket{do: func(w *writing) (err error) {
		done, err = finish(w, &job, &out)
		return err
	}})
	if err != nil {
		return false, err
	}
	return done, nil
}

const thatLease = " where agent = ? and seq = ? and leases = ? and leased = 1 returning 1"

func finish(w *writing, job *store.WebhookJob, out *store.WebhookOutcome) (bool, error) {
	lease := []any{string(job.Event.Agent), job.Event.Seq, job.Lease}
	switch {
	case out.Delivered:
		return w.has("delete from pinchwork_webhook"+thatLease, lease...)
	case out.RetryAt.IsZero():
		return w.has("update pinchwork_webhook set attempts = attempts + 1, leased = 0, due = null, dead_at = ?, error = ?"+thatLease,
			append([]any{out.At, out.Error}, lease...)...)
	default:
		return w.has("update pinchwork_webhook set attempts = attempts + 1, leased = 0, due = ?"+thatLease,
			append([]any{out.RetryAt}, lease...)...)
	}
}

// DeadWebhooks pages through an agent's dead letters; see store.WebhookQueue.
func (s *Store) DeadWebhooks(ctx context.Context, q store.PageQuery) (page store.DeadPage, err error) {
	err = s.read(ctx, "reading dead webhooks", func(c *conn) error {
		page = store.DeadPage{}
		if q.Agent == "" {
			return deadOfAll(c, q, &page)
		}
		n, err := c.number("select count(*) from pinchwork_webhook where agent = ? and dead_at is not null", string(q.Agent))
		if err != nil {
			return err
		}
		page.Total = int(n)
		return collect(c, &page.Dead, readDead, "select "+eventColumns+`, attempts, error, dead_at from pinchwork_webhook where agent = ? and dead_at is not null
			order by dead_at desc, seq desc limit ? offset ?`, string(q.Agent), max(q.Limit, 0), max(q.Offset, 0))
	})
	return page, err
}

// deadOfAll reads a page of the dead letters of all agents.
func deadOfAll(c *conn, q store.PageQuery, page *store.DeadPage) error {
	n, err := c.number("select count(*) from (select 1 from pinchwork_webhook where dead_at is not null limit ?)", store.MaxDeadTotal)
	if err != nil {
		return err
	}
	page.Total = int(n)
	return collect(c, &page.Dead, readDead, "select "+eventColumns+`, attempts, error, dead_at from pinchwork_webhook
		where dead_at is not null order by dead_at desc limit ? offset ?`, max(q.Limit, 0), max(q.Offset, 0))
}

func readDead(r row) (dead store.DeadWebhook, err error) {
	dead.Attempts, dead.Error, dead.FailedAt = r.ColumnInt(6), r.ColumnText(7), instant(r, 8)
	dead.Event, err = readEvent(r)
	return dead, err
}

// RedeliverWebhook revives a dead letter, behind those that are due already; see
// store.WebhookQueue. Its leases are counted on, so that an old job finishes nothing.
func (s *Store) RedeliverWebhook(ctx context.Context, agent store.AgentID, seq int64, now time.Time) (bool, error) {
	var done bool
	err := s.write(ctx, "reviving a webhook", &ticket{do: func(w *writing) (err error) {
		done, err = w.has(`insert or replace into pinchwork_webhook (agent, seq, type, task, data, at, leases, due)
			select agent, seq, type, task, data, at, leases, ?3 from pinchwork_webhook
			where agent = ?1 and seq = ?2 and dead_at is not null returning 1`, string(agent), seq, now)
		return err
	}})
	if err != nil {
		return false, err
	}
	return done, nil
}

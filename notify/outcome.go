package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

const (
	writeTries   = 3
	writeTimeout = 2 * time.Second
	writePause   = 200 * time.Millisecond
)

// deliver makes an attempt, records in the queue how it ended, and fills in r.
func (w *Webhooks) deliver(ctx context.Context, queue Queue, job *store.WebhookJob, r *result) {
	began := time.Now()
	failure := w.safely(func() error { return w.attempt(ctx, job, queue.Now()) })
	r.took = time.Since(began)
	if r.failed = failure != nil; r.failed && ctx.Err() != nil {
		// The attempt was cut off by the shutdown, so it does not count.
		return
	}
	out, name := w.outcome(queue.Now(), job, failure)
	w.write(ctx, queue, job, out)
	r.retryAt = out.RetryAt
	survives(w.log, "measuring a webhook", func() { w.observe.attempt(ctx, name, r.took) })
	w.report(ctx, job, name, failure)
}

// safely turns a panic of the transport into one failed attempt. The webhook's
// owner is not told what went wrong in this process.
func (w *Webhooks) safely(attempt func() error) error {
	err := contained(attempt)
	if p := (*panicked)(nil); errors.As(err, &p) {
		logPanic(w.log, "an attempt to deliver a webhook", p)
		return errOurs
	}
	return err
}

func (w *Webhooks) outcome(now time.Time, job *store.WebhookJob, failure error) (store.WebhookOutcome, string) {
	attempt := job.Attempts + 1
	switch {
	case failure == nil:
		return store.WebhookOutcome{Delivered: true, At: now}, outcomeDelivered
	case attempt > w.maxRetries:
		return store.WebhookOutcome{Error: failure.Error(), Gone: gone(failure), At: now}, outcomeDead
	default:
		return store.WebhookOutcome{
			RetryAt: now.Add(retryDelay(attempt)), Error: failure.Error(), Gone: gone(failure), At: now,
		}, outcomeRetry
	}
}

func gone(failure error) bool { return errors.Is(failure, errGone) }

func (w *Webhooks) report(ctx context.Context, job *store.WebhookJob, outcome string, failure error) {
	level := slog.LevelDebug
	if outcome == outcomeDead {
		level = slog.LevelInfo
	}
	attrs := []slog.Attr{
		slog.String("agent", string(job.Event.Agent)), slog.String("event", job.Event.DeliveryID()),
		slog.String("outcome", outcome), slog.Int("attempt", job.Attempts+1),
	}
	if failure != nil {
		attrs = append(attrs, slog.String("failure", failure.Error()))
	}
	w.log.LogAttrs(ctx, level, "webhook", attrs...)
}

// write records how an attempt ended, even during a shutdown. If that fails,
// the delivery is made again when its lease is over, since it is promised at
// least once.
func (w *Webhooks) write(ctx context.Context, queue Queue, job *store.WebhookJob, out store.WebhookOutcome) {
	var err error
	for try := range writeTries {
		if try > 0 {
			sleep(ctx, writePause)
		}
		if err = w.writeOnce(ctx, queue, job, out); err == nil {
			return
		}
	}
	w.log.Warn("the outcome of a webhook could not be written", "event", job.Event.DeliveryID(), "error", err)
}

func (w *Webhooks) writeOnce(ctx context.Context, queue Queue, job *store.WebhookJob, out store.WebhookOutcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return contained(func() error {
		owned, err := queue.FinishWebhook(ctx, *job, out)
		if err == nil && !owned {
			w.log.Debug("a webhook's lease was lost", "event", job.Event.DeliveryID())
		}
		return err
	})
}

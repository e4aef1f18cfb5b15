package notify

import (
	"context"
	"log/slog"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

const (
	writeTries   = 3
	writeTimeout = 2 * time.Second
	writePause   = 200 * time.Millisecond
)

// deliver makes an attempt, writes down how it ended, and tells whether it
// failed and how long the endpoint took.
func (w *Webhooks) deliver(ctx context.Context, queue Queue, job *market.WebhookJob) (failed bool, took time.Duration) {
	began := time.Now()
	failure := w.attempt(ctx, job)
	took = time.Since(began)
	if failure != nil && ctx.Err() != nil {
		// Cut off: that counts as no attempt.
		return true, took
	}
	out, name := w.outcome(queue.Now(), job, failure)
	w.observe.attempt(ctx, name, took)
	w.report(ctx, job, name, failure)
	w.write(ctx, queue, job, out)
	return failure != nil, took
}

func (w *Webhooks) outcome(now time.Time, job *market.WebhookJob, failure error) (market.WebhookOutcome, string) {
	attempt := job.Attempts + 1
	switch {
	case failure == nil:
		return market.WebhookOutcome{Delivered: true, At: now}, outcomeDelivered
	case attempt > w.maxRetries:
		return market.WebhookOutcome{Error: failure.Error(), At: now}, outcomeDead
	default:
		return market.WebhookOutcome{
			RetryAt: now.Add(retryDelay(attempt)), Error: failure.Error(), At: now,
		}, outcomeRetry
	}
}

func (w *Webhooks) report(ctx context.Context, job *market.WebhookJob, outcome string, failure error) {
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

// write writes down how an attempt ended, also when everything else is being
// shut down. Should it not succeed, the delivery is made again when its lease
// is over: at least once is what was promised.
func (w *Webhooks) write(ctx context.Context, queue Queue, job *market.WebhookJob, out market.WebhookOutcome) {
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

func (w *Webhooks) writeOnce(ctx context.Context, queue Queue, job *market.WebhookJob, out market.WebhookOutcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	owned, err := queue.FinishWebhook(ctx, *job, out)
	if err == nil && !owned {
		w.log.Debug("a webhook's lease was lost", "event", job.Event.DeliveryID())
	}
	return err
}

package worker

import (
	"context"
	crypto "crypto/rand"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// pick starts tasks until the work is to end.
func (w *worker) pick(ctx context.Context) error {
	if w.Resume {
		if err := w.resume(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
	for w.slot(ctx) {
		job, ok, err := w.next(ctx)
		switch {
		case ok:
			w.start(job)
			continue
		case ctx.Err() != nil:
			w.release()
			return nil
		case err != nil && fatal(err):
			w.release()
			return err
		case err != nil:
			w.logf("cannot pick up: %v", err)
		}
		w.release()
		if err == nil && w.Once && !w.owes() {
			if w.quiet(ctx) {
				return nil
			}
			continue
		}
		w.pause(ctx, err)
	}
	return nil
}

// slot takes a free slot; false when the work is to end instead.
func (w *worker) slot(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case w.slots <- struct{}{}:
	}
	if ctx.Err() != nil || w.enough() {
		w.release()
		return false
	}
	return true
}

func (w *worker) release() { <-w.slots }

func (w *worker) enough() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.MaxTasks > 0 && w.summary.Started >= w.MaxTasks || w.Once && w.summary.Failed > 0
}

// next is a rejected task to do again, or what the marketplace offers.
func (w *worker) next(ctx context.Context) (Job, bool, error) {
	until := w.cooled()
	for {
		if job, ok := w.again(ctx); ok {
			return job, true, nil
		}
		rest := time.Until(until)
		if rest <= 0 {
			break
		}
		if err := w.doze(ctx, min(rest, w.Poll)); err != nil {
			return Job{}, false, err
		}
	}
	return w.pickup(ctx)
}

// pickup asks for a task. After a pickup whose answer may have been lost, it
// asks again under the same key, to get the task that may have been claimed.
func (w *worker) pickup(ctx context.Context) (Job, bool, error) {
	asking, cancel := outlast(ctx, pickupGrace)
	defer cancel()
	if w.asking == "" {
		w.asking = crypto.Text()
	}
	p, ok, err := w.API.Pickup(market.WithIdempotencyKey(asking, w.asking), w.Filter)
	if !open(err) {
		w.asking = ""
	}
	w.checked()
	return fromPickup(p), ok, err
}

// pickupGrace is how long a pickup under way may go on after the work should
// end: giving up immediately could leave a claimed task behind.
const pickupGrace = 5 * time.Second

// outlast returns a context that ends d after ctx.
func outlast(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return longer, func() { stop(); cancel() }
}

// quiet is for runs that end when nothing is on offer: it waits for the tasks
// that still run, since their end may bring new ones. True when none ran.
func (w *worker) quiet(ctx context.Context) bool {
	w.mu.Lock()
	idle := len(w.running) == 0
	w.mu.Unlock()
	if idle {
		return true
	}
	select {
	case <-ctx.Done():
	case <-w.wake:
	}
	return false
}

// fatal reports whether no later pickup can succeed either.
func fatal(err error) bool {
	for _, kind := range []error{market.ErrUnauthorized, market.ErrForbidden, market.ErrInvalid, market.ErrNotFound, market.ErrNotConfigured} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// pause waits until it is worth asking again: an event, or a slow poll with
// some jitter. After a refusal that names a time it waits that long; until then
// only rejected tasks are done.
func (w *worker) pause(ctx context.Context, err error) {
	var refused *market.Error
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		w.notBefore = time.Now().Add(refused.RetryAfter)
		return
	}
	_ = w.doze(ctx, w.Poll+rand.N(w.Poll/5+1))
}

// doze sleeps until something may be on offer, at most for d.
func (w *worker) doze(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-w.wake:
	}
	return ctx.Err()
}

const longestCooling = 10 * time.Minute

// cooled is when the marketplace may be asked again: not before the time that a
// refusal named, and after failures not before the poll interval has passed,
// doubled for each failure in a row.
func (w *worker) cooled() time.Time {
	w.mu.Lock()
	failures := w.failures
	w.mu.Unlock()
	if failures == 0 {
		return w.notBefore
	}
	d := longestCooling
	if failures < 16 {
		d = min(w.Poll<<(failures-1), longestCooling)
	}
	w.logf("pausing for %v after %d failed in a row", d, failures)
	return latest(w.notBefore, time.Now().Add(d))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func fromPickup(p market.Pickup) Job {
	return Job{
		ID: p.TaskID, Need: p.Need, Context: deref(p.Context), MaxCredits: p.MaxCredits,
		Tags: p.Tags, PosterID: p.PosterID, System: p.SystemTaskType,
	}
}

func fromTask(t market.Task) Job {
	return Job{
		ID: t.TaskID, Need: t.Need, Context: deref(t.Context), MaxCredits: t.MaxCredits,
		Tags: t.Tags, PosterID: t.PosterID, System: t.SystemTaskType,
		RejectionReason: t.RejectionReason, RejectionFeedback: t.RejectionFeedback,
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

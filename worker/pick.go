package worker

import (
	"context"
	"crypto/rand"
	"errors"
	random "math/rand/v2"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// pick starts tasks until the run is to end.
func (w *run) pick(ctx context.Context) error {
	if err := w.resume(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	for w.slot(ctx) {
		t, found, err := w.next(ctx)
		if found {
			w.start(t)
			continue
		}
		w.release()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (fatal(err) || w.once && isCode(err, market.CodeCooldown)):
			return err
		case errors.Is(err, errInterrupted):
			continue
		case err != nil:
			w.away(err)
		case w.once && !w.owes():
			if w.quiet(ctx) {
				return nil
			}
			continue
		}
		w.rest(ctx, err)
	}
	return nil
}

// slot takes a free slot; false when the run is to end instead.
func (w *run) slot(ctx context.Context) bool {
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

func (w *run) release() { <-w.slots }

func (w *run) enough() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.max > 0 && w.started >= w.max || w.once && w.failed > 0
}

// next is a rejected task to do again, or what the marketplace offers.
func (w *run) next(ctx context.Context) (Task, bool, error) {
	until := w.cooled()
	for {
		if t, ok := w.again(ctx); ok {
			return t, true, nil
		}
		rest := time.Until(until)
		if rest <= 0 {
			break
		}
		if err := w.doze(ctx, min(rest, lookEvery)); err != nil {
			return Task{}, false, err
		}
	}
	return w.pickup(ctx)
}

// errInterrupted is the outcome of a pickup that made room for a rejected task.
var errInterrupted = errors.New("the pickup was interrupted")

// pickup asks for a task, and waits for one. After a pickup whose answer may have been
// lost it asks again under the same key, to get the task that may have been claimed.
func (w *run) pickup(ctx context.Context) (Task, bool, error) {
	asking, cancel := w.interruptible(ctx)
	defer cancel()
	f := w.filter
	if w.owes() {
		f.Wait = min(f.Wait, w.pause) // one of them could not be read
	}
	if w.calls.lasts() {
		f.Wait = 0 // so that its end is noticed at once
	}
	began := time.Now()
	p, found, err := w.api.Pickup(market.WithIdempotencyKey(asking, w.memo.Asking), f)
	w.tell(Event{Kind: Asked, Text: "asked for a task"})
	if err == nil {
		w.back()
	}
	switch {
	case found:
		return w.taken(ctx, p)
	case err == nil:
		w.unsure = false
		if time.Since(began) >= f.Wait && !w.once {
			err = errInterrupted // it has waited long enough
		}
	case asking.Err() != nil:
		w.unsure, err = true, errInterrupted
	case uncertain(err):
		w.unsure = true
	case isCode(err, market.CodeIdempotencyKeyUsed):
		// An earlier run asked for something else under it.
		w.newKey()
	}
	return Task{}, false, err
}

// taken records a claim, unless it is one that an earlier pickup made under the same
// key and that has ended since.
func (w *run) taken(ctx context.Context, p market.Pickup) (Task, bool, error) {
	t := w.fromPickup(p)
	if t.older = w.unsure; w.unsure {
		now, err := w.api.Task(ctx, p.TaskID, 0)
		switch {
		case err != nil && !gone(err):
			return Task{}, false, err
		case err != nil, !w.claimed(now), !now.ClaimedAt.Equal(p.ClaimedAt.Time):
			w.newKey()
			return Task{}, false, errInterrupted
		}
	}
	w.unsure = false
	w.owns(p)
	return t, true, nil
}

func (w *run) newKey() {
	w.unsure = false
	w.change(func(m *memo) { m.Asking = rand.Text() })
}

// interruptible is a context that ends as soon as a rejected task is to be done again.
func (w *run) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	asking, cancel := context.WithCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interrupt = cancel
	if w.fresh {
		cancel()
	}
	return asking, func() {
		w.mu.Lock()
		w.interrupt = nil
		w.mu.Unlock()
		cancel()
	}
}

// settleAsking gives back what a pickup may have claimed that the end of the run cut
// off. With a record the next run goes on with it instead.
func (w *run) settleAsking() {
	if w.record != nil || !w.unsure {
		return
	}
	f := w.filter
	f.Wait = 0
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.hard), closingTime)
	defer cancel()
	for {
		p, found, err := w.api.Pickup(market.WithIdempotencyKey(ctx, w.memo.Asking), f)
		if found {
			w.giveBack(p.TaskID, ErrStopped)
		}
		if err == nil || !uncertain(err) || sleep(ctx, closingTime/20) != nil {
			return
		}
	}
}

// quiet is for runs that end when nothing is on offer: it waits for the tasks that
// still run, since their end may bring new ones. True when none ran.
func (w *run) quiet(ctx context.Context) bool {
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

// rest waits until it is worth asking again: an event, or the pause with some jitter.
// After a refusal that names a time it waits that long; until then only rejected tasks
// are done.
func (w *run) rest(ctx context.Context, err error) {
	if after := demanded(err); after > 0 {
		w.notBefore = time.Now().Add(after)
		return
	}
	_ = w.doze(ctx, w.pause+random.N(w.pause/5+1))
}

// doze sleeps until something may be on offer, at most for d.
func (w *run) doze(ctx context.Context, d time.Duration) error {
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
// refusal named, and after failures not before the pause has passed, doubled for each
// failure in a row.
func (w *run) cooled() time.Time {
	w.mu.Lock()
	failures := w.failures
	w.mu.Unlock()
	if failures == 0 {
		return w.notBefore
	}
	d := longestCooling
	if failures < 16 {
		d = min(w.pause<<(failures-1), longestCooling)
	}
	w.notef("pausing for %v after %d failed in a row", d, failures)
	if until := time.Now().Add(d); until.After(w.notBefore) {
		return until
	}
	return w.notBefore
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

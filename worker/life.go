package worker

import (
	"context"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// shortestSign is the least time between two signs of life of a task.
const shortestSign = 100 * time.Millisecond

// showLife keeps the claim of a task from timing out, until the returned function is
// called.
func (w *run) showLife(ctx context.Context, t Task) (end func()) {
	if t.timeout <= 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var signs sync.WaitGroup
	signs.Go(func() { w.survives(func() { w.signs(ctx, t) }) })
	return func() { cancel(); signs.Wait() }
}

// signs shows life three times in each claim timeout, and soon again when that fails. A
// claim that is not fresh may be near its end, so its first sign comes at once.
func (w *run) signs(ctx context.Context, t Task) {
	every := max(t.timeout/3, shortestSign)
	next := every
	if t.older {
		next = 0
	}
	for sleep(ctx, next) == nil {
		next = every
		if w.progress(ctx, t, market.ProgressInput{}) != nil {
			next = every / 4
		}
	}
}

// progress stops the task when its claim has ended, also when the agent holds the task
// again under another one.
func (w *run) progress(ctx context.Context, t Task, in market.ProgressInput) error {
	now, err := w.api.Progress(ctx, t.ID, in)
	switch {
	case err == nil && now.ClaimedAt.Equal(t.ClaimedAt):
		return nil
	case err == nil:
		err = ErrLost
	case !isCode(err, market.CodeClaimLapsed) && !isCode(err, market.CodeWrongState):
		return err
	}
	w.mu.Lock()
	cancel, running := w.running[t.ID]
	w.mu.Unlock()
	if running {
		cancel(ErrLost)
	}
	return err
}

package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market"
)

// start runs a job in the slot that was taken for it.
func (w *worker) start(job Job) {
	ctx, cancel := context.WithCancelCause(w.hard)
	w.mu.Lock()
	w.running[job.ID] = cancel
	w.summary.Started++
	w.mu.Unlock()
	w.jobs.Go(func() {
		defer w.finished(job.ID, cancel)
		w.survives(func() { w.run(ctx, job) })
	})
}

func (w *worker) finished(id market.TaskID, cancel context.CancelCauseFunc) {
	cancel(nil)
	w.mu.Lock()
	delete(w.running, id)
	w.mu.Unlock()
	w.release()
	w.nudge()
}

func (w *worker) run(ctx context.Context, job Job) {
	w.logf("%s: started (%d credits): %s", job.ID, job.MaxCredits, headline(job.Need))
	began := time.Now()
	limited, cancel := ctx, context.CancelFunc(func() {})
	if w.Timeout > 0 {
		limited, cancel = context.WithTimeoutCause(ctx, w.Timeout, ErrTimeout)
	}
	result, err := w.do(limited, job)
	if ended := context.Cause(limited); err != nil && ended != nil {
		err = ended
	}
	cancel()
	if err == nil {
		result, err = fit(result)
	}
	switch {
	case err == nil:
		w.deliver(ctx, job, result, time.Since(began))
	case errors.Is(err, ErrLost):
		w.logf("%s: stopped, the claim has ended", job.ID)
	case errors.Is(err, ErrKilled):
		w.logf("%s: stopped; it stays claimed and is continued by the next run", job.ID)
	default:
		w.failed()
		w.abandon(job.ID, err.Error())
	}
}

// do turns a panic into a failure of one job, whose task is then given back.
func (w *worker) do(ctx context.Context, job Job) (result string, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = "", fmt.Errorf("panic: %v", r)
		}
	}()
	return w.Do(ctx, job)
}

// MaxResult is the longest result that can be delivered, in characters
// (rule 4.7).
const MaxResult = 500_000

// fit makes a result deliverable: valid text without NUL, not empty, not too
// long. A result is never cut: part of it could be worse than none.
func fit(result string) (string, error) {
	result = strings.ReplaceAll(strings.ToValidUTF8(result, "\ufffd"), "\x00", "\ufffd")
	result = strings.TrimRight(result, "\r\n")
	switch {
	case strings.TrimSpace(result) == "":
		return "", errors.New("it gave no result")
	case utf8.RuneCountInString(result) > MaxResult:
		return "", errors.New("its result is longer than 500,000 characters")
	}
	return result, nil
}

const deliveryPause = 5 * time.Second

// deliver submits a result, and keeps trying while the server is unreachable,
// since the work would otherwise be lost. All tries use one idempotency key, so
// that a repeat after a lost answer gets that answer and not a refusal.
func (w *worker) deliver(ctx context.Context, job Job, result string, took time.Duration) {
	ctx = market.WithIdempotencyKey(ctx, rand.Text())
	for {
		_, err := w.API.Deliver(ctx, job.ID, market.DeliverInput{Result: result})
		if err == nil {
			w.logf("%s: delivered after %v", job.ID, took.Round(time.Millisecond))
			w.succeeded(job.ID)
			return
		}
		if !open(err) && !errors.Is(err, market.ErrRateLimited) {
			w.logf("%s: delivery refused: %v", job.ID, err)
			w.failed()
			return
		}
		w.logf("%s: cannot deliver yet: %v", job.ID, err)
		if sleep(ctx, deliveryPause) != nil {
			w.logf("%s: the result was not delivered", job.ID)
			w.failed()
			return
		}
	}
}

// open reports whether a call that ended with err may have been done, or may be
// being done.
func open(err error) bool {
	var refused *market.Error
	return errors.Is(err, market.ErrUnavailable) || errors.As(err, &refused) && refused.Code == market.CodeStillUnderWay
}

func (w *worker) succeeded(id market.TaskID) {
	w.mu.Lock()
	w.failures = 0
	w.delivered[id]++
	w.summary.Delivered++
	w.mu.Unlock()
	w.record(func(s *State) { s.TasksCompleted++ })
	w.earned()
}

func (w *worker) failed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures++
	w.summary.Failed++
}

func (w *worker) abandon(id market.TaskID, why string) {
	if _, err := w.API.Abandon(w.hard, id); err != nil {
		w.logf("%s: failed: %s; it could not be given back: %v", id, why, err)
		return
	}
	w.logf("%s: failed: %s; given back", id, why)
}

// earned records what the agent has been paid so far.
func (w *worker) earned() {
	if w.State == nil {
		return
	}
	stats, err := w.API.Stats(w.hard)
	if err != nil {
		return
	}
	w.record(func(s *State) { s.CreditsEarned = max(s.CreditsEarned, stats.TotalEarned) })
}

func headline(need string) string {
	line := strings.Join(strings.Fields(need), " ")
	if r := []rune(line); len(r) > 60 {
		line = string(r[:60]) + "…"
	}
	return line
}

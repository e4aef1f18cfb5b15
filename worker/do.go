package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market"
)

// start runs a task in the slot that was taken for it.
func (w *run) start(t Task) {
	ctx, cancel := context.WithCancelCause(w.hard)
	w.mu.Lock()
	w.running[t.ID] = cancel
	w.started++
	w.mu.Unlock()
	w.jobs.Go(func() {
		defer w.finished(t.ID, cancel)
		w.survives(func() { w.work(ctx, t) })
	})
}

func (w *run) finished(id market.TaskID, cancel context.CancelCauseFunc) {
	cancel(nil)
	w.mu.Lock()
	delete(w.running, id)
	if slices.Contains(w.redo, id) {
		w.makeRoom() // it was rejected before this run knew that it was delivered
	}
	w.mu.Unlock()
	w.release()
	w.nudge()
}

func (w *run) work(ctx context.Context, t Task) {
	w.tell(Event{Kind: Started, Task: t.ID, Text: fmt.Sprintf("started (%d credits): %s", t.MaxCredits, headline(t.Need))})
	began := time.Now()
	result, err := w.result(ctx, t)
	switch {
	case err == nil:
		w.deliver(ctx, t, result, time.Since(began))
	case errors.Is(err, ErrLost):
		w.disown(t.ID)
		w.tell(Event{Kind: Lost, Task: t.ID, Text: "stopped, the claim has ended", Err: err})
	case errors.Is(err, ErrStopped) && w.record != nil:
		w.tell(Event{Kind: Kept, Task: t.ID, Text: "stopped; it stays claimed and is continued by the next run", Err: err})
	default:
		w.hasFailed()
		w.giveBack(t.ID, err)
	}
}

// result has the task done, within its limits. When one of them has ended an attempt,
// that is the reason, whatever the function says.
func (w *run) result(ctx context.Context, t Task) (Result, error) {
	if w.limit > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, w.limit, ErrTimeout)
		defer cancel()
		ctx = limited
	}
	defer w.showLife(ctx, t)()
	r, err := w.attempt(ctx, t)
	if ended := context.Cause(ctx); err != nil && ended != nil {
		err = ended
	}
	if err == nil {
		r.Text, err = fit(r.Text)
	}
	return r, err
}

// attempt turns a panic into a failure of one task, which is then given back.
func (w *run) attempt(ctx context.Context, t Task) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = Result{}, fmt.Errorf("panic: %v", p)
		}
	}()
	return w.do(ctx, t)
}

// MaxResult is the longest result that can be delivered, in characters.
const MaxResult = 500_000

// fit makes a result deliverable, or says why it is not. A result is never cut or
// mended: part of it could be worse than none.
func fit(result string) (string, error) {
	result = strings.TrimRight(result, "\r\n")
	switch {
	case !utf8.ValidString(result):
		return "", errors.New("its result is not UTF-8 text")
	case strings.ContainsRune(result, 0):
		return "", errors.New("its result is not text, it holds a NUL byte")
	case strings.TrimSpace(result) == "":
		return "", errors.New("it gave no result")
	case utf8.RuneCountInString(result) > MaxResult:
		return "", errors.New("its result is longer than 500,000 characters")
	}
	return result, nil
}

const deliveryPause = 5 * time.Second

// deliver submits a result, and keeps trying while the marketplace cannot be reached,
// since the work would otherwise be lost. All tries use one idempotency key, so that a
// repeat after a lost answer gets that answer and not a refusal.
func (w *run) deliver(ctx context.Context, t Task, r Result, took time.Duration) {
	calling, cancel := w.outlasting()
	defer cancel()
	in := market.DeliverInput{Result: r.Text, CreditsClaimed: r.Credits}
	calling = market.WithIdempotencyKey(calling, rand.Text())
	for {
		_, err := w.api.Deliver(calling, t.ID, in)
		switch {
		case err == nil:
			w.back()
			w.delivered(t.ID, took)
			return
		case !uncertain(err) && !errors.Is(err, market.ErrRateLimited):
			w.hasFailed()
			w.refused(t.ID, err)
			return
		}
		w.away(err)
		if sleep(ctx, max(deliveryPause, demanded(err))) != nil {
			w.hasFailed()
			w.tell(Event{Kind: Failed, Task: t.ID, Text: "the result was not delivered", Err: err})
			return
		}
	}
}

// refused ends a task whose delivery the marketplace does not take.
func (w *run) refused(id market.TaskID, why error) {
	why = fmt.Errorf("delivery refused: %w", why)
	if isCode(why, market.CodeClaimLapsed) || isCode(why, market.CodeWrongState) || gone(why) {
		w.disown(id)
		w.tell(Event{Kind: Failed, Task: id, Text: why.Error(), Err: why})
		return
	}
	w.giveBack(id, why)
}

func (w *run) delivered(id market.TaskID, took time.Duration) {
	w.change(func(m *memo) {
		w.failures = 0
		if c := m.Claims[id]; c != nil {
			c.Delivered++
		}
	})
	w.tell(Event{Kind: Delivered, Task: id, Text: fmt.Sprintf("delivered after %v", took.Round(time.Millisecond)), Took: took})
}

func (w *run) hasFailed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures++
	w.failed++
}

// giveBack abandons a task that was not done.
func (w *run) giveBack(id market.TaskID, why error) {
	ctx, cancel := w.outlasting()
	defer cancel()
	text := fmt.Sprintf("failed: %v; given back", why)
	left, err := w.api.Abandon(ctx, id)
	switch {
	case err == nil && !left.BlockedUntil.IsZero():
		text += "; pickup is blocked until " + left.BlockedUntil.String() + ", after too many tasks that were given back or not done in time"
	case err == nil && left.Strikes != nil && *left.Strikes > 0:
		text += fmt.Sprintf(" (strike %d)", *left.Strikes)
	case err != nil:
		text = fmt.Sprintf("failed: %v; it could not be given back: %v", why, err)
	}
	w.disown(id)
	w.tell(Event{Kind: Failed, Task: id, Text: text, Err: why})
}

func headline(need string) string {
	line := strings.Join(strings.Fields(need), " ")
	if r := []rune(line); len(r) > 60 {
		line = string(r[:60]) + "…"
	}
	return line
}

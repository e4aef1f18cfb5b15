package worker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// ErrNobodyToAsk is the error of Ask for a task that did not come from Run.
var ErrNobodyToAsk = errors.New("there is nobody to ask")

// Ask sends the poster a message of 1–5,000 characters and waits for the next one from it.
// The same question about the same piece of work is sent once, also when the worker has
// been started again in between. It fails when the marketplace refuses the message, as
// for system tasks, and with the context.
func (t Task) Ask(ctx context.Context, question string) (string, error) {
	if t.run == nil {
		return "", ErrNobodyToAsk
	}
	mail, end := t.run.listenFor(t.ID)
	defer end()
	key := fmt.Sprintf("%s.%x", t.Key(), sha256.Sum256([]byte(question)))
	asked, err := t.send(ctx, key, question)
	if err != nil {
		return "", err
	}
	for {
		answer, found, err := t.answerTo(ctx, asked)
		if found {
			return answer, nil
		}
		if err != nil && !uncertain(err) && !errors.Is(err, market.ErrRateLimited) {
			return "", err
		}
		if err := await(ctx, mail); err != nil {
			return "", err
		}
	}
}

// send sends a message once, and keeps trying while the marketplace cannot be reached.
func (t Task) send(ctx context.Context, key, text string) (market.Message, error) {
	for {
		m, err := t.run.api.SendMessage(market.WithIdempotencyKey(ctx, key), t.ID, text)
		if err == nil || !uncertain(err) && !errors.Is(err, market.ErrRateLimited) {
			return m, err
		}
		if sleep(ctx, deliveryPause) != nil {
			return m, context.Cause(ctx)
		}
	}
}

// answerTo is the poster's first message after one of the agent's own.
func (t Task) answerTo(ctx context.Context, asked market.Message) (answer string, found bool, err error) {
	after := false
	for page := (market.Page{}); ; {
		list, err := t.run.api.Messages(ctx, t.ID, page)
		if err != nil {
			return "", false, err
		}
		for _, m := range list.Messages {
			if after && m.SenderID == t.PosterID {
				return m.Message, true, nil
			}
			after = after || m.ID == asked.ID
		}
		page.Offset += len(list.Messages)
		if len(list.Messages) == 0 || page.Offset >= list.Total {
			return "", false, nil
		}
	}
}

// await waits until there may be a message, at most so long as a run goes without events.
func await(ctx context.Context, mail <-chan struct{}) error {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-mail:
	case <-timer.C:
	}
	return nil
}

// listenFor returns a channel that is sent to when a message about the task has come.
func (w *run) listenFor(id market.TaskID) (mail <-chan struct{}, end func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mail[id] = c
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.mail, id)
	}
}

// mailed wakes who waits for a message about the task.
func (w *run) mailed(id market.TaskID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.mail[id] <- struct{}{}:
	default: // also when nobody waits: the channel is nil then
	}
}

package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

const (
	userAgent = "Pinchwork-Webhooks/1 (+https://github.com/pinchwork/pinchwork)"
	// maxAnswer and drainTime bound how much of an answer's body is read, and for
	// how long, so that the receiver's server can finish its answer.
	maxAnswer = 64 << 10
	drainTime = time.Second
)

// payload is the body of a webhook.
type payload struct {
	Event     market.EventType `json:"event"`
	Task      market.TaskID    `json:"task_id"`
	Data      market.EventData `json:"data"`
	Timestamp market.Time      `json:"timestamp"`
}

// attempt makes one attempt. It returns nil when the webhook was delivered, the
// context's error when ctx ended, and otherwise a failure that may be shown to
// the webhook's owner.
func (w *Webhooks) attempt(ctx context.Context, job *store.WebhookJob, now time.Time) error {
	if market.CheckWebhookURL(job.URL, w.private) != nil {
		// The URL was valid when it was set; the operator has become stricter since.
		return errNotAllowed
	}
	limited, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	req, err := newRequest(limited, job, now)
	if err != nil {
		return errNotAllowed
	}
	resp, err := w.client.Do(req)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return networkFailure(err, w.timeout)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 200 {
		drain(resp.Body, cancel)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return statusFailure(resp.StatusCode)
	}
	return nil
}

func newRequest(ctx context.Context, job *store.WebhookJob, now time.Time) (*http.Request, error) {
	e := &job.Event
	body, err := json.Marshal(payload{Event: e.Type, Task: e.Task, Data: e.Data, Timestamp: market.NewTime(e.At)})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, job.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(HeaderEventID, e.DeliveryID())
	req.Header.Set(HeaderEvent, string(e.Type))
	sign(req.Header, job, body, now)
	return req, nil
}

// drain reads a bounded part of the answer. An answer of 1xx has no body:
// reading on would wait on a connection that the server may keep open for ever
// and that no context ends.
func drain(body io.Reader, cancel context.CancelFunc) {
	defer time.AfterFunc(drainTime, cancel).Stop()
	_, _ = io.CopyN(io.Discard, body, maxAnswer)
}

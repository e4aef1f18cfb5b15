// Package httpagent has claimed tasks done by an agent that answers HTTP: one POST of JSON
// for each piece of work, and its answer is the delivery. docs/workers.md describes what
// the agent sees.
package httpagent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

// Agent is where tasks are done.
type Agent struct {
	address *url.URL
	token   string
	keep    bool
	client  *http.Client
	sleep   func(context.Context, time.Duration) error
}

// New returns the agent at an http or https address. The token, unless it is "", goes to
// that address alone, as a bearer, and in clear only to this machine. With keep a task
// whose run is stopped goes on at the agent, for the next run to ask about; without it
// the agent is told to stop.
func New(address, token string, keep bool) (*Agent, error) {
	u, err := work.Address(address, token)
	if err != nil {
		return nil, err
	}
	return &Agent{address: u, token: token, keep: keep, client: work.Client(), sleep: work.Sleep}, nil
}

const (
	mostTries = 8
	// longestPause bounds what an answer's Retry-After asks for.
	longestPause = 5 * time.Minute
	cancelTime   = 5 * time.Second
)

// Do has the task done. While the agent cannot be reached, it is asked again under the
// same key. When ctx ends, the agent is told.
func (a *Agent) Do(ctx context.Context, t worker.Task) (worker.Result, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return worker.Result{}, err
	}
	r, err := a.persist(ctx, t, body)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil && !errors.As(err, new(refusal)) && (!a.keep || !errors.Is(err, worker.ErrStopped)) {
		a.cancel(ctx, t)
	}
	return r, err
}

// persist asks until there is a result, a refusal or the end of ctx.
func (a *Agent) persist(ctx context.Context, t worker.Task, body []byte) (worker.Result, error) {
	notes := &work.Notes{Task: t}
	failures := 0
	for {
		heard := false // progress, before the answer broke off
		out, err := a.once(ctx, t, body, func(p progress) {
			heard = true
			p.tell(ctx, notes)
		})
		pause := out.after
		switch {
		case err == nil && out.done:
			return out.result, nil
		case err == nil:
			failures = 0
		case !errors.As(err, new(passing)):
			return worker.Result{}, err
		default:
			if heard {
				failures = 0
			}
			if failures++; failures == mostTries {
				return worker.Result{}, fmt.Errorf("after %d tries: %w", mostTries, err)
			}
			pause = max(pause, time.Second<<(failures-1))
		}
		if a.sleep(ctx, min(pause, longestPause)) != nil {
			return worker.Result{}, context.Cause(ctx)
		}
	}
}

// once makes one request.
func (a *Agent) once(ctx context.Context, t worker.Task, body []byte, tell func(progress)) (outcome, error) {
	req, err := a.request(ctx, http.MethodPost, t, body)
	if err != nil {
		return outcome{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/x-ndjson, application/json, text/plain;q=0.9")
	res, err := a.client.Do(req)
	if err != nil {
		return outcome{}, passing{fmt.Errorf("the agent cannot be reached: %w", work.WithoutURL(err))}
	}
	defer func() { _ = res.Body.Close() }()
	return read(res, tell)
}

func (a *Agent) request(ctx context.Context, method string, t worker.Task, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, work.WithoutURL(err)
	}
	req.Header.Set("Idempotency-Key", t.Key())
	req.Header.Set("User-Agent", "pinchwork")
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	return req, nil
}

// cancel tells the agent that its result is of no use. It may not hear.
func (a *Agent) cancel(ctx context.Context, t worker.Task) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
	defer cancel()
	req, err := a.request(ctx, http.MethodDelete, t, nil)
	if err != nil {
		return
	}
	if res, err := a.client.Do(req); err == nil {
		_ = res.Body.Close()
	}
}

// passing is an error that another try may cure.
type passing struct{ error }

func (p passing) Unwrap() error { return p.error }

// refusal is an error that the agent itself has answered.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

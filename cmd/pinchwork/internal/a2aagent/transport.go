package a2aagent

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

// mostBytes bounds an answer, and what a stream brings before it is opened anew.
const mostBytes = 4 * (12*worker.MaxResult + 64<<10)

// transport gives the token to one origin, bounds answers, and tells refusals from trouble
// on the way, which the protocol's client does not.
type transport struct{ origin, token string }

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.token != "" && req.URL.Scheme+"://"+req.URL.Host == t.origin {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+t.token)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	var failed error
	switch code := res.StatusCode; {
	case code >= 300 && code < 400:
		failed = refusal{fmt.Errorf("the agent answered %d; redirects are not followed", code)}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		failed = refusal{fmt.Errorf("the agent answered %d; %s is what it gets as a bearer", code, work.TokenVariable)}
	case code == http.StatusTooManyRequests, code == http.StatusBadGateway,
		code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		failed = fmt.Errorf("the agent answered %d", code)
	}
	if failed != nil {
		_ = res.Body.Close()
		return nil, failed
	}
	res.Body = &bounded{ReadCloser: res.Body, left: mostBytes}
	return res, nil
}

var errTooLong = refusal{errors.New("the agent's answer is too long")}

type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// refusal is an error that no other try cures.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// passing is what the agent has said and may not say again.
type passing struct{ error }

func (p passing) Unwrap() error { return p.error }

// final reports whether the agent itself has said so.
func final(err error) bool {
	return errors.As(err, new(refusal)) || errors.As(err, new(*a2a.Error)) && !errors.As(err, new(passing))
}

// plain leaves out addresses, whose queries may hold secrets.
func plain(err error) error {
	var r refusal
	var said *a2a.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		return r
	case errors.As(err, &said):
		return errors.New("the agent said: " + work.Line(said.Error()))
	}
	if errors.As(err, new(*url.Error)) {
		return fmt.Errorf("the agent cannot be reached: %w", work.WithoutURL(err))
	}
	return err
}

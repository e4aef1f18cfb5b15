package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// longEnough is when a pause or an outage is worth a line.
const longEnough = 2 * time.Second

// outage tells of pauses that last, and of their end, once each.
type outage struct {
	note func(format string, args ...any)
	now  func() time.Time
	// demandsOnly leaves outages to others, and tells of the pauses alone that a server
	// asks for.
	demandsOnly bool

	mu    sync.Mutex
	since time.Time // zero while the server answers
	told  bool
}

// heard is for httpclient.WithObserver.
func (o *outage) heard(err error, again time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if err == nil {
		if o.told && !o.demandsOnly {
			o.note("the server answers again, after %v", now.Sub(o.since).Round(time.Second))
		}
		o.since, o.told = time.Time{}, false
		return
	}
	if o.since.IsZero() {
		o.since = now
	}
	demanded := retryAfter(err)
	if o.told || demanded == 0 && (o.demandsOnly || now.Add(again).Sub(o.since) < longEnough) || again < longEnough && demanded > 0 {
		return
	}
	o.told = true
	if demanded > 0 {
		o.note("%s; going on in %v, as the server asks", said(err), again.Round(time.Second))
		return
	}
	o.note("%s; trying again until it answers", said(err))
}

// watched is an option for clients whose user hears of outages.
func (a *app) watched() httpclient.Option {
	return httpclient.WithObserver(a.outage().heard)
}

func (a *app) outage() *outage { return &outage{note: a.note, now: time.Now} }

// absent is the error of a server that was asked without a client, in the client's words.
func absent(server string, err error) error {
	return &market.Error{
		Kind: market.ErrUnavailable, Code: market.CodeUnavailable,
		Message: "The server at " + server + " cannot be reached: " + lastCause(err), Cause: fmt.Errorf("%w: %w", httpclient.ErrUnreachable, err),
	}
}

// stranger is the error of a server that is another one.
func stranger(server, why string) error {
	return &market.Error{Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Message: "What is at " + server + " is no Pinchwork server: " + why}
}

// unchosen says how to have another server than the one that nobody has named.
func (a *app) unchosen(err error) string {
	switch {
	case !errors.Is(err, httpclient.ErrUnreachable):
	case a.used.unchosen:
		return chooseServer
	case a.used.fromEnv:
		return "the address is that of PINCHWORK_SERVER; unset it, or name another with --server"
	}
	return ""
}

const chooseServer = "start one with: pinchwork serve, or name another with --server or PINCHWORK_SERVER"

// retryAfter is the pause that a refusal asks for, 0 for none.
func retryAfter(err error) time.Duration {
	var refused *market.Error
	if errors.As(err, &refused) {
		return refused.RetryAfter
	}
	return 0
}

// later says when a refused call may be made again.
func later(err error) string {
	if after := retryAfter(err); after > 0 {
		return fmt.Sprintf("; try again in %v", after)
	}
	return ""
}

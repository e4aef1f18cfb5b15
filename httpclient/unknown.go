package httpclient

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/pinchwork/pinchwork/market"
)

// OutcomeUnknown is the error of a call that changes something, was sent, and
// got no answer that says whether it was done: all answers were lost, came from
// a proxy, or the server itself did not know. Find it with errors.As:
//
//	var unknown *httpclient.OutcomeUnknown
//	if errors.As(err, &unknown) && unknown.Key != "" {
//		ctx = market.WithIdempotencyKey(ctx, unknown.Key) // and call again
//	}
//
// A call of which nothing was sent, for example because the connection was
// refused, fails with another error.
type OutcomeUnknown struct {
	// Key is the idempotency key under which the call was sent. Called again with
	// the same input under this key within 24 hours, it is done once, and gives
	// the outcome of the first. Key is "" for calls that carry none: UpdateMe,
	// which may be repeated as it is, and Register, which makes another agent each
	// time.
	Key string
	// Err is what happened last: a *market.Error, or the error of the context
	// that ended the call.
	Err error
}

// Error says what happened last, and how the call can be repeated.
func (o *OutcomeUnknown) Error() string {
	text := o.Err.Error() + "; the outcome is unknown"
	if o.Key != "" {
		text += ", a repeat under the idempotency key " + o.Key + " is safe"
	}
	return text
}

// Unwrap gives errors.Is and errors.As the error underneath.
func (o *OutcomeUnknown) Unwrap() error { return o.Err }

// undone marks failures of calls that changed nothing, because nothing was sent
// or the answer says so.
type undone struct{ cause error }

func (u undone) Error() string { return u.cause.Error() }
func (u undone) Unwrap() error { return u.cause }

// leavesOpen reports whether a call that ended with err may have been done.
func leavesOpen(err error) bool {
	var refused *market.Error
	switch {
	case errors.As(err, new(undone)), !errors.As(err, &refused):
		return false
	case refused.Code == market.CodeStillUnderWay:
		return true
	case refused.Code == market.CodeContended, refused.Code == market.CodeWarming:
		return false
	}
	return errors.Is(err, market.ErrUnavailable)
}

// answers reports whether err is an answer to the call itself, which under an
// idempotency key takes an earlier attempt into account.
func answers(err error) bool {
	return !errors.Is(err, market.ErrUnavailable) && !errors.Is(err, market.ErrRateLimited)
}

// changes reports whether a repeated call could change something twice.
func (what call) changes() bool { return what.method != http.MethodGet && !what.reads }

// sending watches whether an attempt got as far as a connection.
type sending struct{ asked, connected atomic.Bool }

func (s *sending) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { s.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { s.connected.Store(true) },
	})
}

// failed is the error of the attempt, which got no answer for the reason err.
func (s *sending) failed(server string, err error) error {
	if !s.nothing(err) {
		return unanswered(server, err)
	}
	e := unreachable(server, err)
	e.Cause = undone{e.Cause}
	return e
}

// nothing reports whether the attempt that failed with err sent nothing. With a
// custom transport that does not report connections, only the error can tell.
func (s *sending) nothing(err error) bool {
	if s.connected.Load() {
		return false
	}
	var op *net.OpError
	return s.asked.Load() || errors.As(err, &op) && op.Op == "dial"
}

package httpclient

import (
	"net/http"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Option changes how a Client or an Admin works.
type Option func(*options)

type options struct {
	http        *http.Client
	agentID     market.AgentID
	userAgent   string
	timeout     time.Duration
	idle        time.Duration
	maxAttempts int
	maxDelay    time.Duration
	maxResponse int64
	observe     func(err error, again time.Duration)
}

// tell is for the observer, if there is one.
func (o *options) tell(err error, again time.Duration) {
	if o.observe != nil {
		o.observe(err, again)
	}
}

var sharedHTTP = &http.Client{Transport: defaultTransport()}

func defaults() options {
	return options{
		http: sharedHTTP, userAgent: "pinchwork-go", timeout: 30 * time.Second, idle: 45 * time.Second,
		maxAttempts: 4, maxDelay: 10 * time.Second, maxResponse: 64 << 20,
	}
}

// WithHTTPClient sends requests through c, for a transport of your own. Its
// CheckRedirect and Timeout are replaced. The default, also for nil, is shared
// by all Clients.
func WithHTTPClient(c *http.Client) Option {
	return func(o *options) {
		if c != nil {
			o.http = c
		}
	}
}

// WithAgentID says which agent the key belongs to, so that ID need not ask.
func WithAgentID(id market.AgentID) Option { return func(o *options) { o.agentID = id } }

// WithUserAgent replaces the User-Agent "pinchwork-go".
func WithUserAgent(s string) Option { return func(o *options) { o.userAgent = s } }

// WithTimeout limits each attempt of a call; default 30 s. A call that waits
// for a delivery gets that much beyond its wait; event streams have no limit.
func WithTimeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// WithIdleTimeout is the silence after which an event stream counts as dead and
// is connected again; default 45 s. Servers send a comment every 15 s.
func WithIdleTimeout(d time.Duration) Option { return func(o *options) { o.idle = d } }

// WithAttempts is how often a call is tried at most; default 4, and 1 for no
// repeat.
func WithAttempts(n int) Option { return func(o *options) { o.maxAttempts = max(n, 1) } }

// WithMaxDelay is the longest pause before another attempt; default 10 s. A
// server that asks for a longer one (Retry-After) is not asked again: the call
// fails with that time in Error.RetryAfter.
func WithMaxDelay(d time.Duration) Option { return func(o *options) { o.maxDelay = d } }

// WithMaxResponse is the largest answer that is read, in bytes; default 64 MiB.
func WithMaxResponse(n int64) Option { return func(o *options) { o.maxResponse = n } }

// WithObserver calls f with each failed attempt of a call or an event stream that is
// followed by another after so long, and with nil after each attempt that succeeded. It
// is called from several goroutines at once, must return soon, and is not for the last
// failure, which is the call's own error.
func WithObserver(f func(err error, again time.Duration)) Option {
	return func(o *options) { o.observe = f }
}

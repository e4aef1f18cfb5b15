package httpserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Options of a Server. The zero value works.
type Options struct {
	// AdminKey opens the admin routes; without one they answer 501. It must be
	// printable ASCII without spaces. A blank one that is not empty is refused,
	// and a program that reads it from its environment should refuse a variable
	// that is set but empty (rule 15.1).
	AdminKey string
	// Limits are DefaultLimits where zero.
	Limits Limits
	// TrustedProxies are the addresses whose X-Forwarded-For, -Proto and -Host
	// are believed; none by default.
	TrustedProxies []netip.Prefix
	// PublicURL is the address at which clients reach the mount point, such as
	// "https://pinchwork.dev". Without it the address is taken from each request.
	PublicURL string
	// Logger gets one line per request and one per failure, never a key, a text
	// or a query; silent when nil.
	Logger *slog.Logger
	// Telemetry takes the providers for metrics and traces of requests; off where
	// nil. A span is made below the one in the request's context, if there is any.
	Telemetry market.Telemetry
	// Version is shown by /v1/capabilities; "dev" when empty.
	Version string
	// Timeout bounds each request except for waiting and streaming, so that an
	// unreachable store leads to a 503; default 4.5 s, negative for none.
	Timeout time.Duration
	// MaxBodyBytes is the largest request body; DefaultMaxBodyBytes when 0.
	MaxBodyBytes int64
	// Pages makes the handler of every path outside /v1, /health and /readyz. It
	// is called once, by New. Without it those paths are 404.
	Pages func(*Server) http.Handler
}

// DefaultMaxBodyBytes is the largest request body by default: room for the
// largest texts, however they are encoded.
const DefaultMaxBodyBytes = 8 << 20

const defaultTimeout = 4500 * time.Millisecond

func (o Options) filledIn() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBodyBytes == 0 {
		o.MaxBodyBytes = DefaultMaxBodyBytes
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	return o
}

func (o *Options) check() error {
	if o.AdminKey != "" && !printable(o.AdminKey) {
		return errors.New("httpserver: the admin key must be printable ASCII without spaces")
	}
	if o.MaxBodyBytes < 0 {
		return errors.New("httpserver: the largest body must not be negative")
	}
	if o.PublicURL == "" {
		return nil
	}
	if !plainURL.MatchString(o.PublicURL) {
		return fmt.Errorf("httpserver: the public URL must look like https://example.com or https://example.com/path, not %q", o.PublicURL)
	}
	return nil
}

// printable reports whether s can be a bearer token: visible ASCII only.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

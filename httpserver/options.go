package httpserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
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
	// Volatile says in /v1/capabilities that the market's store keeps nothing beyond the
	// program, so that clients whose keys are refused know why.
	Volatile bool
	// Authenticate, when set, says which agent calls: that of a session of the host
	// program, for example, which Market.Ensure knows by the user's id. It is asked on
	// the routes of agents, before anything else is known of the request, with the
	// request's time limit in its context; it must not read the body. With "" and no
	// error the request is taken by its API key, unless NoKeys is set. An error that
	// is a *market.Error is answered as such; of any other the client hears 401, and
	// the log the rest. A browser sends cookies along with other sites' forms too: a
	// program whose sessions are cookies sets them SameSite, or asks for more here.
	Authenticate func(r *http.Request) (market.AgentID, error)
	// NoKeys takes no API keys of agents: Authenticate alone says who calls, and has to
	// be set. The route "register", which hands out keys, may be switched off with Off.
	NoKeys bool
	// Off are names of routes (Route.Name) that this server does not have: they are
	// 404, and in no document. New refuses an unknown name.
	Off []string
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
	// Doors are the ways in of other protocols, such as package mcpserver's.
	Doors []Door
	// Pages makes the handler of every path outside /v1, /health, /readyz and Doors. It
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

// Validate says what New would refuse in the options themselves, for a program that wants
// to know before it opens a store.
func (o Options) Validate() error {
	filled := o.filledIn()
	return filled.check()
}

func (o *Options) check() error {
	if o.AdminKey != "" && !printable(o.AdminKey) {
		return errors.New("httpserver: the admin key must be printable ASCII without spaces")
	}
	if o.MaxBodyBytes < 0 {
		return errors.New("httpserver: the largest body must not be negative")
	}
	if o.NoKeys && o.Authenticate == nil {
		return errors.New("httpserver: without keys nobody can call: NoKeys needs Authenticate")
	}
	for _, name := range o.Off {
		if !slices.ContainsFunc(table, func(r Route) bool { return r.Name == name }) {
			return fmt.Errorf("httpserver: there is no route %q to switch off", name)
		}
	}
	if err := o.checkDoors(); err != nil {
		return err
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

package notify

import (
	"errors"
	"net"
	"net/http"
	"net/netip"

	"code.dny.dev/ssrf"
)

// azurePlatform is a public address that answers, inside Azure, as the host's
// own platform.
var azurePlatform = netip.MustParsePrefix("168.63.129.16/32")

// guard refuses, after resolving, whatever is not public.
var guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azurePlatform))

// newTransport returns a transport that opens a connection of its own for each
// attempt, so that the guard looks at every one, and that no proxy of the
// environment takes away from the guard. With private, it goes anywhere.
// The resolver is the system's when nil.
func newTransport(private bool, resolver *net.Resolver) *http.Transport {
	// The request's deadline bounds the dialer too.
	dialer := &net.Dialer{KeepAlive: -1, Resolver: resolver}
	if !private {
		dialer.Control = guard.Safe
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// newClient returns a client that follows no redirect.
func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guarded tells errors of the dialer's guard.
func guarded(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) ||
		errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrInvalidHostPort)
}

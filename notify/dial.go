package notify

import (
	"errors"
	"net"
	"net/http"
	"net/netip"

	"code.dny.dev/ssrf"
)

// azurePlatform is a public address at which, inside Azure, the host's platform
// answers.
var azurePlatform = netip.MustParsePrefix("168.63.129.16/32")

// guard refuses addresses that are not public, after the host name was
// resolved.
var guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azurePlatform))

// newTransport returns a transport that opens a connection of its own for each
// attempt, so that the guard checks every one, and that ignores proxies of the
// environment, which would bypass the guard. With private, any address is
// allowed. A nil resolver is the system's.
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

// guarded reports whether an error comes from the dialer's guard.
func guarded(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) ||
		errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrInvalidHostPort)
}

package notify

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// azurePlatform is a public address that answers, inside Azure, as the host's
// own platform.
var azurePlatform = netip.MustParsePrefix("168.63.129.16/32")

// newTransport returns a transport that opens a connection of its own for each
// attempt, so that the guard looks at every one, and that no proxy of the
// environment takes away from the guard. With private, it goes anywhere.
func newTransport(private bool) *http.Transport {
	// Deadlines are the request's: without one of its own, the dialer does not
	// race two.
	dialer := &net.Dialer{KeepAlive: -1}
	if !private {
		dialer.Control = ssrf.New(ssrf.WithDeniedV4Prefixes(azurePlatform)).Safe
	}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
		ExpectContinueTimeout:  time.Second,
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

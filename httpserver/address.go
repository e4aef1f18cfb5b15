package httpserver

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress is the address of the client: the peer, or what trusted proxies
// say in X-Forwarded-For, read from the right up to the first address that is
// not a trusted proxy (rule 14.5). It is the zero Addr where the peer has none,
// as on a Unix socket.
func (s *Server) ClientAddress(r *http.Request) netip.Addr {
	peer := parseAddress(r.RemoteAddr)
	if !s.trusted(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(peer); i-- {
		hop := parseAddress(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		peer = hop
	}
	return peer
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, prefix := range s.proxies {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// parseAddress reads an address with or without a port.
func parseAddress(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// ClientBucket names the client for limits and counts: its IPv4 address, or its
// IPv6 /64 network.
func (s *Server) ClientBucket(r *http.Request) string { return addressBucket(s.ClientAddress(r)) }

// addressBucket names the bucket of an address. An IPv6 customer has at least a
// /64, so all addresses of a /64 share a bucket.
func addressBucket(a netip.Addr) string {
	if a.Is6() {
		if network, err := a.Prefix(64); err == nil {
			return network.String()
		}
	}
	return a.String()
}

package httpserver

import (
	"net/netip"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// probe reports whether a path is asked by supervisors all the time.
func probe(path string) bool { return path == "/health" || path == "/readyz" }

const (
	// maxLoggedParts and maxLoggedPart, in bytes, are more than any path of ours has.
	maxLoggedParts = 8
	maxLoggedPart  = 80
	hidden         = "(hidden)"
)

// loggedPath is a request's path for the log. A path may contain anything, even a key
// that somebody put there by mistake: such a part is hidden. What is no plain text is
// escaped by the log itself.
func (s *Server) loggedPath(path string) string {
	if key := s.options.AdminKey; key != "" {
		path = strings.ReplaceAll(path, key, hidden)
	}
	secret := strings.Contains(path, keyPrefix) || strings.Contains(path, market.OperatorKeyPrefix)
	if secret || len(path) > maxLoggedPart {
		parts := strings.SplitN(path, "/", maxLoggedParts)
		for i, part := range parts {
			if len(part) > maxLoggedPart || strings.Contains(part, keyPrefix) || strings.Contains(part, market.OperatorKeyPrefix) {
				parts[i] = hidden
			}
		}
		path = strings.Join(parts, "/")
	}
	return strings.ToValidUTF8(path, "?")
}

// addressText is a client's address for the log, "" where it has none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

package httpserver

import (
	"net/http"
	"strings"
)

// BaseURL is the address of the mount point as the client of r sees it, without
// a trailing slash: Options.PublicURL, or else scheme and host of the request
// and the prefix that was stripped from its path.
func (s *Server) BaseURL(r *http.Request) string {
	if s.options.PublicURL != "" {
		return s.options.PublicURL
	}
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if s.trusted(parseAddress(r.RemoteAddr)) {
		if proto := firstOf(r.Header.Get("X-Forwarded-Proto")); proto == "http" || proto == "https" {
			scheme = proto
		}
		if forwarded := firstOf(r.Header.Get("X-Forwarded-Host")); forwarded != "" {
			host = forwarded
		}
	}
	return scheme + "://" + host + mountPrefix(r)
}

func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(first)
}

// mountPrefix is what handlers above have cut off the path.
func mountPrefix(r *http.Request) string {
	whole, _, _ := strings.Cut(r.RequestURI, "?")
	prefix, cut := strings.CutSuffix(whole, r.URL.EscapedPath())
	if !cut || !strings.HasPrefix(prefix, "/") {
		return ""
	}
	return strings.TrimRight(prefix, "/")
}

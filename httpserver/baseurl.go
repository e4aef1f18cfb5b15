package httpserver

import (
	"net/http"
	"regexp"
	"strings"
)

// A plain address has no character that means something to a shell, to markup or
// to a reader. net/http allows quotes, dollars and brackets in a Host.
const (
	hostPattern = `([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?`
	pathPattern = `(/[A-Za-z0-9._~%-]+)*`
)

var (
	plainHost = regexp.MustCompile(`^` + hostPattern + `$`)
	plainPath = regexp.MustCompile(`^` + pathPattern + `$`)
	plainURL  = regexp.MustCompile(`^https?://` + hostPattern + pathPattern + `$`)
)

// BaseURL is the address of the mount point as the client of r sees it, without
// a trailing slash: Options.PublicURL, or else scheme and host of the request
// and the prefix that was stripped from its path. The client chooses the host,
// and others may read a page made with it, so a host that is not a plain
// host[:port] is never returned; the address is then "". A request that names no
// host has the prefix alone.
func (s *Server) BaseURL(r *http.Request) string {
	base, err := s.baseURL(r)
	if err != nil {
		return ""
	}
	return base
}

func (s *Server) baseURL(r *http.Request) (string, error) {
	if s.options.PublicURL != "" {
		return s.options.PublicURL, nil
	}
	prefix := mountPrefix(r)
	if !plainPath.MatchString(prefix) {
		return "", errNoRoute
	}
	scheme, host, header := s.asked(r)
	switch {
	case host == "":
		return prefix, nil
	case !plainHost.MatchString(host):
		return "", invalid(header, "must be a host name or an address, with or without a port")
	}
	return scheme + "://" + host + prefix, nil
}

// asked is the scheme and the host that the client asked for, and the header
// that says so. Forwarded headers count only from trusted proxies.
func (s *Server) asked(r *http.Request) (scheme, host, header string) {
	scheme, host, header = "http", r.Host, "Host"
	if r.TLS != nil {
		scheme = "https"
	}
	if !s.trusted(parseAddress(r.RemoteAddr)) {
		return scheme, host, header
	}
	if proto := firstOf(r.Header.Get("X-Forwarded-Proto")); proto == "http" || proto == "https" {
		scheme = proto
	}
	if forwarded := firstOf(r.Header.Get("X-Forwarded-Host")); forwarded != "" {
		host, header = forwarded, "X-Forwarded-Host"
	}
	return scheme, host, header
}

func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(first)
}

// mountPrefix is what outer handlers have stripped from the path.
func mountPrefix(r *http.Request) string {
	whole, _, _ := strings.Cut(r.RequestURI, "?")
	prefix, cut := strings.CutSuffix(whole, r.URL.EscapedPath())
	if !cut || !strings.HasPrefix(prefix, "/") {
		return ""
	}
	return strings.TrimRight(prefix, "/")
}

package httpclient

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

var _ market.AgentAPI = (*Client)(nil)

// Client is one agent's access to a remote marketplace. It is safe for
// concurrent use; the connections are shared by all Clients with the same
// http.Client.
type Client struct {
	caller
	id *atomic.Pointer[market.AgentID]
}

// New returns a Client for the marketplace at baseURL, an http or https URL. A
// path in it is kept, so that a marketplace mounted under a prefix is reached
// as "https://example.com/market". New makes no request; a malformed URL or key
// is an ErrInvalid.
//
// With an empty key only the public calls work: Register, Agent, Agents and Tags.
func New(baseURL string, key market.APIKey, opts ...Option) (*Client, error) {
	c, err := newCaller(baseURL, string(key), opts)
	if err != nil {
		return nil, err
	}
	client := &Client{caller: c, id: new(atomic.Pointer[market.AgentID])}
	client.id.Store(&c.options.agentID)
	return client, nil
}

// caller sends requests to one server with one bearer token.
type caller struct {
	base    *url.URL
	token   string
	http    *http.Client
	options options
}

func newCaller(baseURL, token string, opts []Option) (caller, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return caller{}, err
	}
	if !isToken(token) {
		return caller{}, invalid("key", "must be printable ASCII without spaces")
	}
	o := defaults()
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return caller{base: base, token: token, http: confined(o.http), options: o}, nil
}

func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, invalid("server", "is not a URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.Hostname() == "":
		return nil, invalid("server", "must be a URL like https://example.com")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, invalid("server", "must have no user, query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// NormalizeURL returns the form in which two base URLs of the same server are
// equal: lower-case scheme and host, no default port, no trailing slash. A URL
// that New would refuse is an ErrInvalid.
func NormalizeURL(baseURL string) (string, error) {
	u, err := parseBase(baseURL)
	if err != nil {
		return "", err
	}
	return origin(u) + u.EscapedPath(), nil
}

// origin is scheme, host and port in a canonical form.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	host := net.JoinHostPort(strings.ToLower(u.Hostname()), port)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	return u.Scheme + "://" + host
}

func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// confined returns the http.Client with redirects confined to the origin of
// the first request, and to reads: a key must not travel, and a POST must not
// turn into a GET.
func confined(c *http.Client) *http.Client {
	own := *c
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		first := via[0]
		if req.Method != http.MethodGet || first.Method != http.MethodGet ||
			origin(req.URL) != origin(first.URL) || len(via) >= maxRedirects {
			return http.ErrUseLastResponse
		}
		return nil
	}
	own.Timeout = 0 // each attempt has its own, which allows for waiting
	return &own
}

const maxRedirects = 5

func invalid(field, format string, args ...any) *market.Error {
	return &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Field: field, Message: field + ": " + fmt.Sprintf(format, args...)}
}

// Server returns the normalized base URL (see NormalizeURL).
func (c *caller) Server() string { return origin(c.base) + c.base.EscapedPath() }

func defaultTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	t.ResponseHeaderTimeout = 0
	t.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	return t
}

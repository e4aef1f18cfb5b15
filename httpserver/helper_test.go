package httpserver

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func newRequest(peer, forwarded string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/v1/agents", nil)
	r.RemoteAddr = peer
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	return r
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

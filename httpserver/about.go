package httpserver

import (
	"net/http"

	"github.com/pinchwork/pinchwork/market"
)

// What documents say about a server.

// Limit returns the rate limit of a class on this server, Unlimited for one that there
// is not.
func (s *Server) Limit(class Class) Limit {
	if l, known := s.limits[class]; known {
		return l
	}
	return Unlimited
}

// MaxBodyBytes returns the size of the largest body that this server takes.
func (s *Server) MaxBodyBytes() int64 { return s.options.MaxBodyBytes }

// StatusOf returns the HTTP status of refusals with this code, 500 for one that is not in
// market.Codes.
func StatusOf(code market.Code) int {
	kind := code.Kind()
	if kind == nil {
		return http.StatusInternalServerError
	}
	status, _ := explain(&market.Error{Kind: kind, Code: code})
	return status
}

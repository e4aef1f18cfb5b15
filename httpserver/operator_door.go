package httpserver

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"

	"github.com/pinchwork/pinchwork/market"
)

// HasAdmin reports whether the server has an admin key.
func (s *Server) HasAdmin() bool { return s.adminKey != nil }

// AdmitOperator admits an operator who sent a key in another way than the header, under
// the same limits as the admin routes, and returns whose key it is. What the operator
// then does is done with market.WithOperator; that its key has not been revoked since is
// asked with market.Market.OperatorNamed. Errors: ErrNotConfigured if the server has no
// admin key, ErrForbidden for a wrong one, ErrUnauthorized for an operator's key that is
// unknown or was revoked, ErrRateLimited, ErrUnavailable.
func (s *Server) AdmitOperator(w http.ResponseWriter, r *http.Request, key string) (market.Operator, error) {
	if s.adminKey == nil {
		return market.Operator{}, errAdminOff
	}
	c := s.callOf(w, r)
	o, err := s.admitAdminKey(c, key)
	c.own().operator = o.Name
	return o, err
}

// loginsPerGuess is how many login forms an address may send for each wrong key
// that it may try, so that guesses from the same address do not lock out the
// operator.
const loginsPerGuess = 10

// ChargeLogin charges the client address for an attempt to log in, before
// anything of its form is read.
func (s *Server) ChargeLogin(w http.ResponseWriter, r *http.Request) error {
	c := s.callOf(w, r)
	if s.charges[ClassAdmin] == nil {
		return nil
	}
	charge := *s.charges[ClassAdmin]
	charge.Every, charge.Burst = charge.Every/loginsPerGuess, charge.Burst*loginsPerGuess
	charge.Bucket = "admin-login:" + s.ClientBucket(r)
	return s.take(c, charge)
}

// ChargeOperator charges a request of an operator who was let in before: what reads as a
// read, what acts as the admin routes do.
func (s *Server) ChargeOperator(w http.ResponseWriter, r *http.Request, o market.Operator) error {
	c := s.callOf(w, r)
	c.own().operator = o.Name
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return s.charge(c, ClassRead, "operator-reads:"+o.Name)
	}
	return s.chargeOperator(c, o)
}

// ChargeVisitor charges the client address for a public read.
func (s *Server) ChargeVisitor(w http.ResponseWriter, r *http.Request) error {
	return s.chargeAddress(s.callOf(w, r), ClassRead, ClassRead)
}

// ChargeRegistration charges the client address for making an agent, as the API does.
func (s *Server) ChargeRegistration(w http.ResponseWriter, r *http.Request) error {
	return s.chargeAddress(s.callOf(w, r), ClassRegister, ClassRegister)
}

// Visit is the market as an agent sees it that a page has admitted otherwise than by a
// key in the header: what Agent is to a Door, for the time of the request.
func (s *Server) Visit(w http.ResponseWriter, r *http.Request, id market.AgentID) market.AgentAPI {
	s.callOf(w, r).own().agent = id
	return &visitor{server: s, id: id, as: s.as(id), request: r.Context(), call: w.Header().Get("X-Request-Id")}
}

func (s *Server) callOf(w http.ResponseWriter, r *http.Request) *call {
	// The answer is paced by the call that the request came in with.
	return &call{ResponseWriter: w, server: s, request: r, id: w.Header().Get("X-Request-Id"), ctx: r.Context(), ownPace: true}
}

// AdminSecret is a secret of 32 bytes that all servers with this admin key
// share and from which the key cannot be found. Each purpose has its own. It is
// nil without a key.
func (s *Server) AdminSecret(purpose string) []byte {
	if s.adminKey == nil {
		return nil
	}
	mac := hmac.New(sha256.New, s.adminKey[:])
	mac.Write([]byte("pinchwork " + purpose))
	return mac.Sum(nil)
}

// NoPage refuses a request for which there is no page, as JSON or markdown.
func (s *Server) NoPage(w http.ResponseWriter, r *http.Request) {
	c := s.callOf(w, r)
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads || s.nearby(r.Method, r.URL.Path, true) != "" {
		c.fail(s.noRoute(r.Method, r.URL.Path))
		return
	}
	w.Header().Set("Allow", "GET, HEAD")
	c.fail(refuse(market.CodeMethodNotAllowed, "Method not allowed here, use GET, HEAD"))
}

// Explain returns the status and the words with which the server refuses with
// an error.
func Explain(err error) (status int, message string) {
	status, refusal := explain(err)
	return status, refusal.Message
}

// Closing ends when Close is called, for streams outside the API.
func (s *Server) Closing() context.Context { return s.streams }

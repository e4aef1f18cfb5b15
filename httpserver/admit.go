package httpserver

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// admit finds out who calls and charges the call's rate limit.
func (s *Server) admit(c *call) error {
	switch c.route.Caller {
	case CallerAgent:
		return s.admitAgent(c)
	case CallerAdmin:
		return s.admitAdmin(c)
	default:
		return s.chargeAddress(c, c.route.Limit, c.route.Limit)
	}
}

var (
	errNoKey    = refuse(market.CodeUnauthorized, "Missing or malformed key: send the header Authorization: Bearer <key>")
	errAdminOff = refuse(market.CodeNotConfigured, "The admin API is off: this server has no admin key")
	errWrongKey = refuse(market.CodeForbidden, "Wrong admin key")
)

func (s *Server) admitAgent(c *call) error {
	known, err := s.authenticated(c)
	switch {
	case err != nil:
		return err
	case known:
		return nil
	}
	key, err := bearer(c.request)
	if err != nil {
		return err
	}
	charge := s.charges[c.route.Limit]
	id, got, err := s.market.Admit(c.ctx, market.APIKey(key), charge)
	c.agent = id
	if charge != nil && (err == nil || errors.Is(err, market.ErrRateLimited)) {
		c.showLimit(charge.Burst, got)
	}
	if errors.Is(err, market.ErrUnauthorized) {
		return cmp.Or(s.chargeGuess(c), err)
	}
	return err
}

// chargeGuess charges the client address for an unknown key, from a bucket
// apart from its public reads. Agents at the same address are not affected.
func (s *Server) chargeGuess(c *call) error {
	err := s.chargeAddress(c, ClassRead, "unknown-key")
	if err == nil {
		c.hideLimit() // it is not the caller's
	}
	return err
}

// admitAdmin charges wrong keys apart from right ones, so that guessing cannot
// use up the operators' calls.
func (s *Server) admitAdmin(c *call) error {
	if s.adminKey == nil {
		return errAdminOff
	}
	key, err := bearer(c.request)
	if err != nil {
		return err
	}
	o, err := s.admitAdminKey(c, key)
	c.operator = o.Name
	c.become(o)
	return err
}

// become makes the call one of the operator's.
func (c *call) become(o market.Operator) {
	c.ctx, c.unlimited = market.WithOperator(c.ctx, o), market.WithOperator(c.unlimited, o)
}

// admitAdminKey finds the operator of a key. Each has a bucket of its own.
func (s *Server) admitAdminKey(c *call, key string) (market.Operator, error) {
	if s.isAdminKey(key) {
		return market.Root(), s.chargeOperator(c, market.Root())
	}
	refusal := error(errWrongKey)
	if strings.HasPrefix(key, market.OperatorKeyPrefix) {
		o, err := s.market.AdmitOperator(c.ctx, market.OperatorKey(key))
		if err == nil {
			return o, s.chargeOperator(c, o)
		}
		if !errors.Is(err, market.ErrUnauthorized) {
			return market.Operator{}, err
		}
		refusal = err
	}
	if err := s.chargeAddress(c, ClassAdmin, "admin-denied"); err != nil {
		return market.Operator{}, err
	}
	return market.Operator{}, refusal
}

func (s *Server) chargeOperator(c *call, o market.Operator) error {
	if o.Role == market.OperatorRoot {
		return s.charge(c, ClassAdmin, string(ClassAdmin))
	}
	return s.charge(c, ClassAdmin, string(ClassAdmin)+":"+o.Name)
}

// isAdminKey compares digests in constant time.
func (s *Server) isAdminKey(key string) bool {
	digest := sha256.Sum256([]byte(key))
	return s.adminKey != nil && subtle.ConstantTimeCompare(digest[:], s.adminKey[:]) == 1
}

// bearer takes the token out of the Authorization header.
func bearer(r *http.Request) (string, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || !printable(token) {
		return "", errNoKey
	}
	return token, nil
}

// chargeAddress charges the client address for a call of the class, from a
// bucket with the given name.
func (s *Server) chargeAddress(c *call, class, bucket Class) error {
	if s.charges[class] == nil {
		return nil
	}
	return s.charge(c, class, string(bucket)+":"+addressBucket(s.ClientAddress(c.request)))
}

// charge lets the call pass when the limiter cannot be reached: a limit should
// protect the service, not stop it.
func (s *Server) charge(c *call, class Class, bucket string) error {
	if s.charges[class] == nil {
		return nil
	}
	charge := *s.charges[class]
	charge.Bucket = bucket
	return s.take(c, charge)
}

// take charges for a call.
func (s *Server) take(c *call, charge market.Charge) error {
	got, err := s.market.Charge(c.ctx, charge)
	if err != nil && !errors.Is(err, market.ErrRateLimited) {
		c.own().unpaid = cause(err)
		return nil
	}
	c.showLimit(charge.Burst, got)
	if err == nil && !got.Allowed {
		refusal := refuse(market.CodeRateLimited, "Too many requests, slow down")
		refusal.RetryAfter = got.RetryAfter
		return refusal
	}
	return err
}

// cause is what the log should say about an error.
func cause(err error) error {
	var refusal *market.Error
	if errors.As(err, &refusal) && refusal.Cause != nil {
		return refusal.Cause
	}
	return err
}

func (c *call) showLimit(limit int, got market.Admitted) {
	h, v := c.Header(), [3]string{
		strconv.Itoa(limit), strconv.Itoa(max(got.Remaining, 0)), strconv.Itoa(seconds(got.ResetAfter)),
	}
	h["Ratelimit-Limit"], h["Ratelimit-Remaining"], h["Ratelimit-Reset"] = v[0:1:1], v[1:2:2], v[2:3:3]
}

func (c *call) hideLimit() {
	for _, name := range []string{"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"} {
		delete(c.Header(), name)
	}
}

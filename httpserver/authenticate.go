package httpserver

import (
	"cmp"
	"errors"
	"log/slog"

	"github.com/pinchwork/pinchwork/market"
)

var errNobody = refuse(market.CodeUnauthorized, "You are not signed in")

// authenticated asks the host program who calls, and admits that agent. It reports
// whether the host knew; else the call is taken by its key.
func (s *Server) authenticated(c *call) (known bool, err error) {
	ask := s.options.Authenticate
	if ask == nil {
		return false, nil
	}
	id, err := ask(c.request.WithContext(c.ctx))
	switch {
	case err != nil:
		return false, s.unauthenticated(c, err)
	case id != "":
		return true, s.admitKnown(c, id)
	case s.options.NoKeys:
		return false, cmp.Or(s.chargeGuess(c), error(errNobody))
	}
	return false, nil
}

// admitKnown admits an agent that the host has named, under the limit that it has
// with its key.
func (s *Server) admitKnown(c *call, id market.AgentID) error {
	charge := s.charges[c.route.Limit]
	got, err := s.market.AdmitAgent(c.ctx, id, charge)
	if got.Agent != nil {
		c.agent = id
	}
	if charge != nil && (err == nil || errors.Is(err, market.ErrRateLimited)) {
		c.showLimit(charge.Burst, got)
	}
	return err
}

// unauthenticated is the refusal for an error of the host's. Whoever tries sessions
// is limited as one who tries keys.
func (s *Server) unauthenticated(c *call, err error) error {
	var refusal *market.Error
	if errors.As(err, &refusal) && !errors.Is(err, market.ErrUnauthorized) {
		return err
	}
	if refusal == nil {
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		s.log.LogAttrs(c.ctx, slog.LevelInfo, "not authenticated", slog.String("request_id", c.id), slog.Any("error", err))
		err = errNobody
	}
	return cmp.Or(s.chargeGuess(c), err)
}

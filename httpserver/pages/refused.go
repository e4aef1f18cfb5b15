package pages

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// refused turns the market's refusals into pages.
func (p *pages) refused(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, market.ErrNotFound):
		p.render(w, r, http.StatusNotFound, "missing", "Not found", nil)
	case errors.Is(err, market.ErrRateLimited):
		retryAfter(w, err)
		p.render(w, r, http.StatusTooManyRequests, "slow", "Too many requests", comeBack(err))
	case errors.Is(err, market.ErrUnavailable), !errors.As(err, new(*market.Error)):
		p.away(w, r)
	default:
		status, message := httpserver.Explain(err)
		retryAfter(w, err)
		p.render(w, r, status, "invalid", "That does not work", message)
	}
}

// retryAfter says when it is worth trying again, where the refusal does.
func retryAfter(w http.ResponseWriter, err error) {
	var refusal *market.Error
	if errors.As(err, &refusal) && refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
	}
}

// comeBack says in how long a limit lets the next request pass.
func comeBack(err error) string {
	var refusal *market.Error
	if !errors.As(err, &refusal) || refusal.RetryAfter <= 0 {
		return "a minute"
	}
	return span(refusal.RetryAfter.Truncate(time.Second) + time.Second)
}

package pages

import (
	"errors"
	"net/http"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// refused turns the market's refusals into pages.
func (p *pages) refused(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, market.ErrNotFound):
		p.render(w, r, http.StatusNotFound, "missing", "Not found", nil)
	case errors.Is(err, market.ErrUnavailable), !errors.As(err, new(*market.Error)):
		p.away(w, r)
	default:
		status, message := httpserver.Explain(err)
		p.render(w, r, status, "invalid", "That does not work", message)
	}
}

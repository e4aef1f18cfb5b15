package pages

import (
	"errors"
	"net/http"

	"github.com/pinchwork/pinchwork/market"
)

// refused turns the market's refusals into pages.
func (p *pages) refused(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, market.ErrNotFound):
		p.render(w, r, http.StatusNotFound, "missing", "Not found", nil)
	case errors.Is(err, market.ErrInvalid):
		p.render(w, r, http.StatusBadRequest, "invalid", "That does not work", err.Error())
	default:
		p.away(w, r)
	}
}

package httpserver

import "github.com/pinchwork/pinchwork/market"

// Health is the answer of /health and /readyz.
type Health struct {
	Status string `json:"status"` // "ok"
}

// health is about the process alone, for supervisors that restart it.
func health(*call) (Health, error) { return Health{"ok"}, nil }

// ready also asks the market and its store, for load balancers that route
// requests.
func ready(c *call) (Health, error) {
	if c.server.leaving.Load() {
		return Health{}, errLeaving
	}
	return Health{"ok"}, c.server.market.Ready(c.ctx)
}

var errLeaving = refuse(market.CodeUnavailable, "The server is about to end; it answers until then")

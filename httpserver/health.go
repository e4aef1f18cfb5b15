package httpserver

// Health is the answer of /health and /readyz.
type Health struct {
	Status string `json:"status"` // "ok"
}

// health is about the process alone: whoever restarts processes asks it.
func health(*call) (Health, error) { return Health{"ok"}, nil }

// ready asks the market, and with it the store: whoever routes requests asks it.
func ready(c *call) (Health, error) { return Health{"ok"}, c.server.market.Ready(c.ctx) }

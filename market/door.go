package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/mirror"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Admit finds the agent of an API key and charges a rate limit to it, in one
// round trip. A nil charge charges nothing. Admitted is also filled in when the
// error is ErrRateLimited.
//
// Errors: ErrUnauthorized, ErrSuspended, ErrRateLimited, ErrUnavailable.
func (m *Market) Admit(ctx context.Context, key APIKey, charge *Charge) (AgentID, Admitted, error) {
	digest := key.Digest()
	a, err := m.store.Admit(ctx, store.Admission{Now: m.now(), Key: &digest, Charge: charge})
	a.Agent = ownAgent(a.Agent)
	switch {
	case err != nil:
		return "", a, known(ctx, err)
	case a.Agent == nil:
		return "", a, rules.Refuse(CodeUnauthorized, "Invalid API key")
	case a.Agent.Suspended:
		return "", a, rules.Refuse(CodeSuspended, "Agent suspended")
	case !a.Allowed:
		return a.Agent.ID, a, rateLimited(a.RetryAfter)
	}
	return a.Agent.ID, a, nil
}

// Charge charges a rate limit that belongs to no agent, such as a client
// address. Errors: ErrRateLimited, ErrUnavailable.
func (m *Market) Charge(ctx context.Context, charge Charge) (Admitted, error) {
	a, err := m.store.Admit(ctx, store.Admission{Now: m.now(), Charge: &charge})
	switch {
	case err != nil:
		return a, known(ctx, err)
	case !a.Allowed:
		return a, rateLimited(a.RetryAfter)
	}
	return a, nil
}

func rateLimited(after time.Duration) *Error {
	err := rules.Refuse(CodeRateLimited, "Rate limit exceeded")
	err.RetryAfter = after
	return err
}

// Ready returns nil when the store answers and the board is loaded, and
// ErrUnavailable otherwise. It says in the log when the store's clock and the
// market's differ by more than two seconds.
func (m *Market) Ready(ctx context.Context) error {
	at, err := m.store.Ping(ctx)
	if err != nil {
		return known(ctx, err)
	}
	m.checkSkew(ctx, at)
	if m.mirror.IsLoading() {
		return mirror.Warming()
	}
	return nil
}

// maxSkew is how far clocks may differ before the log says so.
const maxSkew = 2 * time.Second

func (m *Market) checkSkew(ctx context.Context, at time.Time) {
	if at.IsZero() {
		return
	}
	if skew := m.now().Sub(at); skew > maxSkew || skew < -maxSkew {
		m.log.WarnContext(ctx, "this process's clock and the store's differ: timers fire early or late by as much", "skew", skew)
	}
}

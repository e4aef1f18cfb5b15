package market

import (
	"context"
	"errors"
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
	a, err := m.admit(ctx, store.Admission{Now: m.now(), Key: &digest, Charge: charge}, "Invalid API key")
	if a.Agent == nil || errors.Is(err, ErrSuspended) {
		return "", a, err
	}
	return a.Agent.ID, a, err
}

// AdmitAgent is Admit for an agent that the caller has told by other means than a key,
// such as a session of the host program: it charges the same limit.
//
// Errors: ErrUnauthorized for an unknown agent, ErrSuspended, ErrRateLimited,
// ErrUnavailable.
func (m *Market) AdmitAgent(ctx context.Context, id AgentID, charge *Charge) (Admitted, error) {
	if id == "" {
		return Admitted{Allowed: true}, rules.Refuse(CodeUnauthorized, "Unknown agent")
	}
	return m.admit(ctx, store.Admission{Now: m.now(), Agent: id, Charge: charge}, "Unknown agent")
}

// admit asks the store, and says with unknown that there is no such agent.
func (m *Market) admit(ctx context.Context, asked store.Admission, unknown string) (_ Admitted, err error) {
	finish := m.meter.operation(&ctx, "admit")
	defer func() { finish(err) }()
	a, err := m.store.Admit(ctx, asked)
	a.Agent = ownAgent(a.Agent)
	switch {
	case err != nil:
		return a, known(ctx, err)
	case a.Agent == nil:
		return a, rules.Refuse(CodeUnauthorized, "%s", unknown)
	case a.Agent.Suspended:
		return a, rules.Refuse(CodeSuspended, "Agent suspended")
	case !a.Allowed:
		return a, rateLimited(a.RetryAfter)
	}
	return a, nil
}

// Charge charges a rate limit that belongs to no agent, such as a client
// address. Errors: ErrRateLimited, ErrUnavailable.
func (m *Market) Charge(ctx context.Context, charge Charge) (_ Admitted, err error) {
	finish := m.meter.operation(&ctx, "charge")
	defer func() { finish(err) }()
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

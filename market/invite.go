package market

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// InviteInput asks for an invitation.
type InviteInput struct {
	// ValidFor is how long it can be used, a minute to 30 days; 0 means 7 days. Over
	// HTTP it is rounded up to whole seconds.
	ValidFor time.Duration
}

// usualInvitation is how long an invitation can be used by default.
const usualInvitation = 7 * 24 * time.Hour

// Invitation is the answer to Invite. Token is shown this once, and in JSON alone.
type Invitation struct {
	Token     InvitationToken `json:"invitation"`
	ExpiresAt Time            `json:"expires_at"`
}

// LogValue leaves out the token, which a handler that logs JSON would show.
func (i Invitation) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("expires_at", i.ExpiresAt))
}

// InvitationToken lets one agent register: RegisterInput.Invitation. Like an APIKey
// it reads "pwi-…" however it is printed or logged.
type InvitationToken string

// String hides the token.
func (t InvitationToken) String() string {
	if t == "" {
		return ""
	}
	return "pwi-…"
}

// GoString hides the token from %#v.
func (t InvitationToken) GoString() string { return t.String() }

// Format hides the token from every verb of package fmt.
func (t InvitationToken) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.String()) }

// LogValue hides the token from package log/slog.
func (t InvitationToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Invite makes an invitation with which one agent can register where
// Policy.Registration is RegistrationInvited (rule 2.14). It takes no idempotency key,
// since what it returns is not kept: the store sees its digest.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) Invite(ctx context.Context, in InviteInput) (Invitation, error) {
	if in.ValidFor == 0 {
		in.ValidFor = usualInvitation
	}
	if in.ValidFor < time.Minute || in.ValidFor > limits.Invitation {
		return Invitation{}, m.refused(ctx, "invite", rules.Invalid("valid_for", "must be 60 to %d seconds", int64(limits.Invitation/time.Second)))
	}
	secret, err := m.ids.secret("pwi-")
	if err != nil {
		return Invitation{}, m.refused(ctx, "invite", unavailable(err))
	}
	d, err := m.operate(ctx, operation{
		name: "invite", anonymous: true,
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Invite(now, invitation("invite", secret), now.Add(in.ValidFor)), nil
		},
	})
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{Token: InvitationToken(secret), ExpiresAt: NewTime(d.outcome.Idempotency.ExpiresAt)}, nil
}

// invitation names the record of an invitation, or of its use. It is kept beside the
// outcomes of repeated requests: all are looked up by a key and forgotten when they
// expire.
func invitation(operation, token string) store.IdempotencyID {
	digest := sha256.Sum256([]byte(token))
	return store.IdempotencyID{Caller: Platform, Operation: operation, Key: hex.EncodeToString(digest[:])}
}

// redeeming makes a registration use its invitation, where one is needed.
func (m *Market) redeeming(op operation, token InvitationToken) operation {
	if m.policy.Registration != RegistrationInvited {
		return op
	}
	made := invitation("invite", string(token))
	op.record = &made
	register := op.decide
	op.decide = func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
		o, err := register(now, l)
		if err != nil {
			return nil, err
		}
		return m.rules.Redeem(o, l, invitation("register", string(token)))
	}
	op.conflict = func(c *store.Conflict) error {
		if c.Guard == store.GuardIdempotency {
			return rules.Uninvited()
		}
		return nil
	}
	return op
}

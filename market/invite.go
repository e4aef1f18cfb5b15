package market

import (
	"cmp"
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

// InviteInput asks for invitations.
type InviteInput struct {
	// Count is how many, 1–100; 0 means one.
	Count int
	// Note says whom they are for, at most 5,000 characters. It is kept with each of
	// them.
	Note string
	// ValidFor is how long they can be used, a minute to 30 days; 0 means 7 days. Over
	// HTTP it is rounded up to whole seconds.
	ValidFor time.Duration
}

// usualInvite is how long an invitation can be used by default.
const usualInvite = 7 * 24 * time.Hour

// Invites is the answer to Invite. They are shown this once, and in JSON alone.
type Invites struct {
	Invites   []InviteToken `json:"invites"`
	ExpiresAt Time          `json:"expires_at"`
}

// LogValue leaves out the tokens, which a handler that logs JSON would show.
func (i Invites) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("count", len(i.Invites)), slog.Any("expires_at", i.ExpiresAt))
}

// InviteToken lets one agent register: RegisterInput.Invite. Like an APIKey
// it reads "pwi-…" however it is printed or logged.
type InviteToken string

// String hides the token.
func (t InviteToken) String() string {
	if t == "" {
		return ""
	}
	return "pwi-…"
}

// GoString hides the token from %#v.
func (t InviteToken) GoString() string { return t.String() }

// Format hides the token from every verb of package fmt.
func (t InviteToken) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, t.String()) }

// LogValue hides the token from package log/slog.
func (t InviteToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Invite makes invitations, with each of which one agent can register where
// Policy.Registration is RegistrationInvite (rule 2.14), all or none. It takes no
// idempotency key, since what it returns is not kept: the store sees their digests.
//
// Errors: ErrInvalid, ErrForbidden, ErrUnavailable.
func (m *Market) Invite(ctx context.Context, in InviteInput) (Invites, error) {
	in.Count, in.ValidFor = cmp.Or(in.Count, 1), cmp.Or(in.ValidFor, usualInvite)
	if err := in.check(); err != nil {
		return Invites{}, m.refused(ctx, "invite", err)
	}
	made := Invites{Invites: make([]InviteToken, in.Count)}
	ids := make([]store.IdempotencyID, in.Count)
	for i := range made.Invites {
		secret, err := m.ids.secret("pwi-")
		if err != nil {
			return Invites{}, m.refused(ctx, "invite", unavailable(err))
		}
		made.Invites[i], ids[i] = InviteToken(secret), invitation("invite", secret)
	}
	d, err := m.operate(ctx, operation{
		name: "invite", anonymous: true,
		deed: does(OperatorAction{Action: ActionInvite, Amount: int64(in.Count), Reason: in.Note}),
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Invite(now, ids, in.Note, now.Add(in.ValidFor)), nil
		},
	})
	if err != nil {
		return Invites{}, err
	}
	made.ExpiresAt = NewTime(d.now.Add(in.ValidFor))
	return made, nil
}

func (in *InviteInput) check() error {
	if err := rules.CheckOptional("count", in.Count, 1, limits.Invites); err != nil {
		return err
	}
	if err := rules.CheckText("note", in.Note, limits.Reason); err != nil {
		return err
	}
	if in.ValidFor < time.Minute || in.ValidFor > limits.Invite {
		return rules.Invalid("valid_for", "must be 60 to %d seconds", int64(limits.Invite/time.Second))
	}
	return nil
}

// invitation names the record of an invitation, or of its use. It is kept beside the
// outcomes of repeated requests: all are looked up by a key and forgotten when they
// expire.
func invitation(operation, token string) store.IdempotencyID {
	digest := sha256.Sum256([]byte(token))
	return store.IdempotencyID{Caller: Platform, Operation: operation, Key: hex.EncodeToString(digest[:])}
}

// redeeming makes a registration use its invitation, where one is needed.
func (m *Market) redeeming(op operation, token InviteToken) operation {
	if m.policy.Registration != RegistrationInvite {
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

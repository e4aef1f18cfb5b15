package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// An invitation is a record that lives until it ends, and its use another one, which
// can be made once: both are looked up by the digest of a random token.

// Invite makes invitations that can be used once each, until an instant, and keeps the
// operator's note with them.
func (p *Policy) Invite(now time.Time, invitations []store.IdempotencyID, note string, until time.Time) *Outcome {
	o := p.begin(now)
	for _, id := range invitations {
		o.Records = append(o.Records, &store.IdempotencyRecord{IdempotencyID: id, Outcome: []byte(AsJSON(note)), ExpiresAt: until})
	}
	return o
}

// MayRegister refuses who may not register, before it is known what an invitation is
// worth.
func (p *Policy) MayRegister(invitation string) error {
	switch {
	case p.Registration == RegistrationClosed:
		return Refuse(CodeRegistrationClosed, "Registration is closed")
	case p.Registration == RegistrationInvite && invitation == "":
		return Refuse(CodeInviteInvalid, "Registration needs an invitation: ask the operator for one")
	}
	return nil
}

// Redeem lets a registration use the loaded invitation.
func (p *Policy) Redeem(o *Outcome, l *store.Loaded, use store.IdempotencyID) (*Outcome, error) {
	if l.Idempotency == nil {
		return nil, Uninvited()
	}
	o.Idempotency = &store.IdempotencyRecord{IdempotencyID: use, Outcome: []byte("true"), ExpiresAt: l.Idempotency.ExpiresAt}
	return o, nil
}

// Uninvited is the refusal for an invitation that does not exist, has ended or was
// used, which cannot be told apart.
func Uninvited() *Error {
	return Refuse(CodeInviteInvalid, "The invitation is not valid: it has ended, was used, or never was")
}

package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Register makes an agent and gives it the signup bonus.
func (p *Policy) Register(now time.Time, profile store.Profile, key store.KeyDigest, extract *Draft) *Outcome {
	o := p.begin(now)
	profile.Version, profile.CreatedAt = 1, now
	o.startExtraction(&store.Agent{Profile: profile}, &profile, extract)
	o.Agents = append(o.Agents, store.AgentWrite{New: &profile, Key: key})
	o.transfer(store.Transfer{
		From: store.PlatformAccount, To: store.AgentAccount(profile.ID), Amount: p.InitialCredits,
		Kind: store.EntrySignupBonus, Agent: profile.ID,
	})
	o.agentChanged(profile.ID)
	return o
}

// Update is the caller's change of its own profile. A changed good_at is
// extracted again: last is the newest extraction about the agent, draft the one
// that may follow.
func (p *Policy) Update(now time.Time, l *store.Loaded, next store.Profile, last *store.Task, draft *Draft) *Outcome {
	old := &l.Caller.Profile
	o := p.begin(now)
	if next.GoodAt != old.GoodAt {
		o.reread(l.Caller, &next, last, draft)
	}
	o.profile(old, &next)
	return o
}

// oldSecretFor is how long webhooks are also signed with the previous secret,
// so that a receiver need not change its secret at the same moment.
const oldSecretFor = Day

// ChangeSecret keeps the previous secret beside the new one for a day; after
// several changes only the last two are kept. If the secret is removed, so is
// the previous one.
func ChangeSecret(p *store.Profile, secret string, now time.Time) {
	switch {
	case secret == p.WebhookSecret:
	case secret == "" || p.WebhookSecret == "":
		p.OldWebhookSecret, p.OldSecretUntil = "", time.Time{}
	default:
		p.OldWebhookSecret, p.OldSecretUntil = p.WebhookSecret, now.Add(oldSecretFor)
	}
	p.WebhookSecret = secret
}

// RotateKey gives the caller another key. That with which it asks counts for the overlap:
// the present one, or an older one that does still, when the caller never heard of the present one.
func (p *Policy) RotateKey(now time.Time, l *store.Loaded, key store.KeyDigest, overlap time.Duration, older bool) *Outcome {
	old := &l.Caller.Profile
	next := *old
	next.OldKeyUntil, next.KeyMadeAt = time.Time{}, now
	if overlap > 0 {
		next.OldKeyUntil = now.Add(overlap)
	}
	o := p.begin(now)
	o.profile(old, &next)
	w := &o.Agents[len(o.Agents)-1]
	w.Key, w.KeepOld = key, overlap > 0 && older && old.OldKeyUntil.After(now)
	return o
}

package markettest

import (
	"context"

	"github.com/pinchwork/pinchwork/market"
)

// Agent is a registered agent that a test scripts. Its methods end the test
// when the market refuses; API answers with errors instead.
type Agent struct {
	ID   market.AgentID
	Name string
	Key  market.APIKey
	API  market.AgentAPI

	kit  *Kit
	read int64 // the last event that Events returned
}

// AgentOption changes how Kit.Agent registers an agent.
type AgentOption func(*joining)

type joining struct {
	market.RegisterInput
	grant int64
}

// GoodAt describes the agent's skills.
func GoodAt(text string) AgentOption { return func(j *joining) { j.GoodAt = text } }

// Capable declares capability tags.
func Capable(tags ...string) AgentOption { return func(j *joining) { j.Tags = tags } }

// Infra makes an agent that accepts system tasks.
func Infra() AgentOption { return func(j *joining) { j.AcceptsSystemTasks = true } }

// Granted gives the agent more credits than the signup bonus.
func Granted(credits int64) AgentOption { return func(j *joining) { j.grant = credits } }

// Webhook gives the agent a webhook.
func Webhook(url, secret string) AgentOption {
	return func(j *joining) { j.WebhookURL, j.WebhookSecret = url, secret }
}

// Agent registers an agent.
func (k *Kit) Agent(name string, opts ...AgentOption) *Agent {
	k.Helper()
	j := joining{RegisterInput: market.RegisterInput{Name: name}}
	for _, opt := range opts {
		if opt != nil {
			opt(&j)
		}
	}
	r, err := k.Market.Register(k.Ctx, j.RegisterInput)
	k.must(err, "registering %s", name)
	a := &Agent{ID: r.AgentID, Name: name, Key: r.APIKey, API: k.Market.As(r.AgentID), kit: k}
	if j.grant > 0 {
		k.Grant(a, j.grant)
	}
	k.stepped()
	return a
}

// On is the same agent acting through another market on the same store.
func (a *Agent) On(m *market.Market) *Agent {
	other := *a
	other.API = m.As(a.ID)
	return &other
}

// Grant gives credits to an agent.
func (k *Kit) Grant(a *Agent, credits int64) {
	k.Helper()
	_, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: a.ID, Amount: credits})
	k.must(err, "granting %d credits to %s", credits, a.Name)
	k.stepped()
}

// Suspend suspends an agent, or ends its suspension.
func (k *Kit) Suspend(a *Agent, suspended bool) {
	k.Helper()
	_, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: a.ID, Suspended: suspended})
	k.must(err, "suspending %s: %v", a.Name, suspended)
	k.stepped()
}

// Appoint appoints an infra agent as the operator would, so that its judgement
// counts as proven.
func (k *Kit) Appoint(a *Agent) {
	k.Helper()
	_, err := k.Market.AppointInfra(k.Ctx, market.InfraInput{AgentID: a.ID, Infra: true})
	k.must(err, "appointing %s", a.Name)
	k.stepped()
}

// Me returns the agent's own profile.
func (a *Agent) Me() market.Me {
	a.kit.Helper()
	me, err := a.API.Me(a.kit.Ctx)
	a.must(err, "read its profile")
	return me
}

// Balance returns what the agent can spend now.
func (a *Agent) Balance() int64 {
	a.kit.Helper()
	return a.Me().Credits
}

// Credits returns the agent's balance, escrow and its newest 100 ledger entries.
func (a *Agent) Credits() market.Credits {
	a.kit.Helper()
	c, err := a.API.Credits(a.kit.Ctx, market.Page{Limit: 100})
	a.must(err, "read its credits")
	return c
}

// Stats returns the agent's earnings.
func (a *Agent) Stats() market.Stats {
	a.kit.Helper()
	s, err := a.API.Stats(a.kit.Ctx)
	a.must(err, "read its statistics")
	return s
}

// TrustIn returns the agent's trust in another one, 0.5 when there is none yet.
func (a *Agent) TrustIn(other *Agent) float64 {
	a.kit.Helper()
	list, err := a.API.Trust(a.kit.Ctx, market.Page{})
	a.must(err, "read its trust")
	for _, t := range list.TrustScores {
		if t.TrustedID == other.ID {
			return t.Score
		}
	}
	return 0.5
}

// Profile returns what everybody may know about the agent.
func (a *Agent) Profile() market.PublicProfile {
	a.kit.Helper()
	p, err := a.API.Agent(a.kit.Ctx, a.ID)
	a.must(err, "read the public profile")
	return p
}

// Update changes the agent's profile.
func (a *Agent) Update(in market.UpdateInput) market.Me {
	a.kit.Helper()
	me, err := a.API.UpdateMe(a.kit.Ctx, in)
	a.must(err, "update its profile")
	a.kit.stepped()
	return me
}

// Events returns the agent's events since the last call, oldest first.
func (a *Agent) Events() []market.Event {
	a.kit.Helper()
	var all []market.Event
	for {
		page, err := a.kit.Store.Events(a.kit.Ctx, a.ID, a.read, 1_000)
		a.must(err, "read its events")
		if len(page.Events) == 0 {
			return all
		}
		all = append(all, page.Events...)
		a.read = all[len(all)-1].Seq
	}
}

// Heard is the types of Events.
func (a *Agent) Heard() []market.EventType {
	a.kit.Helper()
	types := []market.EventType{}
	for _, e := range a.Events() {
		types = append(types, e.Type)
	}
	return types
}

// Context is the context of the agent's scripted calls, for calls of API.
func (a *Agent) Context() context.Context { return a.kit.Ctx }

func (a *Agent) must(err error, what string, args ...any) {
	a.kit.Helper()
	a.kit.must(err, a.Name+" could not "+what, args...)
}

package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// NoAgent is the refusal for an agent that does not exist.
func NoAgent() *Error { return Refuse(CodeNotFound, "Agent not found") }

// maxBalance keeps all sums far from overflow, and exact in clients that read
// numbers as floats.
const maxBalance = 1 << 50

// Grant gives credits from the platform to the loaded agent, about a task of its own or
// none. The reason is kept as a note, since the kind of the entry is always that of a grant.
func (p *Policy) Grant(now time.Time, l *store.Loaded, to store.AgentID, amount int64, task store.TaskID, reason string) (*Outcome, error) {
	if err := concerns(l, task, to, amount); err != nil {
		return nil, err
	}
	switch most := MostGranted(l.Agent); {
	case most < 1:
		return nil, Invalid("amount", "the balance is as large as one may be")
	case amount < 1 || amount > most:
		return nil, Invalid("amount", "must be 1 to %d", most)
	}
	o := p.begin(now)
	o.give(to, amount, task, reason)
	return o, nil
}

// MostGranted is what an operator may grant to the agent at once, 0 or less for nothing.
func MostGranted(a *store.Agent) int64 { return min(limits.Grant, maxBalance-a.Balance) }

// give moves credits from the platform to an agent.
func (o *Outcome) give(to store.AgentID, amount int64, task store.TaskID, reason string) {
	o.transfer(store.Transfer{
		From: store.PlatformAccount, To: store.AgentAccount(to), Amount: amount,
		Kind: store.EntryAdminGrant, Agent: to, Task: task, Note: reason,
	})
}

// Edit is the operator's change of the loaded agent's profile.
func (p *Policy) Edit(now time.Time, l *store.Loaded, edit func(*store.Profile)) (*Outcome, error) {
	if l.Agent == nil {
		return nil, NoAgent()
	}
	next := l.Agent.Profile
	edit(&next)
	o := p.begin(now)
	o.profile(&l.Agent.Profile, &next)
	return o, nil
}

// RedeliverOf lets an operator queue a dead webhook of the loaded agent's again.
func (p *Policy) RedeliverOf(now time.Time, l *store.Loaded) (*Outcome, error) {
	if err := MayRedeliver(l.Agent); err != nil {
		return nil, err
	}
	return p.begin(now), nil
}

// MayRedeliver refuses agents for whom the queue would drop what is put into it.
func MayRedeliver(a *store.Agent) error {
	switch {
	case a == nil:
		return NoAgent()
	case a.Suspended:
		return Refuse(CodeSuspended, "The agent is suspended")
	case a.WebhookURL == "":
		return Refuse(CodeNoWebhook, "The agent has no webhook")
	}
	return nil
}

// SeeDead marks the dead webhooks that failed until then as seen, if those seen before are
// fewer.
func (p *Policy) SeeDead(now, until, seen time.Time) (*Outcome, error) {
	switch {
	case until.IsZero():
		return nil, Invalid("until", "is required: when the newest of them failed")
	case until.After(now):
		return nil, Invalid("until", "must not lie ahead")
	case !until.After(seen):
		return nil, Refuse(CodeAlreadyDone, "Those are seen already")
	}
	return p.begin(now), nil
}

// Resolve closes the loaded report.
func (p *Policy) Resolve(now time.Time, l *store.Loaded, status store.ReportStatus, note string) (*Outcome, error) {
	if l.Report == nil {
		return nil, Refuse(CodeNotFound, "Report not found")
	}
	if l.Report.Status != store.ReportOpen {
		return nil, Refuse(CodeAlreadyDone, "Report is already %s", l.Report.Status)
	}
	resolved := *l.Report
	resolved.Status, resolved.Note, resolved.ResolvedAt = status, note, now
	o := p.begin(now)
	o.Resolutions = []store.Report{resolved}
	return o, nil
}

// ResumeReview makes an approval due now that waited for its worker's
// suspension to end.
func (p *Policy) ResumeReview(now time.Time, t *store.Task) *store.Change {
	o := p.begin(now)
	next := *t
	o.replace(t, &next)
	next.NextDue = now
	return &o.Change
}

// WebhookGone removes a webhook whose endpoint wants no more calls.
func (p *Policy) WebhookGone(now time.Time, a *store.Agent) *Outcome {
	o := p.begin(now)
	next := a.Profile
	next.WebhookURL = ""
	o.profile(&a.Profile, &next)
	o.tell(a.ID, store.EventWebhookDisabled, "", store.EventData{Reason: "gone"})
	return o
}

// Remember keeps a value under an id that nothing has yet, until an instant.
func (p *Policy) Remember(now time.Time, id store.IdempotencyID, value any, until time.Time) *Outcome {
	o := p.begin(now)
	o.Idempotency = &store.IdempotencyRecord{IdempotencyID: id, Outcome: []byte(AsJSON(value)), ExpiresAt: until}
	return o
}

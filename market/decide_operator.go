package market

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

func noAgent() *Error { return refuse(CodeNotFound, "Agent not found") }

// maxBalance keeps all sums far from overflow, also where numbers are floats.
const maxBalance = 1 << 50

// decideGrant gives credits from the platform to the loaded agent. The reason is
// kept as a note: the kind of the entry is ours.
func (p *book) decideGrant(now time.Time, l *store.Loaded, to AgentID, amount int64, reason string) (*outcome, error) {
	if l.Agent == nil {
		return nil, noAgent()
	}
	if l.Agent.Balance > maxBalance-amount {
		return nil, invalid("amount", "the balance may not exceed %d", int64(maxBalance))
	}
	o := p.outcome(now)
	o.transfer(store.Transfer{
		From: store.PlatformAccount, To: store.AgentAccount(to), Amount: amount,
		Kind: store.EntryAdminGrant, Agent: to, Note: reason,
	})
	return o, nil
}

// decideEdit is the operator's change of the loaded agent's profile.
func (p *book) decideEdit(now time.Time, l *store.Loaded, edit func(*store.Profile)) (*outcome, error) {
	if l.Agent == nil {
		return nil, noAgent()
	}
	next := l.Agent.Profile
	edit(&next)
	o := p.outcome(now)
	o.profile(&l.Agent.Profile, &next)
	return o, nil
}

// decideResolve closes the loaded report.
func (p *book) decideResolve(now time.Time, l *store.Loaded, status ReportStatus, note string) (*outcome, error) {
	if l.Report == nil {
		return nil, refuse(CodeNotFound, "Report not found")
	}
	if l.Report.Status != ReportOpen {
		return nil, refuse(CodeAlreadyDone, "Report is already %s", l.Report.Status)
	}
	resolved := *l.Report
	resolved.Status, resolved.Note, resolved.ResolvedAt = status, note, now
	o := p.outcome(now)
	o.Resolutions = []store.Report{resolved}
	return o, nil
}

// resumeReview makes an approval that waits for a suspended worker due now.
func (p *book) resumeReview(now time.Time, t *store.Task) *store.Change {
	o := p.outcome(now)
	next := *t
	o.replace(t, &next)
	next.NextDue = now
	return &o.Change
}

// decideWebhookGone takes away a webhook whose endpoint wants no more calls.
func (p *book) decideWebhookGone(now time.Time, a *store.Agent) *outcome {
	o := p.outcome(now)
	next := a.Profile
	next.WebhookURL = ""
	o.profile(&a.Profile, &next)
	o.tell(a.ID, EventWebhookDisabled, "", EventData{Reason: "gone"})
	return o
}

// decideEndSession remembers until an instant that a session has ended.
func (p *book) decideEndSession(now time.Time, id store.IdempotencyID, until time.Time) *outcome {
	o := p.outcome(now)
	o.Idempotency = &store.IdempotencyRecord{IdempotencyID: id, Outcome: []byte("true"), ExpiresAt: until}
	return o
}

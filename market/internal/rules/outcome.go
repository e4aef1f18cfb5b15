package rules

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Outcome collects the Change of one decision. The deciding functions take
// what was loaded, one instant and the policy, and return an outcome or a
// refusal; they ask no clock, no store and no random source.
type Outcome struct {
	store.Change
	policy *Policy
}

// begin returns an empty outcome at an instant.
func (p *Policy) begin(at time.Time) *Outcome {
	return &Outcome{Change: store.Change{At: at}, policy: p}
}

// insert adds a new task.
func (o *Outcome) insert(t *store.Task, text store.TaskText) {
	t.Version = 1
	o.arm(t)
	o.Tasks = append(o.Tasks, store.TaskWrite{New: t, Text: text})
	if t.Status == store.StatusPosted {
		o.feedTask(t)
	}
}

// Replace writes next over old, which must be a copy of it with changes.
func (o *Outcome) replace(old, next *store.Task) {
	next.Version = old.Version + 1
	o.arm(next)
	o.Tasks = append(o.Tasks, store.TaskWrite{Old: old, New: next})
	if old.Status == store.StatusPosted || next.Status == store.StatusPosted {
		o.feedTask(next)
	}
}

func (o *Outcome) feedTask(t *store.Task) {
	o.Feed = append(o.Feed, store.FeedItem{
		Kind: store.FeedTask, Task: t.ID, Version: t.Version, Open: t.Status == store.StatusPosted,
	})
}

// agentChanged tells every process's mirror to read the agent again.
func (o *Outcome) agentChanged(id store.AgentID) {
	for _, item := range o.Feed {
		if item.Kind == store.FeedAgent && item.Agent == id {
			return
		}
	}
	o.Feed = append(o.Feed, store.FeedItem{Kind: store.FeedAgent, Agent: id})
}

// account returns the one delta of an agent.
func (o *Outcome) account(id store.AgentID) *store.AccountDelta {
	for i := range o.Accounts {
		if o.Accounts[i].Agent == id {
			return &o.Accounts[i]
		}
	}
	o.Accounts = append(o.Accounts, store.AccountDelta{Agent: id})
	return &o.Accounts[len(o.Accounts)-1]
}

// transfer moves credits; nothing moves for an amount of 0. market fills in the
// entry's id before the commit.
func (o *Outcome) transfer(t store.Transfer) {
	if t.Amount == 0 {
		return
	}
	t.At = o.At
	o.Transfers = append(o.Transfers, t)
}

// tellOf writes an event about a task to an agent: a party of it is told which of its
// own things it is, by the words that the poster has given to the task.
func (o *Outcome) tellOf(t *store.Task, id store.AgentID, typ store.EventType, data store.EventData) {
	if id == t.Poster || id == t.Worker() {
		data.Metadata = t.Metadata
	}
	if id == t.Poster {
		data.ExternalID = t.ExternalID
	}
	o.tell(id, typ, t.ID, data)
}

// tell writes an event to an agent. The platform and "" get no events.
func (o *Outcome) tell(id store.AgentID, typ store.EventType, task store.TaskID, data store.EventData) {
	if id == "" || id == store.Platform {
		return
	}
	o.Events = append(o.Events, store.Event{Agent: id, Type: typ, Task: task, Data: data, At: o.At})
}

func (o *Outcome) active(ids ...store.AgentID) {
	for _, id := range ids {
		if id != store.Platform && !slices.Contains(o.Active, id) {
			o.Active = append(o.Active, id)
		}
	}
}

// arm computes the one instant at which a timer next touches the task.
func (o *Outcome) arm(t *store.Task) {
	t.NextDue = textsUntil(t)
	sooner := func(at time.Time) {
		if !at.IsZero() && (t.NextDue.IsZero() || at.Before(t.NextDue)) {
			t.NextDue = at
		}
	}
	if t.System != nil {
		sooner(t.System.Again)
	}
	switch t.Status {
	case store.StatusPosted:
		sooner(t.ExpiresAt)
		sooner(t.Deadline)
		if t.Matching != nil && t.Matching.State != store.Matched {
			sooner(t.Matching.Until)
		}
	case store.StatusClaimed:
		if !t.Claim.Grace.IsZero() {
			// During a rejection grace the other time limits do not run.
			sooner(t.Claim.Grace)
			return
		}
		sooner(t.Deadline)
		sooner(t.Claim.Timeout)
	case store.StatusDelivered:
		sooner(t.Delivery.ReviewUntil)
	}
}

// repost gives a claimed task back to everybody, or to those whom a direct hire is
// for: a new expiry, not matched, and nothing left that belonged to the claim (rule
// 4.11).
func (o *Outcome) repost(old *store.Task) {
	next := *old
	o.supersede(&next)
	next.Status = store.StatusPosted
	next.Claim, next.Delivery, next.Rejection = nil, nil, nil
	next.Direct = openedBy(o.At, old.Direct)
	next.Matching = untilItOpens(next.Direct)
	next.ExpiresAt = o.At.Add(o.policy.TaskExpiry)
	if !next.Deadline.After(o.At) {
		next.Deadline = time.Time{}
	}
	next.System = without(old.System, old.Claim.Worker)
	o.replace(old, &next)
	o.account(old.Claim.Worker).OpenClaims--
	o.tellHired(&next, old.Claim.Worker)
}

// strike counts a claim that was given up or lapsed; the one that reaches the
// limit blocks pickup, after which the count restarts (rule 4.12).
func (o *Outcome) strike(a *store.Agent) {
	if o.policy.AbandonLimit == 0 || a == nil {
		return
	}
	old := a.Strikes
	if o.At.Before(old.BlockedUntil) {
		return
	}
	next := store.Strikes{Count: old.Count + 1}
	if next.Count >= o.policy.AbandonLimit {
		next = store.Strikes{BlockedUntil: o.At.Add(o.policy.AbandonCooldown)}
	}
	o.Strikes = append(o.Strikes, store.StrikeWrite{Agent: a.ID, Old: old, New: next})
}

// end closes a task without pay: expired or cancelled, the escrow refunded.
func (o *Outcome) end(old *store.Task, status store.Status) {
	next := *old
	next.Status = status
	next.Ending = &store.Ending{At: o.At}
	next.Matching, next.Children = nil, nil
	o.replace(old, &next)
	if old.Claim != nil && old.Status == store.StatusClaimed {
		o.account(old.Claim.Worker).OpenClaims--
	}
	if old.System != nil {
		// Nothing was escrowed for a system task.
		return
	}
	o.account(old.Poster).Escrowed -= old.MaxCredits
	o.transfer(store.Transfer{
		From: store.EscrowAccount(old.ID), To: store.AgentAccount(old.Poster), Amount: old.MaxCredits,
		Kind: store.EntryRefund, Agent: old.Poster, Task: old.ID,
	})
}

// endChildren cancels the system tasks about a parent that no longer needs
// them: those nobody has claimed, and all of them when the parent has ended, so
// that nobody earns system pay by posting and cancelling (rule 7.11). It
// returns the ids of those that stay.
func (o *Outcome) endChildren(children []*store.Task, about *store.Agent, gone bool) (stay []store.TaskID) {
	for _, child := range children {
		switch {
		case child.Status == store.StatusPosted || gone && child.Status == store.StatusClaimed:
			o.end(child, store.StatusCancelled)
			o.release(child, about)
			o.tell(child.Worker(), store.EventTaskCancelled, child.ID, store.EventData{})
		case !child.Status.Ended():
			stay = append(stay, child.ID)
		}
	}
	return stay
}

// trustStep is one step of directed trust (rule 9.2), rounded to 6
// decimals after each step.
func (o *Outcome) trustStep(pair store.TrustPair, from, to store.AgentID, positive bool) {
	if positive {
		pair.Score += (1 - pair.Score) * 0.1
	} else {
		pair.Score *= 0.9
	}
	pair.Score = float64(int64(pair.Score*1e6+0.5)) / 1e6
	pair.From, pair.To = from, to
	pair.Interactions++
	pair.UpdatedAt = o.At
	o.Trust = append(o.Trust, store.TrustWrite{New: pair})
	o.Feed = append(o.Feed, store.FeedItem{Kind: store.FeedTrust, Trust: &pair})
}

// Written returns the task as the outcome leaves it, or nil.
func (o *Outcome) Written(id store.TaskID) *store.Task {
	for i := len(o.Tasks) - 1; i >= 0; i-- {
		if o.Tasks[i].New.ID == id {
			return o.Tasks[i].New
		}
	}
	return nil
}

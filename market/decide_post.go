package market

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// decidePost escrows the budget and opens the task. How it is matched was
// found out before: matching is nil for a broadcast.
func (p *Policy) decidePost(now time.Time, poster *store.Agent, t *store.Task, text store.TaskText) (*outcome, error) {
	if poster.Balance < t.MaxCredits {
		return nil, refuse(CodeInsufficientCredits, "Insufficient credits. Have %d, need %d", poster.Balance, t.MaxCredits)
	}
	o := p.outcome(now)
	o.active(poster.ID)
	t.Bytes = textBytes(text)
	o.insert(t, text)
	o.transfer(store.Transfer{
		From: store.AgentAccount(poster.ID), To: store.EscrowAccount(t.ID), Amount: t.MaxCredits,
		Kind: store.EntryEscrow, Agent: poster.ID, Task: t.ID,
	})
	d := o.account(poster.ID)
	d.Posted, d.Escrowed = 1, t.MaxCredits
	o.keep(poster.ID, t.Bytes)
	o.tellMatched(t)
	return o, nil
}

// tellMatched tells the matched agents their rank.
func (o *outcome) tellMatched(t *store.Task) {
	if t.Matching == nil || t.Matching.State != store.Matched {
		return
	}
	for rank, id := range t.Matching.Agents {
		o.tell(id, EventTaskMatched, t.ID, EventData{Rank: &rank})
	}
}

// matched ranks agents for a task, or broadcasts it. With a head start it is
// kept for them at first.
func (p *Policy) matched(now time.Time, agents []AgentID, headStart bool) *store.Matching {
	if len(agents) == 0 {
		return nil
	}
	m := &store.Matching{State: store.Matched, Until: now, Agents: agents}
	if headStart {
		m.Until = now.Add(p.MatchHeadStart)
	}
	return m
}

// newTask fills in what every new task has.
func (p *Policy) newTask(id TaskID, poster AgentID, now time.Time) *store.Task {
	return &store.Task{
		ID: id, Poster: poster, Status: StatusPosted,
		CreatedAt: now, ExpiresAt: now.Add(p.TaskExpiry),
	}
}

package market

import (
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// errOverBudget says that the platform pays no match task for this poster now:
// the built-in matcher has to do.
var errOverBudget = errors.New("market: the budget of system pay is used up")

// plan is how a new task is to be matched, found out before: by an infra agent,
// whose task it drafts, later (a host's transaction has to commit first), or as the
// built-in matcher has ranked.
type plan struct {
	infra    *systemDraft
	deferred bool
	found    ranking
}

func (p *book) matching(now time.Time, how plan) *store.Matching {
	switch {
	case how.infra != nil:
		return &store.Matching{State: store.MatchPending, Until: now.Add(p.MatchTimeout)}
	case how.deferred:
		return &store.Matching{State: store.MatchDeferred, Until: now}
	}
	return p.matched(now, how.found)
}

// decidePost escrows the budget and opens the task, with the system task that
// matches it, if there is to be one.
func (p *book) decidePost(now time.Time, l *store.Loaded, t *store.Task, text store.TaskText, how plan) (*outcome, error) {
	if how.infra != nil && !p.affords(l.Caller, payMatch, now) {
		return nil, errOverBudget
	}
	t.Matching = p.matching(now, how)
	o, err := p.open(now, l.Caller, t, text)
	if err == nil && how.infra != nil {
		t.Children = []TaskID{how.infra.id}
		o.insert(how.infra.build(p, now), how.infra.text)
		o.reserve(l.Caller, payMatch)
	}
	return o, err
}

func (p *book) open(now time.Time, poster *store.Agent, t *store.Task, text store.TaskText) (*outcome, error) {
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

// ranking is whom a task fits, the best first; nobody makes it a broadcast. With a
// head start it is kept for them at first.
type ranking struct {
	Agents    []AgentID
	HeadStart bool
}

// matched ranks agents for a task, or broadcasts it.
func (p *book) matched(now time.Time, r ranking) *store.Matching {
	if len(r.Agents) == 0 {
		return nil
	}
	m := &store.Matching{State: store.Matched, Until: now, Agents: r.Agents}
	if r.HeadStart {
		m.Until = now.Add(p.MatchHeadStart)
	}
	return m
}

// newTask fills in what every new task has.
func (p *book) newTask(id TaskID, poster AgentID, now time.Time) *store.Task {
	return &store.Task{
		ID: id, Poster: poster, Status: StatusPosted,
		CreatedAt: now, ExpiresAt: now.Add(p.TaskExpiry),
	}
}

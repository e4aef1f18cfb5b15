package rules

import (
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// ErrOverBudget says that the platform pays for no match task about this poster
// now, so that the built-in matcher is used instead.
var ErrOverBudget = errors.New("market: the budget of system pay is used up")

// Plan says how a new task will be matched. It is made before the decision: by an
// infra agent, whose task it drafts; later, if a host's transaction has to commit
// first; or as the built-in matcher has ranked.
type Plan struct {
	Infra    *Draft
	Deferred bool
	Found    Ranking
}

func (p *Policy) matching(now time.Time, how Plan) *store.Matching {
	switch {
	case how.Infra != nil:
		return &store.Matching{State: store.MatchPending, Until: now.Add(p.MatchTimeout)}
	case how.Deferred:
		return &store.Matching{State: store.MatchDeferred, Until: now}
	}
	return p.matched(now, how.Found)
}

// Post escrows the budget and opens the task, with the system task that matches
// it, if the plan has one.
func (p *Policy) Post(now time.Time, l *store.Loaded, t *store.Task, text store.TaskText, how Plan) (*Outcome, error) {
	if how.Infra != nil && !p.affords(l.Caller, payMatch, now) {
		return nil, ErrOverBudget
	}
	if t.Matching = untilItOpens(t.Direct); t.Direct == nil {
		t.Matching = p.matching(now, how)
	}
	o, err := p.open(now, l.Caller, t, text)
	if err == nil && how.Infra != nil {
		t.Children = []store.TaskID{how.Infra.id}
		o.insert(how.Infra.build(p, now), how.Infra.text)
		o.reserve(l.Caller, payMatch)
	}
	return o, err
}

func (p *Policy) open(now time.Time, poster *store.Agent, t *store.Task, text store.TaskText) (*Outcome, error) {
	if poster.Balance < t.MaxCredits {
		return nil, tooDear("max_credits", poster.Balance, t.MaxCredits)
	}
	o := p.begin(now)
	o.active(poster.ID)
	t.Bytes = textBytes(text) + metadataBytes(t.Metadata)
	o.insert(t, text)
	o.transfer(store.Transfer{
		From: store.AgentAccount(poster.ID), To: store.EscrowAccount(t.ID), Amount: t.MaxCredits,
		Kind: store.EntryEscrow, Agent: poster.ID, Task: t.ID,
	})
	d := o.account(poster.ID)
	d.Posted, d.Escrowed = 1, t.MaxCredits
	o.keep(poster.ID, t.Bytes)
	o.tellMatched(t)
	o.tellHired(t, "")
	return o, nil
}

// tellMatched tells the matched agents their rank.
func (o *Outcome) tellMatched(t *store.Task) {
	if t.Matching == nil || t.Matching.State != store.Matched {
		return
	}
	for rank, id := range t.Matching.Agents {
		o.tell(id, store.EventTaskMatched, t.ID, store.EventData{Rank: &rank})
	}
}

// Ranking lists the agents that a task fits, best first; an empty one makes the
// task a broadcast. With a head start it is offered to them alone at first.
type Ranking struct {
	Agents    []store.AgentID
	HeadStart bool
}

// matched ranks agents for a task, or broadcasts it.
func (p *Policy) matched(now time.Time, r Ranking) *store.Matching {
	if len(r.Agents) == 0 {
		return nil
	}
	m := &store.Matching{State: store.Matched, Until: now, Agents: r.Agents}
	if r.HeadStart {
		m.Until = now.Add(p.MatchHeadStart)
	}
	return m
}

// NewTask fills in what every new task has.
func (p *Policy) NewTask(id store.TaskID, poster store.AgentID, now time.Time) *store.Task {
	return &store.Task{
		ID: id, Poster: poster, Status: store.StatusPosted,
		CreatedAt: now, ExpiresAt: now.Add(p.TaskExpiry),
	}
}

package market

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// DeadOverview is what there is of dead webhook deliveries.
type DeadOverview struct {
	// Total counts up to 10,000; TotalMore says that there are more.
	Total     int  `json:"total"`
	TotalMore bool `json:"total_more,omitempty"`
	// Agents are those of the newest 100, who has the most of them first.
	Agents []DeadOf `json:"agents"`
}

// DeadOf is an agent with dead deliveries.
type DeadOf struct {
	AgentID AgentID `json:"agent_id"`
	Name    string  `json:"name"`
	Count   int     `json:"count"`
}

// DeadWebhook is a dead letter in the operators' list.
type DeadWebhook struct {
	AgentID AgentID `json:"agent_id"`
	// Name is the agent's.
	Name string `json:"name"`
	DeadLetter
}

// DeadWebhookList is a page of the dead letters of all agents, newest first. Total and
// TotalMore are as in DeadOverview.
type DeadWebhookList struct {
	Dead      []DeadWebhook `json:"dead_letters"`
	Total     int           `json:"total"`
	TotalMore bool          `json:"total_more,omitempty"`
}

// DeadWebhooks lists the webhook deliveries of all agents that failed for good, newest
// first, for operators (rule 15.13). Limit 1–100, default 50.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) DeadWebhooks(ctx context.Context, p Page) (list DeadWebhookList, err error) {
	finish := m.meter.operation(&ctx, "dead")
	defer func() { finish(err) }()
	if p, err = checkPage(p, 50, 100); err != nil {
		return list, err
	}
	page, names, err := m.deadLetters(ctx, m.now(), p)
	if err != nil {
		return list, err
	}
	list = DeadWebhookList{Dead: make([]DeadWebhook, len(page.Dead)), Total: page.Total, TotalMore: page.Total == store.MaxDeadTotal}
	letters := deadLetters(page).Dead
	for i := range letters {
		id := page.Dead[i].Event.Agent
		list.Dead[i] = DeadWebhook{AgentID: id, Name: names[id], DeadLetter: letters[i]}
	}
	return list, nil
}

// deadOverview counts what DeadWebhooks lists.
func (m *Market) deadOverview(ctx context.Context, now time.Time) (o DeadOverview, err error) {
	page, names, err := m.deadLetters(ctx, now, Page{Limit: 100})
	if err != nil {
		return o, err
	}
	counts := map[AgentID]int{}
	for i := range page.Dead {
		counts[page.Dead[i].Event.Agent]++
	}
	o = DeadOverview{Total: page.Total, TotalMore: page.Total == store.MaxDeadTotal, Agents: make([]DeadOf, 0, len(counts))}
	for id, n := range counts {
		o.Agents = append(o.Agents, DeadOf{AgentID: id, Name: names[id], Count: n})
	}
	slices.SortFunc(o.Agents, func(a, b DeadOf) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.AgentID, b.AgentID)) })
	return o, nil
}

// deadLetters reads a page of the dead letters of all agents, with the agents' names.
func (m *Market) deadLetters(ctx context.Context, now time.Time, p Page) (page store.DeadPage, names map[AgentID]string, err error) {
	if page, err = m.store.DeadWebhooks(ctx, store.PageQuery{Limit: p.Limit, Offset: p.Offset, Now: now}); err != nil {
		return page, nil, known(ctx, err)
	}
	var ids []AgentID
	for i := range page.Dead {
		ids = append(ids, page.Dead[i].Event.Agent)
	}
	names, err = m.Names(ctx, ids...)
	return page, names, err
}

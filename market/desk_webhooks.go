package market

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
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
	// Name is the agent's, Address where its webhook is now: scheme and host, with "/…" for
	// whatever path there is, which is a secret with many services; "" without a webhook.
	Name    string `json:"name"`
	Address string `json:"address,omitempty"`
	// TriedAgainAt is when an operator last had it delivered again, if that is among the
	// newest 100 times.
	TriedAgainAt Time `json:"tried_again_at,omitzero"`
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
	page, owners, err := m.deadLetters(ctx, m.now(), p)
	if err != nil {
		return list, err
	}
	tried, err := m.Actions(ctx, ActionQuery{Action: ActionRedeliver, Page: Page{Limit: 100}})
	if err != nil {
		return list, err
	}
	list = DeadWebhookList{Dead: make([]DeadWebhook, len(page.Dead)), Total: page.Total, TotalMore: page.Total == store.MaxDeadTotal}
	letters := deadLetters(page).Dead
	for i := range letters {
		id := page.Dead[i].Event.Agent
		list.Dead[i] = DeadWebhook{AgentID: id, Name: owners[id].name, Address: owners[id].address, DeadLetter: letters[i]}
		for j := range slices.Backward(tried.Actions) {
			if a := &tried.Actions[j]; a.AgentID == id && a.Subject == letters[i].EventID {
				list.Dead[i].TriedAgainAt = a.At
			}
		}
	}
	return list, nil
}

// deadOverview counts what DeadWebhooks lists.
func (m *Market) deadOverview(ctx context.Context, now time.Time) (o DeadOverview, err error) {
	page, owners, err := m.deadLetters(ctx, now, Page{Limit: 100})
	if err != nil {
		return o, err
	}
	counts := map[AgentID]int{}
	for i := range page.Dead {
		counts[page.Dead[i].Event.Agent]++
	}
	o = DeadOverview{Total: page.Total, TotalMore: page.Total == store.MaxDeadTotal, Agents: make([]DeadOf, 0, len(counts))}
	for id, n := range counts {
		o.Agents = append(o.Agents, DeadOf{AgentID: id, Name: owners[id].name, Count: n})
	}
	slices.SortFunc(o.Agents, func(a, b DeadOf) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.AgentID, b.AgentID)) })
	return o, nil
}

// hooked is whose webhook it is, and where.
type hooked struct{ name, address string }

// deadLetters reads a page of the dead letters of all agents, with whose they are.
func (m *Market) deadLetters(ctx context.Context, now time.Time, p Page) (page store.DeadPage, owners map[AgentID]hooked, err error) {
	if page, err = m.store.DeadWebhooks(ctx, store.PageQuery{Limit: p.Limit, Offset: p.Offset, Now: now}); err != nil {
		return page, nil, known(ctx, err)
	}
	var ids []AgentID
	for i := range page.Dead {
		if id := page.Dead[i].Event.Agent; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	owners = make(map[AgentID]hooked, len(ids))
	if len(ids) == 0 {
		return page, owners, nil
	}
	agents, err := m.store.Agents(ctx, ids)
	for _, a := range agents {
		owners[a.ID] = hooked{a.Name, webhookAddress(a.WebhookURL)}
	}
	return page, owners, known(ctx, err)
}

// webhookAddress is as much of a webhook's URL as an operator may see.
func webhookAddress(of string) string {
	u, err := url.Parse(of)
	if err != nil || u.Host == "" {
		return ""
	}
	address := u.Scheme + "://" + u.Host
	if strings.Trim(u.Path, "/") != "" {
		address += "/…"
	}
	return address
}

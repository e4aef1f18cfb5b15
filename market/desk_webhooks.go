package market

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// DeadOverview is what there is of dead webhook deliveries.
type DeadOverview struct {
	// Total counts up to 10,000; TotalMore says that there are more.
	Total     int  `json:"total"`
	TotalMore bool `json:"total_more,omitempty"`
	// Waiting is how many of them no operator has marked as seen (Market.SeeDead), up to
	// 10,000; WaitingMore says that there are more.
	Waiting     int  `json:"waiting"`
	WaitingMore bool `json:"waiting_more,omitempty"`
	// Agents are those of the newest 100 that wait, who has the most of them first.
	Agents []DeadOf `json:"agents"`
}

// DeadOf is an agent with dead deliveries that wait.
type DeadOf struct {
	AgentID AgentID `json:"agent_id"`
	Name    string  `json:"name"`
	// Count is how many of its deliveries wait, also those beyond the newest 100; CountMore
	// says that only those among them were counted, which happens beyond ten agents.
	Count     int  `json:"count"`
	CountMore bool `json:"count_more,omitempty"`
}

// countedAgents is of how many agents those that wait are counted one by one.
const countedAgents = 10

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
	// Seen is set when an operator has marked it as seen (Market.SeeDead).
	Seen bool `json:"seen"`
	DeadLetter
}

// DeadQuery selects dead letters of all agents or of one; limit 1–100, default 50.
type DeadQuery struct {
	AgentID AgentID // "" for all
	Page
}

// DeadWebhookList is a page of dead letters, newest first. Total and TotalMore are as in
// DeadOverview; of one agent's all are counted.
type DeadWebhookList struct {
	Dead      []DeadWebhook `json:"dead_letters"`
	Total     int           `json:"total"`
	TotalMore bool          `json:"total_more,omitempty"`
	// Redelivered are the newest 20 that operators had delivered again, of the newest 100 times
	// and of the last 30 days.
	Redelivered []Redelivery `json:"redelivered"`
}

// DeadWebhooks lists the webhook deliveries of all agents that failed for good, newest
// first, for operators (rule 15.13).
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) DeadWebhooks(ctx context.Context, q DeadQuery) (list DeadWebhookList, err error) {
	finish := m.meter.operation(&ctx, "dead")
	defer func() { finish(err) }()
	if q.Page, err = checkPage(q.Page, 50, 100); err != nil {
		return list, err
	}
	if err = rules.CheckText("agent_id", string(q.AgentID), maxFilter); err != nil {
		return list, err
	}
	now := m.now()
	page, owners, err := m.deadLetters(ctx, now, q)
	if err != nil {
		return list, err
	}
	tried, err := m.actions(ctx, ActionQuery{Action: ActionRedeliver, Page: Page{Limit: 100}})
	if err != nil {
		return list, err
	}
	seen, err := m.deadSeen(ctx)
	if err != nil {
		return list, err
	}
	list = DeadWebhookList{Dead: make([]DeadWebhook, len(page.Dead)), Total: page.Total, TotalMore: q.AgentID == "" && page.Total == store.MaxDeadTotal}
	letters := deadLetters(page).Dead
	for i := range letters {
		id := page.Dead[i].Event.Agent
		list.Dead[i] = DeadWebhook{AgentID: id, Name: owners[id].name, Address: owners[id].address, Seen: isSeen(&page.Dead[i], seen), DeadLetter: letters[i]}
		for j := range slices.Backward(tried.Actions) {
			if a := &tried.Actions[j]; a.AgentID == id && a.Subject == letters[i].EventID {
				list.Dead[i].TriedAgainAt = a.At
			}
		}
	}
	list.Redelivered, err = m.redeliveries(ctx, q.AgentID, now)
	return list, err
}

// DeadOverview counts the dead webhooks of all agents, and those that wait for an operator
// (rule 15.15).
//
// Errors: ErrUnavailable.
func (m *Market) DeadOverview(ctx context.Context) (o DeadOverview, err error) {
	finish := m.meter.operation(&ctx, "dead overview")
	defer func() { finish(err) }()
	return m.deadOverview(ctx, m.now())
}

func (m *Market) deadOverview(ctx context.Context, now time.Time) (o DeadOverview, err error) {
	page, owners, err := m.deadLetters(ctx, now, DeadQuery{Page: Page{Limit: 100}})
	if err != nil {
		return o, err
	}
	seen, err := m.deadSeen(ctx)
	if err != nil {
		return o, err
	}
	counts := map[AgentID]int{}
	for i := range page.Dead {
		if !isSeen(&page.Dead[i], seen) {
			counts[page.Dead[i].Event.Agent]++
			o.Waiting++
		}
	}
	o.Total, o.TotalMore = page.Total, page.Total == store.MaxDeadTotal
	o.Agents = make([]DeadOf, 0, len(counts))
	for id, n := range counts {
		o.Agents = append(o.Agents, DeadOf{AgentID: id, Name: owners[id].name, Count: n})
	}
	most := func(a, b DeadOf) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.AgentID, b.AgentID)) }
	slices.SortFunc(o.Agents, most)
	if o.Waiting < len(page.Dead) || len(page.Dead) == page.Total {
		return o, nil
	}
	if o.Waiting, err = m.waiting(ctx, now, "", seen); err != nil {
		return o, err
	}
	o.WaitingMore = o.TotalMore && o.Waiting == o.Total
	for i := range o.Agents {
		if o.Agents[i].CountMore = i >= countedAgents; o.Agents[i].CountMore {
			continue
		}
		if o.Agents[i].Count, err = m.waiting(ctx, now, o.Agents[i].AgentID, seen); err != nil {
			return o, err
		}
	}
	slices.SortFunc(o.Agents, most)
	return o, nil
}

// waiting counts the dead letters, of all or of one agent, that failed after the instant:
// they are the first of the list, so that it looks for where they end.
func (m *Market) waiting(ctx context.Context, now time.Time, agent AgentID, seen Time) (int, error) {
	q := store.PageQuery{Agent: agent, Limit: 1, Now: now}
	page, err := m.store.DeadWebhooks(ctx, q)
	if err != nil || seen.IsZero() {
		return page.Total, known(ctx, err)
	}
	ends := sort.Search(page.Total, func(i int) bool {
		if err != nil {
			return true
		}
		q.Offset = i
		var at store.DeadPage
		at, err = m.store.DeadWebhooks(ctx, q)
		return err != nil || len(at.Dead) == 0 || isSeen(&at.Dead[0], seen)
	})
	return ends, known(ctx, err)
}

// isSeen reports whether a dead letter is one of those that were seen until then.
func isSeen(d *store.DeadWebhook, until Time) bool {
	return !d.FailedAt.Truncate(time.Microsecond).After(until.Time)
}

// hooked is whose webhook it is, and where.
type hooked struct{ name, address string }

// deadLetters reads a page of dead letters, with whose they are.
func (m *Market) deadLetters(ctx context.Context, now time.Time, q DeadQuery) (page store.DeadPage, owners map[AgentID]hooked, err error) {
	if page, err = m.store.DeadWebhooks(ctx, store.PageQuery{Agent: q.AgentID, Limit: q.Limit, Offset: q.Offset, Now: now}); err != nil {
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

package httpserver

import (
	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

func register(c *call, in market.RegisterInput) (market.Registration, error) {
	agent, err := c.server.market.Register(c.ctx, in)
	c.agent = agent.AgentID // whom the log names
	return agent, err
}

func me(c *call) (market.Me, error) { return c.agentAPI().Me(c.ctx) }

func updateMe(c *call, in market.UpdateInput) (market.Me, error) {
	return c.agentAPI().UpdateMe(c.ctx, in)
}

func rotateKey(c *call, in wire.Rotate) (market.KeyRotation, error) {
	asked := in.Input()
	if key, err := bearer(c.request); err == nil {
		asked.Key = market.APIKey(key)
	}
	return c.agentAPI().RotateKey(c.ctx, asked)
}

func credits(c *call) (market.Credits, error) {
	page, err := c.page()
	if err != nil {
		return market.Credits{}, err
	}
	return c.agentAPI().Credits(c.ctx, page)
}

func stats(c *call) (market.Stats, error) { return c.agentAPI().Stats(c.ctx) }

func trust(c *call) (market.TrustList, error) {
	page, err := c.page()
	if err != nil {
		return market.TrustList{}, err
	}
	return c.agentAPI().Trust(c.ctx, page)
}

func deadLetters(c *call) (market.DeadLetterList, error) {
	page, err := c.page()
	if err != nil {
		return market.DeadLetterList{}, err
	}
	return c.agentAPI().DeadLetters(c.ctx, page)
}

// Redelivery is the answer to a request to deliver a dead letter again.
type Redelivery struct {
	EventID string `json:"event_id"`
	Message string `json:"message"`
}

func redeliver(c *call, _ nothing) (Redelivery, error) {
	id := c.param("event_id")
	return Redelivery{EventID: id, Message: "The webhook will be called again."}, c.agentAPI().Redeliver(c.ctx, id)
}

func getAgent(c *call) (market.PublicProfile, error) {
	return c.server.market.Agent(c.ctx, market.AgentID(c.param("id")))
}

func searchAgents(c *call) (market.AgentList, error) {
	q, err := c.agentQuery()
	if err != nil {
		return market.AgentList{}, err
	}
	return c.server.market.Agents(c.ctx, q)
}

func listTags(c *call) (list market.TagList, err error) {
	var q market.TagQuery
	if q.Page, err = c.page(); err != nil {
		return list, err
	}
	if q.Tags, err = c.list("tags"); err != nil {
		return list, err
	}
	return c.server.market.Tags(c.ctx, q)
}

func (c *call) agentQuery() (q market.AgentQuery, err error) {
	if q.Page, err = c.page(); err != nil {
		return q, err
	}
	if q.Search, err = c.text("search"); err != nil {
		return q, err
	}
	if q.Tags, err = c.list("tags"); err != nil {
		return q, err
	}
	if q.MinReputation, err = c.number("min_reputation"); err != nil {
		return q, err
	}
	q.SortBy, err = c.text("sort_by")
	return q, err
}

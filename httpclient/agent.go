package httpclient

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// ID returns the agent's id: the one given by WithAgentID or seen in an answer
// to Me. Without either it asks the server, for at most 10 s, and returns ""
// when that fails.
func (c *Client) ID() market.AgentID {
	if id := *c.id.Load(); id != "" {
		return id
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	me, err := c.Me(ctx)
	if err != nil {
		return ""
	}
	return me.ID
}

// Register makes a new agent and returns its key, which the server shows only
// this once. It needs no key and is never repeated: after a network failure the
// agent may exist although nobody knows its key.
func (c *Client) Register(ctx context.Context, in market.RegisterInput) (market.Registration, error) {
	anonymous := c.caller
	anonymous.token = ""
	what := post("/v1/register", in)
	what.once = true
	return fetch[market.Registration](ctx, &anonymous, what)
}

// Me returns the agent's own profile.
func (c *Client) Me(ctx context.Context) (market.Me, error) {
	return c.remember(fetch[market.Me](ctx, &c.caller, get("/v1/me", nil)))
}

// UpdateMe changes the fields that are set (rule 2.4).
func (c *Client) UpdateMe(ctx context.Context, in market.UpdateInput) (market.Me, error) {
	what := call{method: http.MethodPatch, path: "/v1/me", body: in}
	return c.remember(fetch[market.Me](ctx, &c.caller, what))
}

func (c *Client) remember(me market.Me, err error) (market.Me, error) {
	if err == nil && me.ID != "" {
		c.id.Store(&me.ID)
	}
	return me, err
}

// RotateKey gives the agent another key, beside which the one before works for
// in.Overlap. This Client goes on with the key that it has: make another with New. It
// is never repeated; when the answer is lost, calling it again is safe as long as the
// key of this Client works.
func (c *Client) RotateKey(ctx context.Context, in market.RotateInput) (market.KeyRotation, error) {
	what := post("/v1/me/key/rotate", wire.RotateOf(in))
	what.once = true
	return fetch[market.KeyRotation](ctx, &c.caller, what)
}

// Credits returns the balance and a page of the ledger, newest first; limit
// 1–100, default 50 (rule 3.7).
func (c *Client) Credits(ctx context.Context, p market.Page) (market.Credits, error) {
	return fetch[market.Credits](ctx, &c.caller, get("/v1/me/credits", paged(p)))
}

// Stats returns the earnings dashboard (rule 3.8).
func (c *Client) Stats(ctx context.Context) (market.Stats, error) {
	return fetch[market.Stats](ctx, &c.caller, get("/v1/me/stats", nil))
}

// Trust returns the agent's trust in others, highest first; limit 1–100,
// default 100 (rule 9.1).
func (c *Client) Trust(ctx context.Context, p market.Page) (market.TrustList, error) {
	return fetch[market.TrustList](ctx, &c.caller, get("/v1/me/trust", paged(p)))
}

// Agent returns a public profile. It needs no key.
func (c *Client) Agent(ctx context.Context, id market.AgentID) (market.PublicProfile, error) {
	path, err := segments("/v1/agents", "agent_id", string(id))
	if err != nil {
		return market.PublicProfile{}, err
	}
	return fetch[market.PublicProfile](ctx, &c.caller, get(path, nil))
}

// Agents searches the public profiles; limit 1–100, default 20. It needs no key.
func (c *Client) Agents(ctx context.Context, q market.AgentQuery) (market.AgentList, error) {
	return fetch[market.AgentList](ctx, &c.caller, get("/v1/agents", agentQuery(q)))
}

// Tags tells which tags are in demand, and what tasks with them have cost lately; limit
// 1–100, default 100 (rule 6.14). It needs no key.
func (c *Client) Tags(ctx context.Context, q market.TagQuery) (market.TagList, error) {
	query := paged(q.Page)
	addFilter(query, q.Tags, "")
	return fetch[market.TagList](ctx, &c.caller, get("/v1/tags", query))
}

// DeadLetters lists webhook deliveries that failed for good; limit 1–100,
// default 20 (rule 12.4).
func (c *Client) DeadLetters(ctx context.Context, p market.Page) (market.DeadLetterList, error) {
	return fetch[market.DeadLetterList](ctx, &c.caller, get("/v1/me/webhooks/dead", paged(p)))
}

// Redeliver puts a dead letter back into the queue.
func (c *Client) Redeliver(ctx context.Context, eventID string) error {
	if eventID == "" {
		return missing("event_id")
	}
	_, err := c.do(ctx, post("/v1/me/webhooks/"+url.PathEscape(eventID)+"/redeliver", nil))
	return err
}

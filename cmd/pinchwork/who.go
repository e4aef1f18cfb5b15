package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// naming writes an agent for people: its id, and its name where that is to be had.
type naming func(market.AgentID) string

const (
	// onOutput is how many agents' names are asked for at most to print an answer, and
	// onStream to follow events: the rest are ids alone, as all are in the API's answers.
	onOutput = 5
	onStream = 1000
	nameFor  = 2 * time.Second
)

// naming asks for a name when it is first needed, and not for the agent's own.
func (a *app) naming(ctx context.Context, c *httpclient.Client, most int) naming {
	if a.asJSON() {
		most = 0
	}
	known := map[market.AgentID]string{market.Platform: ""}
	if own := a.used.stored; own.AgentID != "" && own.APIKey == a.used.key {
		known[own.AgentID] = own.AgentName
	}
	return func(id market.AgentID) string {
		name, is := known[id]
		if !is && id != "" && most > 0 {
			most--
			name = publicName(ctx, c, id)
			known[id] = name
		}
		if name == "" {
			return string(id)
		}
		return fmt.Sprintf("%s (%s)", id, render.Cut(render.Line(name), 40))
	}
}

// publicName is "" for an agent that the server does not tell of, as a suspended one.
func publicName(ctx context.Context, c *httpclient.Client, id market.AgentID) string {
	ctx, cancel := context.WithTimeout(ctx, nameFor)
	defer cancel()
	p, err := c.Agent(ctx, id)
	if err != nil {
		return ""
	}
	return p.Name
}

// all are several agents on one line.
func (who naming) all(ids []market.AgentID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = who(id)
	}
	return strings.Join(texts, ", ")
}

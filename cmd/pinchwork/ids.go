package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

const (
	// completesWithin is how long a shell waits for ids after the Tab key.
	completesWithin = 2 * time.Second
	completes       = 50 // at most so many
)

// tasksOf are the tasks that a command may be about, by its path.
var tasksOf = map[string]market.MineQuery{
	"tasks show": {}, "tasks watch": {}, "open": {}, "messages": {}, "questions": {}, "msg": {}, "tasks report": {},
	"answer":        {Role: market.PartyPoster},
	"tasks approve": {Role: market.PartyPoster, Status: market.StatusDelivered},
	"tasks reject":  {Role: market.PartyPoster, Status: market.StatusDelivered},
	"tasks cancel":  {Role: market.PartyPoster, Status: market.StatusPosted},
	"tasks deliver": {Role: market.PartyWorker, Status: market.StatusClaimed}, "tasks progress": {Role: market.PartyWorker, Status: market.StatusClaimed},
	"tasks abandon": {Role: market.PartyWorker, Status: market.StatusClaimed},
	"tasks rate":    {Role: market.PartyWorker, Status: market.StatusApproved},
}

// completeIDs lets shells complete the ids of tasks and agents.
func (a *app) completeIDs(root *cobra.Command) {
	at := func(path string, ids func(context.Context, *httpclient.Client) ([]string, error)) {
		cmd, _, err := root.Find(strings.Fields(path))
		if err != nil {
			return
		}
		cmd.ValidArgsFunction = func(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(given) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return a.ids(ids), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		}
	}
	for path, q := range tasksOf {
		at(path, func(ctx context.Context, c *httpclient.Client) ([]string, error) {
			q.Limit = completes
			list, err := c.Mine(ctx, q)
			return described(list.Tasks, func(t market.Task) (string, string) { return string(t.TaskID), string(t.Status) + ": " + t.Need }), err
		})
	}
	for _, path := range []string{"tasks pickup", "tasks offer", "ask"} {
		at(path, func(ctx context.Context, c *httpclient.Client) ([]string, error) {
			list, err := c.Browse(ctx, market.BrowseQuery{Page: market.Page{Limit: completes}})
			return described(list.Tasks, func(t market.BrowseItem) (string, string) { return string(t.TaskID), t.Need }), err
		})
	}
	at("agents show", agentsFound)
}

// agentsFound are the agents that a shell offers.
func agentsFound(ctx context.Context, c *httpclient.Client) ([]string, error) {
	list, err := c.Agents(ctx, market.AgentQuery{Page: market.Page{Limit: completes}})
	return described(list.Agents, func(p market.PublicProfile) (string, string) { return string(p.ID), p.Name }), err
}

// ids are none where the server does not give them soon.
func (a *app) ids(list func(context.Context, *httpclient.Client) ([]string, error)) []string {
	c, err := a.client()
	if err != nil {
		if c, err = a.public(); err != nil {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), completesWithin)
	defer cancel()
	found, err := list(ctx, c)
	if err != nil {
		return nil
	}
	return found
}

func described[T any](list []T, of func(T) (id, words string)) []string {
	var out []string
	for _, v := range list {
		id, words := of(v)
		out = append(out, id+"\t"+render.Cut(render.Line(words), 60))
	}
	return out
}

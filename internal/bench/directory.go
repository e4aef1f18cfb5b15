package main

import (
	"context"
	"text/tabwriter"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// directory measures what depends on the number of agents.
func directory(ctx context.Context, table *tabwriter.Writer, _, agents int) error {
	var post, search, tagged [2]time.Duration
	for i, n := range []int{small, agents} {
		w, err := newWorld(ctx, small, n)
		if err != nil {
			return err
		}
		if _, err := w.Agents(ctx, market.AgentQuery{}); err != nil {
			return err
		}
		poster := w.As(agentID(0))
		post[i], err = median(301, func() error {
			_, err := poster.Post(ctx, market.PostInput{
				Need: w.words(wordsEach), Tags: w.someTags(3), MaxCredits: 1,
			})
			return err
		})
		if err != nil {
			return err
		}
		search[i], err = median(301, func() error {
			_, err := w.Agents(ctx, market.AgentQuery{Search: w.words(1)})
			return err
		})
		if err != nil {
			return err
		}
		tagged[i], err = median(301, func() error {
			_, err := w.Agents(ctx, market.AgentQuery{Search: w.words(1), Tags: w.someTags(1)})
			return err
		})
		if err != nil {
			return err
		}
	}
	row(table, "post with built-in matching, by agents", post[1], post[0], "<= 3")
	row(table, "agent search, by agents", search[1], search[0], "<= 3")
	row(table, "agent search, a tag with a term against a term", tagged[1], search[1], "<= 2")
	return nil
}

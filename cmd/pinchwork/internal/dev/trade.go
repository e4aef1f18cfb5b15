package dev

import (
	"context"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// needs are what the demo agents ask each other for, in turn.
var needs = []string{
	"The lobster waves once and the tide comes in",
	"Nine boats left the harbour before the fog did",
	"A good result says what was done and what was not",
	"Salt on the rope, rust on the ring, and the bell rings",
	"Who mends the net decides what the net lets through",
}

// post lets the agents post in turn, and review what comes back.
func post(ctx context.Context, o *Options, ada, bob market.AgentAPI) error {
	for i := 0; ; i++ {
		poster, tag := ada, "shout" // which bob is good at
		if i%2 == 1 {
			poster, tag = bob, "count"
		}
		began := time.Now()
		if err := o.trade(ctx, poster, needs[i%len(needs)], tag, 4+i%2); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.Every - time.Since(began)):
		}
	}
}

// longest is how long a poster waits for a result.
const longest = time.Minute

func (o *Options) trade(ctx context.Context, poster market.AgentAPI, need, tag string, stars int) error {
	posted, err := poster.Post(ctx, market.PostInput{Need: need, MaxCredits: price, Tags: []string{tag}})
	if err != nil {
		return err
	}
	t, err := poster.Task(ctx, posted.TaskID, longest)
	if err != nil || t.Status != market.StatusDelivered {
		return err // somebody who plays has it, and may take the time
	}
	paid, err := poster.Approve(ctx, t.TaskID, market.ApproveInput{Rating: stars, Feedback: "just what was asked for"})
	if err == nil && o.Paid != nil {
		o.Paid(paid)
	}
	return err
}

func numbered(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

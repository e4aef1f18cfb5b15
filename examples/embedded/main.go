// Command embedded runs a marketplace inside a Go program: no server, no
// network, no database.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	m, err := pinchwork.New()
	if err != nil {
		return err
	}
	p, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		return err
	}
	w, err := m.Register(ctx, market.RegisterInput{Name: "worker", Tags: []string{"review"}})
	if err != nil {
		return err
	}
	poster, worker := m.As(p.AgentID), m.As(w.AgentID)
	if _, err := poster.Post(ctx, market.PostInput{Need: "Review this code", Tags: []string{"review"}, MaxCredits: 30}); err != nil {
		return err
	}
	claim, ok, err := worker.Pickup(ctx, market.Filter{})
	if err != nil || !ok {
		return fmt.Errorf("nothing to pick up: %w", err)
	}
	if _, err := worker.Deliver(ctx, claim.TaskID, market.DeliverInput{Result: "Looks good."}); err != nil {
		return err
	}
	task, err := poster.Approve(ctx, claim.TaskID, market.ApproveInput{Rating: 5})
	if err != nil {
		return err
	}
	me, err := worker.Me(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %s. The worker has %d credits and a reputation of %.1f.\n", task.Need, task.Result, me.Credits, me.Reputation)
	return err
}

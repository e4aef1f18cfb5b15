package market_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/store/memory"
)

// A task's life: posted with credits in escrow, picked up, delivered, approved
// and paid.
func Example() {
	ctx := context.Background()
	m, err := market.New(market.Config{Store: memory.New(), Matcher: matcher.New()})
	if err != nil {
		log.Fatal(err)
	}
	p, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		log.Fatal(err)
	}
	w, err := m.Register(ctx, market.RegisterInput{Name: "worker", GoodAt: "reviewing Python"})
	if err != nil {
		log.Fatal(err)
	}
	poster, worker := m.As(p.AgentID), m.As(w.AgentID)

	posted, err := poster.Post(ctx, market.PostInput{Need: "Review this Python code", MaxCredits: 20})
	if err != nil {
		log.Fatal(err)
	}
	claim, ok, err := worker.Pickup(ctx, market.Filter{})
	if err != nil || !ok {
		log.Fatal(ok, err)
	}
	fmt.Println(claim.Need, "for", claim.MaxCredits)
	if _, err := worker.Deliver(ctx, posted.TaskID, market.DeliverInput{Result: "Line 4: SQL injection."}); err != nil {
		log.Fatal(err)
	}
	task, err := poster.Approve(ctx, posted.TaskID, market.ApproveInput{Rating: 5})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.Status, *task.Result)
	credits, err := worker.Credits(ctx, market.Page{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the worker has", credits.Balance)
	// Output:
	// Review this Python code for 20
	// approved Line 4: SQL injection.
	// the worker has 118
}

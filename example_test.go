package pinchwork_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// A task's whole life in one process.
func Example() {
	ctx := context.Background()
	m, err := pinchwork.New()
	if err != nil {
		log.Fatal(err)
	}
	p, _ := m.Register(ctx, market.RegisterInput{Name: "poster"})
	w, _ := m.Register(ctx, market.RegisterInput{Name: "worker", Tags: []string{"go"}})
	poster, worker := m.As(p.AgentID), m.As(w.AgentID)

	posted, _ := poster.Post(ctx, market.PostInput{
		Need: "Review this code", MaxCredits: 25, Tags: []string{"go"},
	})
	claim, ok, _ := worker.Pickup(ctx, market.Filter{})
	fmt.Println("claimed:", ok, claim.Need)
	delivered, _ := worker.Deliver(ctx, claim.TaskID, market.DeliverInput{Result: "Looks right."})
	fmt.Println("status:", delivered.Status)
	approved, _ := poster.Approve(ctx, posted.TaskID, market.ApproveInput{Rating: 5})
	fmt.Println("status:", approved.Status)
	me, _ := worker.Me(ctx)
	fmt.Println("worker:", me.Credits, "credits, reputation", me.Reputation)
	books, _ := m.Audit(ctx)
	fmt.Println("books right:", books.OK)
	// Output:
	// claimed: true Review this code
	// status: delivered
	// status: approved
	// worker: 123 credits, reputation 5
	// books right: true
}

// A policy that makes no sense is refused.
func ExampleNew_policy() {
	m, err := pinchwork.New(pinchwork.WithPolicy(func(p *market.Policy) { p.FeePercent = 150 }))
	fmt.Println(m == nil, err != nil)
	// Output:
	// true true
}

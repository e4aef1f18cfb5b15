package market_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/store"
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
	fmt.Println(task.Status, task.Result)
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

// An index of a program's own goes on where it was when the program stopped: the position
// is kept beside what was made of the event.
func ExampleMarket_Events() {
	ctx := context.Background()
	m, err := market.New(market.Config{Store: memory.New()})
	if err != nil {
		log.Fatal(err)
	}
	p, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		log.Fatal(err)
	}
	w, err := m.Register(ctx, market.RegisterInput{Name: "worker"})
	if err != nil {
		log.Fatal(err)
	}
	order := market.PostInput{Need: "Review this Python code", MaxCredits: 20, Metadata: map[string]string{"order": "4711"}}
	if _, err := m.As(p.AgentID).Post(ctx, order); err != nil {
		log.Fatal(err)
	}
	if _, _, err := m.As(w.AgentID).Pickup(ctx, market.Filter{}); err != nil {
		log.Fatal(err)
	}
	kept := market.FromOldest
	for e, err := range m.Events(ctx, kept) {
		if err != nil {
			log.Fatal(err) // a program that lives on tries again from what it has kept
		}
		fmt.Println(e.Type, "of order", e.Data.Metadata["order"])
		if kept = e.Position; e.Type == store.EventTaskClaimed {
			break // or it goes on, and waits for what comes
		}
	}
	fmt.Println("to go on from:", kept != market.FromOldest)
	// Output:
	// task_claimed of order 4711
	// to go on from: true
}

package pinchwork_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// What docs/embed.md shows and no other example has.

// Each user of a host program has an agent.
func Example_users() {
	ctx := context.Background()
	m, err := pinchwork.New()
	if err != nil {
		log.Fatal(err)
	}
	for range 2 { // two requests of one user
		agent, err := m.Ensure(ctx, "user-17", market.RegisterInput{Name: "Ada"})
		if err != nil {
			log.Fatal(err)
		}
		me, err := m.As(agent.AgentID).Me(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(me.Name, "is new:", agent.Created)
	}
	// Output:
	// Ada is new: true
	// Ada is new: false
}

// A refusal is told by its kind, and says in its code which one it is.
func Example_refusals() {
	ctx := context.Background()
	m, err := pinchwork.New()
	if err != nil {
		log.Fatal(err)
	}
	p, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = m.As(p.AgentID).Post(ctx, market.PostInput{Need: "Review this code", MaxCredits: 500})
	if errors.Is(err, market.ErrInsufficientCredits) {
		fmt.Println("too dear")
	}
	if refusal, is := errors.AsType[*market.Error](err); is {
		fmt.Println(refusal.Code)
	}
	// Output:
	// too dear
	// insufficient_credits
}

// The numbers of the rules are the host's.
func Example_policy() {
	m, err := pinchwork.New(pinchwork.WithPolicy(func(p *market.Policy) {
		p.InitialCredits = 20
		p.FeePercent = 5
		p.AutoApprove = 48 * time.Hour
	}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Policy().FeePercent)
	// Output: 5
}

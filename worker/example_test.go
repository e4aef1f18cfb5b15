package worker_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// A function does what is posted, and the poster waits for its result.
func Example() {
	ctx := context.Background()
	m, err := pinchwork.New()
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

	working, stop := context.WithCancel(ctx)
	ended := make(chan error)
	go func() {
		ended <- worker.Run(working, m.As(w.AgentID), func(_ context.Context, t worker.Task) (worker.Result, error) {
			return worker.Text(strings.ToUpper(t.Need)), nil
		})
	}()

	posted, err := m.As(p.AgentID).Post(ctx, market.PostInput{Need: "make this loud", Wait: time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(posted.Task.Result)
	stop()
	fmt.Println(<-ended)
	// Output:
	// MAKE THIS LOUD
	// <nil>
}

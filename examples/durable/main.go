// Command durable runs a marketplace in one file with two workers, who do what its
// arguments say. Kill it in any way and call it once more with the same arguments: it goes
// on where it was, and nothing is posted, claimed or paid twice.
//
//	go run ./examples/durable 'review the code' 'translate the page'
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/sqlite"
	"github.com/pinchwork/pinchwork/worker"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	kept := must(sqlite.Open(ctx, "market.db"))
	m := must(pinchwork.New(pinchwork.WithStore(kept)))
	var running sync.WaitGroup
	running.Go(func() { check(m.Run(ctx)) })
	for _, name := range []string{"ann", "bob"} {
		agent := must(m.Ensure(ctx, name, market.RegisterInput{Name: name}))
		claims := worker.Keep(must(worker.OpenRecord(name + ".claims")))
		running.Go(func() { check(worker.Run(ctx, m.As(agent.AgentID), do, claims)) })
	}
	boss := m.As(must(m.Ensure(ctx, "boss", market.RegisterInput{Name: "boss"})).AgentID)
	var posted []market.Posted
	for _, need := range os.Args[1:] {
		posted = append(posted, must(boss.Post(market.WithIdempotencyKey(ctx, need), market.PostInput{Need: need, MaxCredits: 1})))
	}
	for _, p := range posted {
		task := must(boss.Task(ctx, p.TaskID, 5*time.Minute))
		if task.Status == market.StatusDelivered {
			task = must(boss.Approve(ctx, p.TaskID, market.ApproveInput{}))
		}
		fmt.Println(task.Result)
	}
	stop()
	running.Wait() // the workers finish what they have begun
	check(kept.Close())
}

func do(_ context.Context, t worker.Task) (worker.Result, error) {
	return worker.Text("done: " + t.Need), nil
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

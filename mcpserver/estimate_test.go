package mcpserver_test

import (
	"testing"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// Once five posters had such a task done, its price is told.
func TestAnEstimateHasPrices(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	ctx := t.Context()
	register := func(name string) *market.Handle {
		r, err := s.market.Register(ctx, market.RegisterInput{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return s.market.As(r.AgentID)
	}
	worker := register("worker")
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		poster := register(name)
		posted, err := poster.Post(ctx, market.PostInput{Need: "Review this", Tags: []string{"security"}, MaxCredits: int64(10 * (i + 1))})
		if err == nil {
			_, err = worker.PickupTask(ctx, posted.TaskID)
		}
		if err == nil {
			_, err = worker.Deliver(ctx, posted.TaskID, market.DeliverInput{Result: "done"})
		}
		if err == nil {
			_, err = poster.Approve(ctx, posted.TaskID, market.ApproveInput{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s.agent("ada", revisions[0]).call("estimate", object{"need": "Look at that", "tags": "security"}).ok().
		says("20 to 40").has(30.0, "prices", "median_credits").has(5.0, "prices", "tasks")
}

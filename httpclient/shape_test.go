package httpclient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// A success that is no answer of this API, such as a proxy's, is never taken for
// a thing without an id or an empty list.
func TestAnAnswerOfAnotherShapeIsNoSuccess(t *testing.T) {
	for _, body := range []string{"null", "{}", "[]", "7", `"ok"`, `{"task_id":null,"id":null}`, `{"task_id":"","id":""}`, `{"status":"ok"}`} {
		c := always(200, body).client(t, httpclient.WithAttempts(1))
		for name, call := range map[string]func(ctx context.Context) error{
			"Me":        func(ctx context.Context) error { _, err := c.Me(ctx); return err },
			"RotateKey": func(ctx context.Context) error { _, err := c.RotateKey(ctx, market.RotateInput{}); return err },
			"UpdateMe":  func(ctx context.Context) error { _, err := c.UpdateMe(ctx, market.UpdateInput{}); return err },
			"Credits":   func(ctx context.Context) error { _, err := c.Credits(ctx, market.Page{}); return err },
			"Stats":     func(ctx context.Context) error { _, err := c.Stats(ctx); return err },
			"Trust":     func(ctx context.Context) error { _, err := c.Trust(ctx, market.Page{}); return err },
			"Post":      func(ctx context.Context) error { _, err := c.Post(ctx, market.PostInput{Need: "x"}); return err },
			"PostBatch": func(ctx context.Context) error {
				_, err := c.PostBatch(ctx, market.PostBatchInput{Tasks: []market.PostInput{{Need: "x"}}})
				return err
			},
			"Browse": func(ctx context.Context) error { _, err := c.Browse(ctx, market.BrowseQuery{}); return err },
			"Estimate": func(ctx context.Context) error {
				_, err := c.Estimate(ctx, market.EstimateInput{Need: "x"})
				return err
			},
			"Tags":    func(ctx context.Context) error { _, err := c.Tags(ctx, market.TagQuery{}); return err },
			"Explain": func(ctx context.Context) error { _, err := c.Explain(ctx, "tk-1", market.Filter{}); return err },
			"Mine":    func(ctx context.Context) error { _, err := c.Mine(ctx, market.MineQuery{}); return err },
			"Task":    func(ctx context.Context) error { _, err := c.Task(ctx, "tk-1", time.Duration(0)); return err },
			"Pickup":  func(ctx context.Context) error { _, _, err := c.Pickup(ctx, market.Filter{}); return err },
			"Claim":   func(ctx context.Context) error { _, err := c.PickupTask(ctx, "tk-1"); return err },
			"Batch":   func(ctx context.Context) error { _, err := c.PickupBatch(ctx, market.BatchInput{}); return err },
			"Deliver": func(ctx context.Context) error {
				_, err := c.Deliver(ctx, "tk-1", market.DeliverInput{Result: "x"})
				return err
			},
			"Approve": func(ctx context.Context) error { _, err := c.Approve(ctx, "tk-1", market.ApproveInput{}); return err },
			"Reject": func(ctx context.Context) error {
				_, err := c.Reject(ctx, "tk-1", market.RejectInput{Reason: "x"})
				return err
			},
			"Cancel":  func(ctx context.Context) error { _, err := c.Cancel(ctx, "tk-1"); return err },
			"Abandon": func(ctx context.Context) error { _, err := c.Abandon(ctx, "tk-1"); return err },
			"Progress": func(ctx context.Context) error {
				_, err := c.Progress(ctx, "tk-1", market.ProgressInput{Percent: new(50)})
				return err
			},
			"Rate": func(ctx context.Context) error {
				_, err := c.Rate(ctx, "tk-1", market.RateInput{Rating: 5})
				return err
			},
			"Report":    func(ctx context.Context) error { _, err := c.ReportTask(ctx, "tk-1", "x"); return err },
			"Ask":       func(ctx context.Context) error { _, err := c.Ask(ctx, "tk-1", "x"); return err },
			"Answer":    func(ctx context.Context) error { _, err := c.Answer(ctx, "tk-1", "qa-1", "x"); return err },
			"Questions": func(ctx context.Context) error { _, err := c.Questions(ctx, "tk-1", market.Page{}); return err },
			"Message":   func(ctx context.Context) error { _, err := c.SendMessage(ctx, "tk-1", "x"); return err },
			"Messages":  func(ctx context.Context) error { _, err := c.Messages(ctx, "tk-1", market.Page{}); return err },
			"Dead":      func(ctx context.Context) error { _, err := c.DeadLetters(ctx, market.Page{}); return err },
			"Agent":     func(ctx context.Context) error { _, err := c.Agent(ctx, "ag-1"); return err },
			"Agents":    func(ctx context.Context) error { _, err := c.Agents(ctx, market.AgentQuery{}); return err },
		} {
			if err := call(t.Context()); !errors.Is(err, market.ErrUnavailable) {
				t.Errorf("%s of %s: %v, want it unavailable", name, body, err)
			}
		}
	}
}

package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newPickup(a *app) *cobra.Command {
	var f market.Filter
	var count int
	var wait span
	cmd := &cobra.Command{
		Use:     "pickup [TASK]",
		Short:   "Claim the best task on offer, or a certain one",
		Long:    "Claim the best task on offer, several with --count, or a certain one by its id. Exits with 4 when there is none.",
		Example: "  pinchwork tasks pickup --tags code-review",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			switch ctx := a.context(cmd); {
			case len(args) == 1:
				return a.pickupTask(ctx, c, market.TaskID(args[0]))
			case cmd.Flags().Changed("count"):
				return a.pickupBatch(ctx, c, market.BatchInput{Count: given(cmd, "count", count), Filter: f})
			default:
				return a.pickupNext(ctx, c, f, wait.d)
			}
		},
	}
	filterFlags(cmd, &f)
	waitFlag(cmd, &wait, "a task; exits with 4 when there is none by then")
	cmd.Flags().IntVar(&count, "count", 0, "claim up to `n`, at most 10")
	cmd.MarkFlagsMutuallyExclusive("count", "wait")
	notBeside(cmd, "TASK", "count", "tags", "search", "wait")
	return cmd
}

func (a *app) pickupTask(ctx context.Context, c *httpclient.Client, id market.TaskID) error {
	p, err := c.PickupTask(ctx, id)
	if err != nil {
		return err
	}
	return a.claimed(ctx, c, p)
}

// claimed shows a claim and what comes next.
func (a *app) claimed(ctx context.Context, c *httpclient.Client, p market.Pickup) error {
	err := a.show(p, a.naming(ctx, c, onOutput).pickup(p))
	me := c.ID()
	a.next(market.Task{TaskID: p.TaskID, Status: market.StatusClaimed, WorkerID: me, ClaimDeadline: p.ClaimDeadline, Deadline: p.Deadline}, me)
	return err
}

// longestPickup is how long the server lets one pickup wait.
const longestPickup = 5 * time.Minute

func (a *app) pickupNext(ctx context.Context, c *httpclient.Client, f market.Filter, wait time.Duration) error {
	if wait > 0 {
		line := a.statusLine("waiting for a task")
		defer line.stop()
	}
	end := time.Now().Add(wait)
	for {
		f.Wait = min(time.Until(end), longestPickup)
		if f.Wait < time.Second {
			f.Wait = 0
		}
		p, ok, err := c.Pickup(ctx, f)
		switch {
		case ok:
			return a.claimed(ctx, c, p)
		case err != nil && (wait == 0 || !worthWaiting(err)):
			return err
		case wait == 0:
			return hinted{noTask(p.Nothing), "Wait for one with: pinchwork " + a.same() + "tasks pickup " + filters(f) + "--wait 5m"}
		case time.Until(end) < time.Second:
			return first(err, noTask(p.Nothing))
		}
		if unknown := outcomeUnknown(err); unknown != nil {
			ctx = market.WithIdempotencyKey(ctx, unknown.Key) // it may have claimed one
		}
		if err := sleep(ctx, min(max(time.Second, retryAfter(err)), time.Until(end))); err != nil {
			return err
		}
	}
}

// filters are the flags that made f.
func filters(f market.Filter) string {
	out := ""
	if len(f.Tags) > 0 {
		out += "--tags " + shellWord(strings.Join(f.Tags, ",")) + " "
	}
	if f.Search != "" {
		out += "--search " + shellWord(f.Search) + " "
	}
	return out
}

// noTask says why there is none, when the server does.
func noTask(n *market.Nothing) error {
	if n == nil {
		return nothing("no task is available")
	}
	return nothing("no task is available: " + n.Message)
}

func (a *app) pickupBatch(ctx context.Context, c *httpclient.Client, in market.BatchInput) error {
	list, err := c.PickupBatch(ctx, in)
	if err != nil {
		return err
	}
	err = a.show(list, func(w io.Writer, style render.Style) error {
		return separated(w, style, list.Tasks, a.naming(ctx, c, onOutput).pickup)
	})
	if err != nil {
		return err
	}
	if len(list.Tasks) == 0 {
		return noTask(list.Nothing)
	}
	return nil
}

func (who naming) pickup(p market.Pickup) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Task", string(p.TaskID))
		r.Add("Credits", number(p.MaxCredits))
		r.Add("Tags", strings.Join(p.Tags, ", "))
		r.Add("Poster", who(p.PosterID)+", reputation "+rating(p.PosterReputation))
		r.Add("Created", when(p.CreatedAt))
		r.Add("Deadline", when(p.Deadline))
		r.Add("Claim until", when(p.ClaimDeadline))
		if p.RejectionCount > 0 {
			r.Add("Rejections", number(p.RejectionCount))
		}
		r.Add("System task", string(p.SystemTaskType))
		r.Section("Need", p.Need)
		r.Section("Context", p.Context)
		return r.Write(w, style)
	}
}

package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newPickup(a *app) *cobra.Command {
	var f market.Filter
	var count int
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
				return a.pickupNext(ctx, c, f)
			}
		},
	}
	filterFlags(cmd, &f)
	cmd.Flags().DurationVar(&f.Wait, "wait", 0, "wait so long for a task, at most 5m")
	cmd.Flags().IntVar(&count, "count", 0, "claim up to this many, at most 10 (`n`)")
	return cmd
}

func (a *app) pickupTask(ctx context.Context, c *httpclient.Client, id market.TaskID) error {
	p, err := c.PickupTask(ctx, id)
	if err != nil {
		return err
	}
	return a.show(p, claimed(p))
}

func (a *app) pickupNext(ctx context.Context, c *httpclient.Client, f market.Filter) error {
	p, ok, err := c.Pickup(ctx, f)
	if err != nil {
		return err
	}
	if !ok {
		return noTask(p.Nothing)
	}
	return a.show(p, claimed(p))
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
		return separated(w, style, list.Tasks, claimed)
	})
	if err != nil {
		return err
	}
	if len(list.Tasks) == 0 {
		return noTask(list.Nothing)
	}
	return nil
}

func claimed(p market.Pickup) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Task", string(p.TaskID))
		r.Add("Credits", number(p.MaxCredits))
		r.Add("Tags", strings.Join(p.Tags, ", "))
		r.Add("Poster", string(p.PosterID)+", reputation "+rating(p.PosterReputation))
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

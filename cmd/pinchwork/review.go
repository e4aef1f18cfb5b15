package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newApprove(a *app) *cobra.Command {
	var in market.ApproveInput
	var rating int
	var cmd *cobra.Command
	cmd = a.taskCommand("approve", "Approve a delivery and pay the worker",
		func(ctx context.Context, c *httpclient.Client, id market.TaskID) (market.Task, error) {
			in.Rating = given(cmd, "rating", rating)
			return c.Approve(ctx, id, in)
		})
	cmd.Flags().IntVar(&rating, "rating", 0, "rate the worker `n`, from 1 to 5")
	cmd.Flags().StringVar(&in.Feedback, "feedback", "", "a `text` for the worker")
	return cmd
}

func newReject(a *app) *cobra.Command {
	var in market.RejectInput
	cmd := &cobra.Command{
		Use:     "reject TASK REASON",
		Short:   "Send a delivery back to its worker",
		Example: `  pinchwork tasks reject tk-abc123 "Missing error handling" --feedback "Good structure"`,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 && in.Reason != "" {
				return usagef("give the reason as an argument or with --reason, not both")
			}
			if in.Reason == "" {
				reason, err := a.text("reason", args[1:], "")
				if err != nil {
					return err
				}
				in.Reason = reason
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			t, err := c.Reject(a.context(cmd), market.TaskID(args[0]), in)
			if err != nil {
				return err
			}
			err = a.show(t, a.naming(cmd.Context(), c, onOutput).task(t))
			a.told(cmd.Context(), c, t)
			return err
		},
	}
	cmd.Flags().StringVar(&in.Reason, "reason", "", "why, instead of the argument")
	cmd.Flags().StringVar(&in.Feedback, "feedback", "", "a `text` that helps to do better")
	return cmd
}

func newCancel(a *app) *cobra.Command {
	return a.taskCommand("cancel", "Take back a posted task and get its credits back",
		func(ctx context.Context, c *httpclient.Client, id market.TaskID) (market.Task, error) {
			return c.Cancel(ctx, id)
		})
}

func newProgress(a *app) *cobra.Command {
	var in market.ProgressInput
	var percent int
	cmd := &cobra.Command{
		Use:     "progress TASK",
		Short:   "Tell that a claimed task is under way, so that its claim goes on",
		Example: `  pinchwork tasks progress tk-abc123 --note "Tests pass" --percent 60`,
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("percent") {
				in.Percent = &percent
			}
			t, err := c.Progress(a.context(cmd), market.TaskID(args[0]), in)
			if err != nil {
				return err
			}
			err = a.show(t, a.naming(cmd.Context(), c, onOutput).task(t))
			a.told(cmd.Context(), c, t)
			return err
		},
	}
	cmd.Flags().StringVar(&in.Note, "note", "", "a `text` for the poster")
	cmd.Flags().IntVar(&percent, "percent", 0, "`n` of 100 are done")
	return cmd
}

func newAbandon(a *app) *cobra.Command {
	return a.taskCommand("abandon", "Give back a claimed task",
		func(ctx context.Context, c *httpclient.Client, id market.TaskID) (market.Task, error) {
			return c.Abandon(ctx, id)
		})
}

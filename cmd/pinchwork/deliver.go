package main

import (
	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/market"
)

func newDeliver(a *app) *cobra.Command {
	var file string
	var credits int64
	cmd := &cobra.Command{
		Use:     "deliver TASK RESULT",
		Short:   "Deliver the result of a claimed task",
		Long:    "Deliver the result of a claimed task. RESULT is its text, - for standard input, or @file.",
		Example: `  pinchwork tasks deliver tk-abc123 "Found 3 issues: ..."`,
		Args:    args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := a.text("result", args[1:], file)
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			in := market.DeliverInput{Result: result, CreditsClaimed: given(cmd, "credits", credits)}
			t, err := c.Deliver(a.context(cmd), market.TaskID(args[0]), in)
			if err != nil {
				return err
			}
			err = a.show(t, a.naming(cmd.Context(), c, onOutput).task(t))
			if a.people() && in.CreditsClaimed > t.MaxCredits {
				a.note("%d asked, %d is the most it offers", in.CreditsClaimed, t.MaxCredits)
			}
			a.told(cmd.Context(), c, t)
			return err
		},
	}
	fileFlag(cmd, &file, "result")
	cmd.Flags().Int64Var(&credits, "credits", 0, "it costs `n`; default all that the task offers")
	return cmd
}

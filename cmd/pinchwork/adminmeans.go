package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newSettle(o *operator) *cobra.Command {
	var in market.ResolveTaskInput
	cmd := &cobra.Command{
		Use:   "resolve TASK refund|release|split",
		Short: "End a task by decision: give the escrow back, pay the worker, or divide it",
		Long: "End a posted, claimed or delivered task by decision; both parties are told why. refund cancels it and gives everything back,\n" +
			"release pays the worker what its last delivery charges or the whole budget, split charges --worker-credits and gives the rest back.",
		Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			in.Outcome = market.TaskOutcome(args[1])
			t, err := c.ResolveTask(o.context(cmd), market.TaskID(args[0]), in)
			if err != nil {
				return err
			}
			defer o.openReports(cmd.Context(), c, t.TaskID)
			return o.show(t, fields("Task", string(t.TaskID), "Status", string(t.Status), "Outcome", args[1], "Charged", number(t.CreditsCharged), "Reason", in.Reason))
		},
	}
	cmd.Flags().Int64Var(&in.WorkerCredits, "worker-credits", 0, "what a split charges, before the fee (`credits`)")
	cmd.Flags().StringVar(&in.Reason, "reason", "", "why (`text`): both parties and the log are told (required)")
	return cmd
}

// openReports tells people which reports about a task wait for a decision of their own.
func (o *operator) openReports(ctx context.Context, c *httpclient.Admin, id market.TaskID) {
	if !o.people() {
		return
	}
	f, err := c.TaskFile(ctx, id)
	if err != nil {
		return // the task is resolved
	}
	for i := range f.Reports {
		if r := &f.Reports[i]; r.Status == market.ReportOpen {
			o.note("%s", o.again(fmt.Sprintf("Next: pinchwork admin reports resolve %s reviewed --reason '…'", r.ID)))
		}
	}
}

func newClawBack(o *operator) *cobra.Command {
	var in market.ClawBackInput
	cmd := &cobra.Command{
		Use:   "claw-back AGENT AMOUNT",
		Short: "Take credits back from an agent, as many as it has at most",
		Long: "Take credits back from an agent, as many as it has at most. With --task it stands in the task's file and in the ledgers, and no more\n" +
			"is taken from its worker than it was paid; with --refund what is taken goes to the task's poster at once.",
		Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			amount, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil {
				return usagef("the amount %q is not a whole number", args[1])
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			in.AgentID, in.Amount = market.AgentID(args[0]), amount
			back, err := c.ClawBack(o.context(cmd), in)
			if err != nil {
				return err
			}
			lines := []string{"Agent", string(back.AgentID), "Taken back", number(back.ClawedBack), "Balance", number(back.Balance), "Reason", back.Reason}
			if back.Refunded > 0 {
				lines = append(lines, "Given to", string(back.PosterID)+", who has "+number(back.PosterBalance)+" now")
			}
			return o.show(back, fields(lines...))
		},
	}
	cmd.Flags().StringVar((*string)(&in.TaskID), "task", "", "the `task` that it is about, of which the agent is a party")
	cmd.Flags().BoolVar(&in.Refund, "refund", false, "give what is taken from the task's worker to its poster")
	cmd.Flags().StringVar(&in.Reason, "reason", "", "why (`text`), in the agent's ledger and the log (required)")
	return cmd
}

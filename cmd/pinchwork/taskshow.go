package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/market"
)

func newShow(a *app) *cobra.Command {
	var waiting span
	resultOnly := false
	cmd := &cobra.Command{
		Use:   "show TASK",
		Short: "Show a task and its result",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			id := market.TaskID(given[0])
			t, err := c.Task(cmd.Context(), id, 0)
			if err != nil {
				return err
			}
			var late error
			if waiting.d > 0 {
				if t, late = a.await(cmd.Context(), c, id, waiting.d); t.TaskID == "" {
					return late
				}
			}
			if resultOnly {
				return first(late, a.printResult(t))
			}
			err = a.show(t, a.naming(cmd.Context(), c, onOutput).task(t))
			a.next(t, c.ID())
			return first(late, err)
		},
	}
	waitFlag(cmd, &waiting, "the result of a task of yours; exits with 5 when it is not there by then")
	cmd.Flags().BoolVar(&resultOnly, "result", false, "print the result alone, as it is")
	return cmd
}

func (a *app) printResult(t market.Task) error {
	if t.Result == "" {
		return nothing(fmt.Sprintf("%s has no result, it is %s", t.TaskID, t.Status))
	}
	_, err := fmt.Fprintln(a.stdout, t.Result)
	return err
}

package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/market"
)

func newShow(a *app) *cobra.Command {
	waiting := span{unit: time.Second}
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
			if err == nil && waiting.d > 0 {
				t, err = a.await(cmd.Context(), c, id, waiting.d)
			}
			if err != nil {
				return err
			}
			if resultOnly {
				return a.printResult(t)
			}
			return a.show(t, taskDetails(t))
		},
	}
	cmd.Flags().Var(&waiting, "wait", "as its poster, wait this long for the result (seconds, or a duration)")
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

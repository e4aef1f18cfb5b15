package main

import (
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newRate(a *app) *cobra.Command {
	var feedback string
	var flag int
	cmd := &cobra.Command{
		Use:   "rate TASK RATING",
		Short: "Rate the poster of an approved task from 1 to 5",
		Args:  args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			rating, err := ratingOf(cmd, args[1:], flag)
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			rated, err := c.Rate(a.context(cmd), market.TaskID(args[0]), market.RateInput{Rating: rating, Feedback: feedback})
			if err != nil {
				return err
			}
			return a.show(rated, func(w io.Writer, style render.Style) error {
				r := render.Record{}
				r.Add("Task", string(rated.TaskID))
				r.Add("Rated", a.naming(cmd.Context(), c, onOutput)(rated.RatedID))
				r.Add("Rating", stars(rated.Rating))
				return r.Write(w, style)
			})
		},
	}
	cmd.Flags().IntVar(&flag, "rating", 0, "the rating, instead of the argument (`n`)")
	cmd.Flags().StringVar(&feedback, "feedback", "", "a `text` for the poster")
	return cmd
}

func ratingOf(cmd *cobra.Command, args []string, flag int) (int, error) {
	switch set := cmd.Flags().Changed("rating"); {
	case set && len(args) > 0:
		return 0, usagef("give the rating as an argument or with --rating, not both")
	case set:
		return flag, nil
	case len(args) == 0:
		return 0, usagef("the rating is missing: a number from 1 to 5")
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return 0, usagef("the rating %q is not a number from 1 to 5", args[0])
	}
	return n, nil
}

func newReport(a *app) *cobra.Command {
	var flag string
	cmd := &cobra.Command{
		Use:   "report TASK REASON",
		Short: "Report a task to the operator",
		Args:  args(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			reason := flag
			if reason == "" || len(args) == 2 {
				var err error
				if reason, err = a.text("reason", args[1:], ""); err != nil {
					return err
				}
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			reported, err := c.ReportTask(a.context(cmd), market.TaskID(args[0]), reason)
			if err != nil {
				return err
			}
			return a.show(reported, func(w io.Writer, style render.Style) error {
				r := render.Record{}
				r.Add("Report", string(reported.ReportID))
				r.Add("Task", string(reported.TaskID))
				r.Add("Status", string(reported.Status))
				return r.Write(w, style)
			})
		},
	}
	cmd.Flags().StringVar(&flag, "reason", "", "why, instead of the argument")
	return cmd
}

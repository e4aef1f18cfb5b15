package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newTags(a *app) *cobra.Command {
	var q market.TagQuery
	cmd := &cobra.Command{
		Use:   "tags [TAG]...",
		Short: "Show which tags are in demand and what they pay (needs no key)",
		Long: "Show which tags are in demand, or how these are. The medians are over what was approved in the last 30 days: " +
			"max_credits, and minutes from posting. What fewer than 5 posters are behind is left out.",
		Example: "  pinchwork tags python code-review",
		RunE: func(cmd *cobra.Command, given []string) error {
			c, err := a.public()
			if err != nil {
				return err
			}
			q.Tags = given
			list, err := c.Tags(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.show(list, func(w io.Writer, style render.Style) error {
				defer a.more(len(list.Tags), q.Offset, list.Total, list.TotalMore)
				return a.table(w, style, demand(list.Tags), "No tag is in demand.")
			})
		},
	}
	pageFlags(cmd, &q.Page)
	return cmd
}

func demand(list []market.TagDemand) *render.Table {
	t := render.Table{Columns: []render.Column{
		{Title: "Tag", Flex: true},
		{Title: "Open", Right: true},
		{Title: "Agents", Right: true},
		{Title: "Credits", Right: true},
		{Title: "Claimed in", Right: true, Drop: true},
		{Title: "Approved in", Right: true, Drop: true},
		{Title: "Done", Right: true, Drop: true},
	}}
	for _, d := range list {
		t.Rows = append(t.Rows, []string{
			d.Tag, number(d.OpenTasks), number(d.Agents), numberSet(d.MedianCredits),
			decimal(d.MedianMinutesToClaim), decimal(d.MedianMinutesToApproval), numberSet(d.Approved30d),
		})
	}
	return &t
}

func newEstimate(a *app) *cobra.Command {
	var in market.EstimateInput
	var file string
	cmd := &cobra.Command{
		Use:     "estimate NEED",
		Short:   "Say what tasks like a draft have cost; nothing is posted",
		Long:    "Say what tasks like a draft have cost in the last 30 days. NEED is its text, - for standard input, or @file. Nothing is posted.",
		Example: `  pinchwork estimate "Review this code for bugs" --tags code-review`,
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) (err error) {
			if in.Need, err = a.text("need", given, file); err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			e, err := c.Estimate(cmd.Context(), in)
			if err != nil {
				return err
			}
			return a.show(e, a.estimated(e))
		},
	}
	fileFlag(cmd, &file, "need")
	cmd.Flags().StringSliceVar(&in.Tags, "tags", nil, "`tags`, comma-separated")
	return cmd
}

func (a *app) estimated(e market.Estimate) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		if e.MedianCredits == nil {
			a.note("Fewer than 5 posters had anything like this done in the last 30 days.")
			return nil
		}
		r := render.Record{}
		r.Add("Median", numberSet(e.MedianCredits))
		r.Add("Half cost", numberSet(e.P25)+" to "+numberSet(e.P75))
		r.Add("Tasks", numberSet(e.Tasks))
		return r.Write(w, style)
	}
}

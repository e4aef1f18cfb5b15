package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newReports(o *operator) *cobra.Command {
	var p market.Page
	var status string
	cmd := &cobra.Command{Use: "reports", Short: "List reports about tasks, or resolve one"}
	group(cmd, newResolve(o))
	cmd.Flags().StringVar(&status, "status", "", "only those of this `status`: open, reviewed or dismissed")
	complete(cmd, "status", string(market.ReportOpen), string(market.ReportReviewed), string(market.ReportDismissed))
	pageFlags(cmd, &p)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := o.client()
		if err != nil {
			return err
		}
		list, err := c.Reports(cmd.Context(), market.ReportStatus(status), p)
		if err != nil {
			return err
		}
		return o.show(list, func(w io.Writer, style render.Style) error {
			t := render.Table{Columns: []render.Column{{Title: "Report"}, {Title: "Status"}, {Title: "Task"}, {Title: "Reporter", Drop: true}, {Title: "When", Drop: true}, {Title: "Reason", Flex: true}}}
			for _, r := range list.Reports {
				t.Rows = append(t.Rows, []string{string(r.ID), string(r.Status), string(r.Task), string(r.Reporter), when(r.CreatedAt), r.Reason})
			}
			defer o.more(len(list.Reports), p.Offset, list.Total, false)
			return o.table(w, style, &t, "No reports.")
		})
	}
	return cmd
}

func newResolve(o *operator) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use:   "resolve REPORT reviewed|dismissed",
		Short: "Close a report",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			r, err := c.ResolveReport(o.context(cmd), market.ReportID(args[0]), market.ResolveInput{Status: market.ReportStatus(args[1]), Note: note})
			if err != nil {
				return err
			}
			return o.show(r, fields("Report", string(r.ID), "Task", string(r.Task), "Status", string(r.Status), "Note", r.Note))
		},
	}
	reasonFlag(cmd, &note)
	cmd.Flags().StringVar(&note, "note", "", "the same as --reason (`note`)")
	return cmd
}

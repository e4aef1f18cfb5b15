package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newWebhooks(a *app) *cobra.Command {
	return group(&cobra.Command{Use: "webhooks", Short: "Look after events that the webhook did not take"},
		newDead(a), newRedeliver(a))
}

func newDead(a *app) *cobra.Command {
	var p market.Page
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "List webhook deliveries that failed for good",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.DeadLetters(cmd.Context(), p)
			if err != nil {
				return err
			}
			return a.show(list, func(w io.Writer, style render.Style) error {
				t := render.Table{Columns: []render.Column{{Title: "Event"}, {Title: "Type"}, {Title: "Task"}, {Title: "Tries", Right: true, Drop: true}, {Title: "Failed", Drop: true}, {Title: "Error", Flex: true}}}
				for _, d := range list.Dead {
					t.Rows = append(t.Rows, []string{d.EventID, string(d.Event), string(d.TaskID), number(d.Attempts), when(d.FailedAt), d.Error})
				}
				defer a.more(len(list.Dead), p.Offset, list.Total, false)
				return a.table(w, style, &t, "No failed deliveries.")
			})
		},
	}
	pageFlags(cmd, &p)
	return cmd
}

func newRedeliver(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "redeliver EVENT",
		Short: "Send a failed delivery again",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if err := c.Redeliver(a.context(cmd), args[0]); err != nil {
				return err
			}
			a.note("%s will be sent again", args[0])
			return nil
		},
	}
}

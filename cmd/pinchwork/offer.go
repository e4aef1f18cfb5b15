package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newOffer(a *app) *cobra.Command {
	var f market.Filter
	cmd := &cobra.Command{
		Use:   "offer TASK",
		Short: "Say whether pickup offers you a task, and where, or why not",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			e, err := c.Explain(cmd.Context(), market.TaskID(given[0]), f)
			if err != nil {
				return err
			}
			return a.show(e, func(w io.Writer, style render.Style) error {
				r := render.Record{}
				r.Add("Offered", yes(e.Offered))
				if e.Position > 0 {
					r.Add("Place", number(e.Position))
				}
				r.Add("Why not", reasonText(e.Reason))
				r.Add("Until", when(e.Until))
				return r.Write(w, style)
			})
		},
	}
	filterFlags(cmd, &f)
	return cmd
}

// reasonText is the meaning of a code, or the code of a server that knows more.
func reasonText(code market.Code) string {
	for _, c := range market.Codes() {
		if c.Code == code {
			return c.Meaning
		}
	}
	return string(code)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newOperators(o *operator) *cobra.Command {
	cmd := &cobra.Command{Use: "operators", Short: "List the operators, make one, or revoke one"}
	group(cmd, newAddOperator(o), newRevokeOperator(o))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := o.client()
		if err != nil {
			return err
		}
		list, err := c.Operators(cmd.Context())
		if err != nil {
			return err
		}
		return o.show(list, func(w io.Writer, style render.Style) error {
			t := render.Table{Columns: []render.Column{{Title: "Operator"}, {Title: "Role"}, {Title: "Since"}}}
			for _, one := range list.Operators {
				t.Rows = append(t.Rows, []string{one.Name, string(one.Role), when(one.CreatedAt)})
			}
			return o.table(w, style, &t, "No operators but the holder of the server's admin key.")
		})
	}
	return cmd
}

func newAddOperator(o *operator) *cobra.Command {
	var in market.OperatorInput
	var out string
	cmd := &cobra.Command{
		Use:   "add NAME look|act",
		Short: "Make an operator, whose key is shown, or written with --out, this once",
		Long: "Make an operator, whose key is shown this once. Who looks reads what there is; who acts grants, suspends and resolves.\n" +
			"This needs the server's own admin key. The new key goes where that one does: PINCHWORK_ADMIN_KEY or --admin-key-file.",
		Args: args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			in.Name, in.Role = args[0], market.OperatorRole(args[1])
			made, err := addOperator(cmd.Context(), c, in, out)
			if err != nil {
				return err
			}
			if out != "" {
				return o.show(made.Operator, fields("Operator", made.Name, "Role", string(made.Role), "Key", "in "+out))
			}
			return o.show(made, fields("Operator", made.Name, "Role", string(made.Role), "Key", string(made.APIKey)))
		},
	}
	reasonFlag(cmd, &in.Reason)
	cmd.Flags().StringVar(&out, "out", "", "write the key into a new `file` that you alone can read, and do not show it")
	return cmd
}

// addOperator makes the file first: a key that cannot be written would be lost.
func addOperator(ctx context.Context, c *httpclient.Admin, in market.OperatorInput, out string) (market.NewOperator, error) {
	if out == "" {
		return c.AddOperator(ctx, in)
	}
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return market.NewOperator{}, usagef("--out: %w", err)
	}
	made, err := c.AddOperator(ctx, in)
	if err != nil {
		return made, errors.Join(err, f.Close(), os.Remove(out))
	}
	_, err = fmt.Fprintln(f, string(made.APIKey))
	return made, errors.Join(err, f.Close())
}

func newRevokeOperator(o *operator) *cobra.Command {
	var in market.RevokeInput
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "End an operator's key at once: any with the server's admin key, else your own",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			gone, err := c.RevokeOperator(cmd.Context(), args[0], in)
			if err != nil {
				return err
			}
			return o.show(gone, fields("Revoked", gone.Name, "Role", string(gone.Role)))
		},
	}
	reasonFlag(cmd, &in.Reason)
	return cmd
}

func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "a `note` for the log of operators' actions")
}

func newActions(o *operator) *cobra.Command {
	var q market.ActionQuery
	cmd := &cobra.Command{
		Use:   "actions",
		Short: "What operators did: who, what, on whom, when and why, newest first",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			list, err := c.Actions(cmd.Context(), q)
			if err != nil {
				return err
			}
			return o.show(list, func(w io.Writer, style render.Style) error {
				t := render.Table{Columns: []render.Column{{Title: "No", Right: true}, {Title: "When"}, {Title: "Operator"}, {Title: "Action"}, {Title: "On"}, {Title: "Amount", Right: true, Drop: true}, {Title: "Outcome", Drop: true}, {Title: "Reason", Flex: true}}}
				for i := range list.Actions {
					t.Rows = append(t.Rows, actionRow(&list.Actions[i]))
				}
				defer o.more(len(list.Actions), q.Offset, list.Total, false)
				return o.table(w, style, &t, "No actions.")
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.Operator, "operator", "", "only what the operator `name` did, or what was done to it")
	f.StringVar(&q.Action, "action", "", "only acts of the `kind`")
	complete(cmd, "action", market.ActionNames()...)
	f.StringVar((*string)(&q.AgentID), "agent", "", "only what was done to the agent `id`")
	f.StringVar((*string)(&q.ReportID), "report", "", "only what was done about the report `id`")
	f.StringVar((*string)(&q.TaskID), "task", "", "only what was done about the task `id`")
	pageFlags(cmd, &q.Page)
	return cmd
}

func actionRow(a *market.OperatorAction) []string {
	on, amount := string(a.TaskID), ""
	switch {
	case a.Subject != "":
		on = a.Subject
	case on == "":
		on = string(a.AgentID)
	}
	if a.Amount != 0 {
		amount = number(a.Amount)
	}
	return []string{number(a.Number), when(a.At), a.Operator, a.Action, on, amount, a.Outcome, a.Reason}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/internal/sheet"
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
	var all bool
	var from, to string
	cmd := &cobra.Command{
		Use:   "actions",
		Short: "What operators did: who, what, on whom, when and why, newest first",
		Long: "What operators did: who, what, on whom, when and why, newest first.\n\n" +
			"With --all the whole log is read, page by page; as fast as the server's limit for operators lets it.\n" +
			"--output csv is for spreadsheets: what begins like a formula has an apostrophe before it.",
		Args:        args(cobra.NoArgs),
		Annotations: map[string]string{givesCSV: "yes"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if all && (cmd.Flags().Changed("limit") || cmd.Flags().Changed("offset")) {
				return misused(cmd, errors.New("--all takes no --limit and no --offset"))
			}
			if err := q.OnDays(from, to); err != nil {
				return misused(cmd, err)
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			if o.output == outputCSV && o.jq.code == nil {
				return sheet.Actions(o.stdout, wholeOrPage(cmd, c, q, all))
			}
			var list market.OperatorActions
			if all {
				list, err = wholeLog(cmd.Context(), c, q)
			} else {
				list, err = c.Actions(cmd.Context(), q)
			}
			if err != nil {
				return err
			}
			if all && o.asJSON() {
				return o.json(list, "  ")
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
	f.StringVar(&from, "from", "", "only what was done on this `day` (2026-01-15, UTC) or later")
	f.StringVar(&to, "to", "", "only what was done on this `day` (UTC) or before")
	pageFlags(cmd, &q.Page)
	f.BoolVar(&all, "all", false, "the whole log")
	return cmd
}

// wholeOrPage is what a file has: a page where one was asked for, else everything.
func wholeOrPage(cmd *cobra.Command, c *httpclient.Admin, q market.ActionQuery, all bool) iter.Seq2[market.OperatorAction, error] {
	if paged := cmd.Flags().Changed("limit") || cmd.Flags().Changed("offset"); all || !paged {
		return market.EachAction(cmd.Context(), q, c.Actions)
	}
	return func(yield func(market.OperatorAction, error) bool) {
		list, err := c.Actions(cmd.Context(), q)
		for _, a := range list.Actions {
			if !yield(a, nil) {
				return
			}
		}
		if err != nil {
			yield(market.OperatorAction{}, err)
		}
	}
}

func wholeLog(ctx context.Context, c *httpclient.Admin, q market.ActionQuery) (list market.OperatorActions, err error) {
	list.Actions = []market.OperatorAction{}
	for a, err := range market.EachAction(ctx, q, c.Actions) {
		if err != nil {
			return list, err
		}
		list.Actions = append(list.Actions, a)
	}
	list.Total = len(list.Actions)
	return list, nil
}

func actionRow(a *market.OperatorAction) []string {
	on, amount := string(a.TaskID), ""
	switch {
	case a.Action == market.ActionSeeDead:
		on = "failed until " + a.Subject
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

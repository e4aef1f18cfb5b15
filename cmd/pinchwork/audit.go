package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
	"github.com/pinchwork/pinchwork/market"
)

// newAudit asks a server.
func newAudit(o *operator) *cobra.Command {
	return &cobra.Command{
		Use:   "audit",
		Short: "Replay the ledger and prove every balance",
		Long: `Replay the ledger and prove every balance. Exits with 1 when the books are wrong.

This asks a server; pinchwork audit looks at a store that nobody serves, such as a
restored copy.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			report, err := c.Audit(cmd.Context())
			if err != nil {
				return err
			}
			return o.showAudit(report)
		},
	}
}

// newAuditStore looks at a store itself.
func newAuditStore(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove every balance in a store, without a server",
		Long: `Replay the ledger in a store and prove every balance. Exits with 1 when the books
are wrong.

Nothing is served: no timer runs, no webhook is called and no record is written, so
that a restored copy can be looked at beside the store that it was made from. Only a
store of an older version is migrated, as a server would do it.`,
		Args: args(cobra.NoArgs),
	}
	read := settingFlags(cmd, serve.AuditSettings())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		report, err := serve.Audit(cmd.Context(), s, a.stderr)
		if errors.Is(err, serve.ErrSetting) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		return a.showAudit(report)
	}
	return cmd
}

func (a *app) showAudit(report market.AuditReport) error {
	if err := a.show(report, auditDetails(report)); err != nil {
		return err
	}
	if !report.OK {
		return errors.New("the books do not balance")
	}
	return nil
}

func auditDetails(r market.AuditReport) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		out := render.Record{}
		out.Add("Books", map[bool]string{true: "right", false: "WRONG"}[r.OK])
		out.Add("Agents", number(r.Agents))
		out.Add("Tasks", number(r.Tasks))
		out.Add("Entries", number(r.Entries))
		out.Add("Platform", number(r.Platform))
		out.Add("Issued", number(r.Issued))
		out.Add("System pay", number(r.SystemPay))
		out.Add("Fees", number(r.Fees))
		out.Add("Balances", number(r.Balances))
		out.Add("Escrow", number(r.Escrow))
		out.Add("Sum", number(r.Sum))
		out.Section("Problems", strings.Join(r.Problems, "\n"))
		return out.Write(w, style)
	}
}

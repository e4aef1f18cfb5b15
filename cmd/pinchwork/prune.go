package main

import (
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
)

func newPrune(a *app) *cobra.Command {
	var age time.Duration
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete old events and ended tasks from a store",
		Long: `Delete old events and ended tasks from a store, in small batches, while the
servers run.

A server deletes old events by itself; ended tasks stay until this command
deletes them. Ledger entries and statistics always stay.`,
		Args: args(cobra.NoArgs),
	}
	cmd.Flags().DurationVar(&age, "ended-before", 0, "also delete tasks that ended longer ago than this, such as 2160h")
	read := settingFlags(cmd, serve.StoreSettings())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if age < 0 {
			return usagef("--ended-before must not be negative")
		}
		s, err := read()
		if err != nil {
			return err
		}
		n, err := serve.Prune(cmd.Context(), s, age, a.stderr)
		if errors.Is(err, serve.ErrSetting) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		return a.show(n, func(w io.Writer, style render.Style) error {
			r := render.Record{}
			r.Add("Events", number(int64(n.Events)))
			r.Add("Tasks", number(int64(n.Tasks)))
			r.Add("Idempotency records", number(int64(n.Records)))
			r.Add("Feed items", number(int64(n.Feed)))
			r.Add("Dead letters", number(int64(n.Dead)))
			return r.Write(w, style)
		})
	}
	return cmd
}

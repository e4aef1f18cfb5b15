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
	var age age
	var dry bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete old events and ended tasks from a store",
		Long: `Delete old events and ended tasks from a store, in small batches, while the
servers run.

A server deletes old events by itself; ended tasks stay until this command
deletes them. Ledger entries and statistics always stay.`,
		Args: args(cobra.NoArgs),
	}
	cmd.Flags().Var(&age, "ended-before", "also delete tasks that ended longer ago than this, such as 90d")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "delete nothing: count the events and tasks that would be deleted")
	read := settingFlags(cmd, serve.StoreSettings())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		prune := serve.Prune
		if dry {
			prune = serve.Prunable
		}
		n, err := prune(cmd.Context(), s, time.Duration(age), a.stderr)
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
			if dry {
				return r.Write(w, style)
			}
			r.Add("Idempotency records", number(int64(n.Records)))
			r.Add("Feed items", number(int64(n.Feed)))
			r.Add("Dead letters", number(int64(n.Dead)))
			return r.Write(w, style)
		})
	}
	return cmd
}

// age is a flag that takes days too.
type age time.Duration

func (a *age) Set(v string) error {
	d, err := serve.ParseDuration(v)
	*a = age(d)
	return err
}

func (a *age) String() string { return time.Duration(*a).String() }

func (a *age) Type() string { return "duration" }

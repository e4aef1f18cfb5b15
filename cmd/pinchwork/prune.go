package main

import (
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
	"github.com/pinchwork/pinchwork/market"
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
deletes them, those of the last 8 days always. Ledger entries and statistics stay.`,
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
		if keep := market.KeepEnded; age > 0 && time.Duration(age) < keep {
			defer a.note("Tasks that ended in the last %d days stay in any case.", keep/(24*time.Hour))
		}
		if dry {
			return a.show(counted{n.Events, n.Tasks}, fields("Events", number(n.Events), "Tasks", number(n.Tasks)))
		}
		return a.show(n, func(w io.Writer, style render.Style) error {
			r := render.Record{}
			r.Add("Events", number(int64(n.Events)))
			r.Add("Tasks", number(int64(n.Tasks)))
			r.Add("Expired records", number(int64(n.Records)))
			r.Add("Feed items", number(int64(n.Feed)))
			r.Add("Dead letters", number(int64(n.Dead)))
			return r.Write(w, style)
		})
	}
	return cmd
}

// counted is what a dry run counts: of the rest it knows nothing.
type counted struct {
	Events int `json:"events"`
	Tasks  int `json:"tasks"`
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

package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/postgres"
)

func newMigrate(a *app) *cobra.Command {
	return group(
		&cobra.Command{Use: "migrate", Short: "Look at and apply the migrations of a Postgres store"},
		newMigrations(a, "up", "Apply the migrations that are missing", serve.Migrate),
		newMigrations(a, "status", "List all migrations", serve.MigrationStatus),
	)
}

// migrated is a migration as programs see it.
type migrated struct {
	Version   int          `json:"version"`
	Name      string       `json:"name"`
	AppliedAt *market.Time `json:"applied_at"`
}

func newMigrations(a *app, use, short string, do func(context.Context, serve.Settings) ([]postgres.Migration, error)) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: args(cobra.NoArgs)}
	read := settingFlags(cmd, serve.StoreSettings())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		steps, err := do(cmd.Context(), s)
		if errors.Is(err, serve.ErrSetting) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		return a.showMigrations(steps)
	}
	return cmd
}

func (a *app) showMigrations(steps []postgres.Migration) error {
	list := make([]migrated, len(steps))
	for i, step := range steps {
		list[i] = migrated{Version: step.Version, Name: step.Name}
		if !step.AppliedAt.IsZero() {
			list[i].AppliedAt = new(market.NewTime(step.AppliedAt))
		}
	}
	return a.show(list, func(w io.Writer, style render.Style) error {
		t := render.Table{Columns: []render.Column{{Title: "Version", Right: true}, {Title: "Name"}, {Title: "Applied"}}}
		for _, step := range list {
			applied := "missing"
			if step.AppliedAt != nil {
				applied = when(*step.AppliedAt)
			}
			t.Rows = append(t.Rows, []string{number(step.Version), step.Name, applied})
		}
		return t.Write(w, style)
	})
}

package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
)

func newServe(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a marketplace server",
		Long: `Run a marketplace server.

Every flag is also an environment variable: --task-expiry is PINCHWORK_TASK_EXPIRY.
The flag wins. PINCHWORK_ADMIN_KEY opens the admin API and is read from the
environment only. Durations are written like 72h, 5m or 1500ms.`,
		Args: args(cobra.NoArgs),
	}
	read := settingFlags(cmd, serve.All())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		err = serve.Run(cmd.Context(), s, buildVersion(), a.stdout, a.stderr)
		if errors.Is(err, serve.ErrSetting) {
			return usageError{err}
		}
		return err
	}
	return cmd
}

// settingFlags gives the command a flag for each setting that is not secret,
// and returns a function that reads defaults, environment and flags, in this
// order.
func settingFlags(cmd *cobra.Command, settings []serve.Setting) func() (serve.Settings, error) {
	defaults := serve.Defaults()
	for _, o := range settings {
		if !o.Secret {
			cmd.Flags().String(o.Flag, o.Get(&defaults), o.Help+" ("+o.Env+")")
		}
	}
	return func() (serve.Settings, error) {
		s := serve.Defaults()
		for _, o := range settings {
			value, given := os.LookupEnv(o.Env)
			if !o.Secret && cmd.Flags().Changed(o.Flag) {
				value, given = cmd.Flags().Lookup(o.Flag).Value.String(), true
			}
			if !given || value == "" && !o.Secret {
				continue
			}
			if err := o.Set(&s, value); err != nil {
				return s, usageError{err}
			}
		}
		return s, nil
	}
}

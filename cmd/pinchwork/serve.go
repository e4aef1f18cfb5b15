package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
)

func newServe(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a marketplace server",
		Long: `Run a marketplace server.

Every flag is also an environment variable, --task-expiry is PINCHWORK_TASK_EXPIRY,
and a line of the file that --config (PINCHWORK_CONFIG) names, task-expiry: 72h.
Of two that set the same the flag wins, then the environment, then the file.
PINCHWORK_ADMIN_KEY opens the admin API and has no flag, since other users of the
machine can see a command line. PINCHWORK_ADMIN_KEY_FILE and PINCHWORK_STORE_FILE
name files that hold these values. Durations are written like 30d, 72h, 5m or
1500ms.`,
		Args: args(cobra.NoArgs),
	}
	read := settingFlags(cmd, serve.All())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := read()
		if err != nil {
			serve.Refused(s, err, a.stderr)
		} else {
			err = serve.Run(cmd.Context(), s, buildVersion(), a.stdout, a.stderr)
		}
		err = asUsage(err)
		if err != nil && s.Log == "json" {
			return fmt.Errorf("%w: %w", errTold, err) // in the log, for programs
		}
		return err
	}
	return cmd
}

// asUsage makes what a setting has wrong a usage error.
func asUsage(err error) error {
	if errors.Is(err, serve.ErrSetting) {
		return usageError{err}
	}
	return err
}

// settingFlags gives the command a flag for each setting that is not secret, and one for
// a file with settings, and returns a function that reads all of them.
func settingFlags(cmd *cobra.Command, settings []serve.Setting) func() (serve.Settings, error) {
	defaults := serve.Defaults()
	for _, o := range settings {
		if !o.Secret {
			cmd.Flags().String(o.Flag, o.Get(&defaults), o.Help+" ("+o.Env+")")
		}
	}
	config := cmd.Flags().String("config", "", "`file` with settings, one a line, such as store: sqlite:market.db ("+serve.ConfigEnv+")")
	return func() (serve.Settings, error) {
		if *config == "" {
			*config = os.Getenv(serve.ConfigEnv)
		}
		s, err := serve.Source{
			Config: *config,
			Env:    os.LookupEnv,
			Flag: func(name string) (string, bool) {
				f := cmd.Flags().Lookup(name)
				return f.Value.String(), f.Changed
			},
		}.Read(settings)
		if err != nil {
			return s, usageError{err}
		}
		s.Warnings = append(s.Warnings, serve.Mistyped(os.Environ())...)
		return s, nil
	}
}

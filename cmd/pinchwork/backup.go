package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
)

func newBackup() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy a store that is a file, while the servers run",
		Long: `Copy a store that is a file, sqlite:FILE, as of one instant, while the servers
run. Nothing may be at the copy's path yet.

To restore it, serve the copy; or stop the servers, remove the store's file and
what lies beside it with -wal and -shm after its name, and put the copy there.`,
		Args: args(cobra.ExactArgs(1)),
	}
	read := settingFlags(cmd, serve.StoreSettings())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := read()
		if err != nil {
			return err
		}
		if err = serve.Backup(cmd.Context(), s, args[0]); errors.Is(err, serve.ErrSetting) {
			return usageError{err}
		}
		return err
	}
	return cmd
}

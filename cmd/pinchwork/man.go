package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan writes what the packages bring.
func newMan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "man FOLDER",
		Short:   "Write a manual page for each command into a folder",
		Example: "  pinchwork man /usr/local/share/man/man1",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := os.MkdirAll(given[0], 0o755); err != nil {
				return usageError{err}
			}
			b := buildOf()
			date, err := time.Parse(time.RFC3339, b.Built)
			if err != nil {
				date = time.Unix(0, 0).UTC() // the same program writes the same pages
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "pinchwork " + b.Version, Manual: "Pinchwork", Date: &date}, given[0]); err != nil {
				return fmt.Errorf("writing the manual pages: %w", err)
			}
			a.note("read them with: man -l %s/pinchwork.1", given[0])
			return nil
		},
	}
}

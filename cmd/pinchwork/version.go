package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
)

// build is what is known of how this program was built.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	// Built is when the commit was made; Changed says that there were other changes.
	Built    string `json:"commit_time,omitempty"`
	Changed  bool   `json:"changed,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func buildOf() build {
	b := build{Version: buildVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Built = s.Value
		case "vcs.modified":
			b.Changed = s.Value == "true"
		}
	}
	return b
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version, the commit and the Go version of this program",
		Args:  args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			b := buildOf()
			return a.show(b, func(w io.Writer, style render.Style) error {
				r := render.Record{}
				r.Add("Version", b.Version)
				commit := b.Commit
				if b.Changed {
					commit += ", with changes"
				}
				r.Add("Commit", commit)
				r.Add("Committed", b.Built)
				r.Add("Go", b.Go)
				r.Add("Platform", b.Platform)
				return r.Write(w, style)
			})
		},
	}
}

// line is the version on one line, for --version.
func (b build) line() string {
	commit := ""
	if len(b.Commit) >= 12 {
		commit = ", commit " + b.Commit[:12]
	}
	return fmt.Sprintf("pinchwork %s (%s, %s%s)\n", b.Version, b.Go, b.Platform, commit)
}

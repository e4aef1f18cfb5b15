package main

import (
	"context"
	"io"
	"net/url"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
)

func newOpen(a *app) *cobra.Command {
	var printOnly bool
	cmd := &cobra.Command{
		Use:   "open [TASK | AGENT | me]",
		Short: "Open a task, an agent, your own page or the dashboard in a browser",
		Long: `Open the page of a task or an agent, with "me" your own one, and without any the
dashboard in a browser: the one that BROWSER names, or the system's. The address is
printed, also where there is no browser.`,
		Example: "  pinchwork open tk-abc123",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			s, err := a.session()
			if err != nil {
				return err
			}
			a.unasked(s)
			path, err := pageOf(first(append(given, "")...))
			if err != nil {
				return err
			}
			return a.browse(cmd.Context(), s.server+path, printOnly)
		},
	}
	cmd.Flags().BoolVar(&printOnly, "print", false, "print the address alone")
	return cmd
}

// pageOf is the path of the page about an id.
func pageOf(id string) (string, error) {
	switch {
	case id == "":
		return "/", nil
	case id == "me":
		return "/me", nil
	case strings.HasPrefix(id, "tk-"):
		return "/tasks/" + url.PathEscape(id), nil
	case strings.HasPrefix(id, "ag-"):
		return "/agents/" + url.PathEscape(id), nil
	}
	return "", usagef("%q is no task (tk-…), no agent (ag-…) and not me", id)
}

func (a *app) browse(ctx context.Context, address string, printOnly bool) error {
	err := a.show(struct {
		URL string `json:"url"`
	}{address}, func(w io.Writer, _ render.Style) error {
		_, err := io.WriteString(w, address+"\n")
		return err
	})
	if err != nil || printOnly {
		return err
	}
	browser := a.browser(address)
	if browser == nil {
		a.note("there is no browser here; open the address yourself, or name a browser in BROWSER")
		return nil
	}
	cmd := exec.CommandContext(ctx, browser[0], browser[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stderr, a.stderr
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		a.note("the browser %s did not open it: %v", browser[0], err)
	}
	return nil
}

// launch opens a page beside what this command does. The browser outlives it.
func (a *app) launch(browser []string) {
	cmd := exec.Command(browser[0], browser[1:]...)
	if err := cmd.Start(); err != nil {
		a.note("the browser %s did not open it: %v", browser[0], err)
		return
	}
	_ = cmd.Process.Release()
}

// browser is the command that opens an address, nil when there is none.
func (a *app) browser(address string) []string {
	if named := strings.Fields(a.getenv("BROWSER")); len(named) > 0 {
		return append(named, address)
	}
	command := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open"}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	default:
		if a.getenv("DISPLAY") == "" && a.getenv("WAYLAND_DISPLAY") == "" {
			return nil
		}
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		return nil
	}
	return append(command, address)
}

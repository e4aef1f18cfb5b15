package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/credentials"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newProfiles(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "profiles", Short: "List, choose and remove stored profiles"}
	group(cmd, profileCommand(a, "use", "Use a profile from now on", "from now on commands use profile %q: agent %s (%s) on %s", func(s *credentials.Set, name string) { s.Current = name }),
		profileCommand(a, "remove", "Forget a profile and its key", "forgot profile %q and the key of agent %s (%s) on %s", func(s *credentials.Set, name string) { s.Remove(name) }))
	cmd.RunE = func(*cobra.Command, []string) error { return a.listProfiles() }
	return cmd
}

func profileCommand(a *app, name, short, done string, change func(*credentials.Set, string)) *cobra.Command {
	return &cobra.Command{
		Use:   name + " NAME",
		Short: short,
		Args:  args(cobra.ExactArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.profileNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, given []string) error {
			file, err := a.credentials()
			if err != nil {
				return err
			}
			var was credentials.Profile
			if err := file.Update(func(s *credentials.Set) error {
				var ok bool
				if was, ok = s.Profiles[given[0]]; !ok {
					return setupf("there is no profile %q; see: pinchwork profiles", given[0])
				}
				change(s, given[0])
				return nil
			}); err != nil {
				return err
			}
			a.note(done, given[0], was.AgentName, was.AgentID, was.Server)
			return nil
		},
	}
}

// profileView is a stored profile without its key.
type profileView struct {
	Name      string         `json:"name"`
	Current   bool           `json:"current"`
	AgentID   market.AgentID `json:"agent_id"`
	AgentName string         `json:"agent_name"`
	Server    string         `json:"server"`
}

func (a *app) listProfiles() error {
	file, err := a.credentials()
	if err != nil {
		return err
	}
	set, err := file.Load()
	if err != nil {
		return usageError{err}
	}
	views := []profileView{}
	for _, name := range set.Names() {
		p := set.Profiles[name]
		views = append(views, profileView{name, name == set.CurrentName(), p.AgentID, p.AgentName, p.Server})
	}
	return a.show(views, func(w io.Writer, style render.Style) error {
		t := render.Table{Columns: []render.Column{{Title: ""}, {Title: "Profile"}, {Title: "Agent"}, {Title: "Name", Flex: true}, {Title: "Server"}}}
		for _, v := range views {
			mark := ""
			if v.Current {
				mark = "*"
			}
			t.Rows = append(t.Rows, []string{mark, v.Name, string(v.AgentID), v.AgentName, v.Server})
		}
		return a.table(w, style, &t, "No profiles stored.")
	})
}

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/credentials"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newRegister(a *app) *cobra.Command {
	var in market.RegisterInput
	var unsaved bool
	cmd := &cobra.Command{
		Use:     "register --name NAME",
		Short:   "Make a new agent and store its key",
		Example: `  pinchwork register --name "my-agent" --good-at "code review, Python"`,
		Long: `Make a new agent. The server shows its key this once; it is printed and stored
in ~/.config/pinchwork/credentials.json. The first agent becomes the profile
"default"; a further one gets a profile named after itself, or after --profile.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.register(cmd, in, unsaved) },
	}
	f := cmd.Flags()
	f.StringVar(&in.Name, "name", "", "the agent's `name`, shown to everybody")
	f.StringVar(&in.GoodAt, "good-at", "", "what it is good at, in words")
	f.StringSliceVar(&in.Tags, "tags", nil, "capability `tags`, comma-separated")
	f.BoolVar(&in.AcceptsSystemTasks, "infra", false, "accept system tasks: match, verify, extract")
	f.StringVar(&in.WebhookURL, "webhook-url", "", "https `URL` that gets the agent's events")
	f.StringVar(&in.WebhookSecret, "webhook-secret", "", "`secret` that signs them; @file reads it from a file")
	f.StringVar((*string)(&in.Invite), "invite", "", "the operator's `invitation`, where registration needs one")
	f.BoolVar(&unsaved, "no-save", false, "print the key without storing it")
	return cmd
}

func (a *app) register(cmd *cobra.Command, in market.RegisterInput, unsaved bool) error {
	if in.Name == "" {
		return misused(cmd, fmt.Errorf("--name is missing"))
	}
	secret, err := a.expand("webhook secret", in.WebhookSecret)
	if err != nil {
		return err
	}
	in.WebhookSecret = secret
	s, err := a.session()
	if err != nil {
		return err
	}
	// Check this before registering: a key that cannot be stored would be lost.
	if err := a.reserve(s, unsaved); err != nil {
		return err
	}
	a.warnOfPlainHTTP(s.server)
	c, err := a.connect(s)
	if err != nil {
		return err
	}
	reg, err := c.Register(cmd.Context(), in)
	if err != nil {
		return err
	}
	name, saveErr := "", error(nil)
	if !unsaved {
		name, saveErr = a.save(s, credentials.Profile{
			APIKey: reg.APIKey, AgentID: reg.AgentID, AgentName: in.Name, Server: s.server,
		})
	}
	if err := a.show(reg, registered(reg, in.Name, s.server, name)); err != nil {
		return err
	}
	if name != "" && name != s.name {
		a.note("Stored as profile %q: use it with --profile %s, or always with: pinchwork profiles use %s", name, name, name)
	}
	if a.people() && !unsaved {
		flag := ""
		if s.named || name != s.name {
			flag = "--profile " + name + " "
		}
		a.note("Next: pinchwork %stasks create \"what you need\" --credits 10", flag)
		a.note("or: pinchwork %swork --exec 'command that does a task'", flag)
	}
	return saveErr
}

// reserve checks that a new profile can be stored.
func (a *app) reserve(s session, unsaved bool) error {
	if unsaved {
		return nil
	}
	if s.named && s.exists {
		return setupf("profile %q holds agent %s already; choose another --profile, or remove it with: pinchwork profiles remove %s",
			s.name, s.stored.AgentID, s.name)
	}
	return a.writable()
}

// writable checks that something can be stored.
func (a *app) writable() error {
	file, err := a.credentials()
	if err != nil {
		return err
	}
	if err := file.Update(func(*credentials.Set) error { return nil }); err != nil {
		return usageError{err}
	}
	return nil
}

// save stores a new profile without overwriting another, and returns its name.
func (a *app) save(s session, p credentials.Profile) (string, error) {
	file, err := a.credentials()
	if err != nil {
		return "", err
	}
	name := s.name
	err = file.Update(func(set *credentials.Set) error {
		if _, taken := set.Profiles[name]; taken {
			name = set.Free(p.AgentName)
		}
		set.Put(name, p)
		return nil
	})
	return name, err
}

func registered(reg market.Registration, agent, server, profile string) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Agent", string(reg.AgentID))
		r.Add("Name", agent)
		r.Add("API key", string(reg.APIKey))
		r.Add("Credits", fmt.Sprint(reg.Credits))
		r.Add("Server", server)
		r.Add("Profile", profile)
		r.Section("Message", reg.Message)
		return r.Write(w, style)
	}
}

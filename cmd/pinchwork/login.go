package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/credentials"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func newLogin(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "login",
		Short: "Store the key of an agent that exists already",
		Long: `Store the key of an agent that exists already, and use it from now on. The key is
asked for, read from standard input, or given with --key; the server has to know
it. With --profile it is stored under that name.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.login(cmd) },
	}
}

func (a *app) login(cmd *cobra.Command) error {
	s, err := a.session()
	if err != nil {
		return err
	}
	a.warnOfPlainHTTP(s.server)
	if s.key, err = a.askKey(); err != nil {
		return err
	}
	c, err := httpclient.New(s.server, s.key, userAgent())
	if err != nil {
		return usageError{err}
	}
	me, err := c.Me(cmd.Context())
	if err != nil {
		return err
	}
	p := credentials.Profile{APIKey: s.key, AgentID: me.ID, AgentName: me.Name, Server: s.server}
	name, err := a.use(s, p)
	if err != nil {
		return err
	}
	a.note("Logged in to %s as %s (%s), profile %q", s.server, me.Name, me.ID, name)
	return a.show(me, profileOf(me))
}

// use stores p and makes it the current profile. Only a profile of the same
// agent is overwritten.
func (a *app) use(s session, p credentials.Profile) (string, error) {
	file, err := a.credentials()
	if err != nil {
		return "", err
	}
	name := s.name
	err = file.Update(func(set *credentials.Set) error {
		old, taken := set.Profiles[name]
		same := old.AgentID == p.AgentID && old.IssuedBy(p.Server)
		switch {
		case taken && !same && s.named:
			return setupf("profile %q holds agent %s already; choose another --profile", name, old.AgentID)
		case taken && !same:
			name = nameOf(set, p)
		}
		set.Put(name, p)
		set.Current = name
		return nil
	})
	return name, err
}

// nameOf is the profile that the agent has already, or a new one.
func nameOf(set *credentials.Set, p credentials.Profile) string {
	for _, name := range set.Names() {
		if old := set.Profiles[name]; old.AgentID == p.AgentID && old.IssuedBy(p.Server) {
			return name
		}
	}
	return set.Free(p.AgentName)
}

const longestKey = 1000

// askKey takes the key from the flag, a prompt that does not show it, or
// standard input.
func (a *app) askKey() (market.APIKey, error) {
	if a.key != "" {
		return market.APIKey(a.key), nil
	}
	var key string
	var err error
	if f, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprint(a.stderr, "API key: ")
		key, err = a.password(f)
		_, _ = fmt.Fprintln(a.stderr)
	} else {
		key, err = bufio.NewReader(io.LimitReader(a.reading(), longestKey)).ReadString('\n')
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if errors.Is(err, context.Canceled) {
		return "", err
	}
	if key = strings.TrimSpace(key); err != nil || key == "" {
		return "", usagef("no key: type it, pipe it to standard input, or give --key")
	}
	return market.APIKey(key), nil
}

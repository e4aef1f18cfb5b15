package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/dev"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/serve"
	"github.com/pinchwork/pinchwork/market"
)

func newDev(a *app) *cobra.Command {
	every := span{unit: time.Second, d: 4 * time.Second}
	var listen string
	var closed bool
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a market to play with: in memory, with two demo agents and a key for you",
		Long: `Run a market on this machine to look at and to play with. Two demo agents post and
do a paid task every few seconds, and do yours too: one counts words (tag count), the
other writes in capitals (tag shout). The dashboard is opened in a browser. Everything
is in memory; Ctrl-C ends it, and nothing is left.`,
		Example: "  pinchwork dev --no-open",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("listen") && taken(listen) {
				listen = "127.0.0.1:0"
			}
			if err := serve.Vacant(listen, "--listen"); err != nil {
				return asUsage(err)
			}
			desk := rand.Text()
			return dev.Run(cmd.Context(), dev.Options{
				Listen: listen, Every: every.d, Version: buildVersion(), AdminKey: desk,
				Ready: func(url string, you market.Registration) { a.playing(url, desk, you, !closed) },
				Paid:  a.traded,
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8000", "`address` to listen on; another free port where nothing is given and this one is taken")
	cmd.Flags().Var(&every, "every", "time between two tasks of the demo agents (seconds, or a time like 1m)")
	cmd.Flags().BoolVar(&closed, "no-open", false, "open no browser")
	return cmd
}

// taken reports whether somebody listens at the address already.
func taken(address string) bool {
	l, err := net.Listen("tcp", address)
	if err == nil {
		_ = l.Close()
	}
	return errors.Is(err, syscall.EADDRINUSE)
}

// playing says how to look and to take part.
func (a *app) playing(url, desk string, you market.Registration, open bool) {
	if a.asJSON() {
		_ = a.json(map[string]any{"url": url, "agent_id": you.AgentID, "api_key": you.APIKey, "admin_key": desk}, "")
	} else {
		_, _ = fmt.Fprintf(a.stdout, `Look:   %[1]s
Desk:   %[1]s/admin, the key is %[4]s
Play:   in another terminal, as the agent "you" with %[2]d credits:

  export PINCHWORK_SERVER=%[1]s PINCHWORK_API_KEY=%[3]s
  pinchwork tasks create "make this loud" --credits 5 --tags shout --wait 20
  pinchwork tasks mine

End:    Ctrl-C; everything is in memory
`, url, you.Credits, string(you.APIKey), desk)
	}
	switch browser := a.browser(url); {
	case !open:
	case browser == nil:
		a.note("there is no browser here; open the address yourself, or name a browser in BROWSER")
	default:
		a.launch(browser)
	}
}

// traded says that the demo agents have traded.
func (a *app) traded(t market.Task) {
	a.note("%s  %s → %s, paid with %d credits", now(), t.Need, t.Result, t.CreditsCharged)
}

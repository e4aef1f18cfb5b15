package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// operator is the admin group with its own key.
type operator struct {
	*app
	keyFile string
}

func newAdmin(a *app) *cobra.Command {
	o := &operator{app: a}
	cmd := group(&cobra.Command{
		Use:   "admin",
		Short: "Run the marketplace: overview, grant, invite, suspend, appoint, look, reports, webhooks, operators, actions, audit",
		Long:  "Commands for the operators. The admin key, or an operator's own, is read from PINCHWORK_ADMIN_KEY,\nfrom the file that PINCHWORK_ADMIN_KEY_FILE names, or from --admin-key-file.",
	}, newOverview(o), newGrant(o), newClawBack(o), newInvite(o), newSuspend(o), newInfra(o), newReports(o), newAllAgents(o), newAllTasks(o), newDeadWebhooks(o), newOperators(o), newActions(o), newAudit(o))
	cmd.PersistentFlags().StringVar(&o.keyFile, "admin-key-file", "", "read the admin key from a file (`path`, or - for standard input)")
	return cmd
}

func (o *operator) client() (*httpclient.Admin, error) {
	s, err := o.session()
	if err != nil {
		return nil, err
	}
	key, err := o.adminKey(s.server)
	if err != nil {
		return nil, err
	}
	c, err := httpclient.NewAdmin(s.server, key, userAgent(), o.listening())
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// adminKey is that of the flag, or of the environment, whose keys go to its own server alone.
func (o *operator) adminKey(server string) (string, error) {
	key, file := o.getenv("PINCHWORK_ADMIN_KEY"), o.getenv("PINCHWORK_ADMIN_KEY_FILE")
	switch {
	case o.keyFile != "":
		return o.readText("admin key", o.keyFile)
	case key == "" && file == "":
		return "", setupf("no admin key: set PINCHWORK_ADMIN_KEY or PINCHWORK_ADMIN_KEY_FILE, or give --admin-key-file")
	case key != "" && file != "":
		return "", setupf("PINCHWORK_ADMIN_KEY and PINCHWORK_ADMIN_KEY_FILE are both set: unset one of them")
	case !o.environmentServes(server):
		return "", setupf("PINCHWORK_ADMIN_KEY is for PINCHWORK_SERVER and goes nowhere else; give --admin-key-file for %s", server)
	case file != "":
		return o.readText("admin key", file)
	}
	return key, nil
}

func newGrant(o *operator) *cobra.Command {
	var in market.GrantInput
	cmd := &cobra.Command{
		Use:   "grant AGENT AMOUNT",
		Short: "Give credits to an agent",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			amount, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil {
				return usagef("the amount %q is not a whole number", args[1])
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			in.AgentID, in.Amount = market.AgentID(args[0]), amount
			granted, err := c.Grant(o.context(cmd), in)
			if err != nil {
				return err
			}
			return o.show(granted, fields("Agent", string(granted.AgentID), "Granted", number(granted.Granted), "Balance", number(granted.Balance), "Reason", granted.Reason))
		},
	}
	cmd.Flags().StringVar((*string)(&in.TaskID), "task", "", "the `task` that it is about, of which the agent is a party")
	cmd.Flags().StringVar(&in.Reason, "reason", "", "a `note` for the ledger")
	return cmd
}

func newInvite(o *operator) *cobra.Command {
	var in market.InviteInput
	cmd := &cobra.Command{
		Use:   "invite",
		Short: "Make invitations, with each of which one agent can register",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			i, err := c.Invite(o.context(cmd), in)
			if err != nil {
				return err
			}
			tokens := make([]string, len(i.Invites))
			for n, token := range i.Invites {
				tokens[n] = string(token)
			}
			return o.show(i, fields("Invites", strings.Join(tokens, " "), "Expires", fmt.Sprint(i.ExpiresAt)))
		},
	}
	cmd.Flags().DurationVar(&in.ValidFor, "valid-for", 7*24*time.Hour, "how long they can be used, a minute to 720h")
	cmd.Flags().IntVar(&in.Count, "count", 1, "how many, at most 100")
	cmd.Flags().StringVar(&in.Note, "note", "", "whom they are for")
	return cmd
}

func newSuspend(o *operator) *cobra.Command {
	var reason string
	var lift bool
	cmd := &cobra.Command{
		Use:   "suspend AGENT",
		Short: "Suspend an agent, or end its suspension with --lift",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			s, err := c.Suspend(o.context(cmd), market.SuspendInput{AgentID: market.AgentID(args[0]), Suspended: !lift, Reason: reason})
			if err != nil {
				return err
			}
			return o.show(s, fields("Agent", string(s.AgentID), "Suspended", yes(s.Suspended), "Message", s.Message, "Before", told(s.Before)))
		},
	}
	cmd.Flags().BoolVar(&lift, "lift", false, "end the suspension")
	cmd.Flags().StringVar(&reason, "reason", "", "a `note` for the operator only")
	return cmd
}

func newInfra(o *operator) *cobra.Command {
	var remove bool
	var reason string
	cmd := &cobra.Command{
		Use:   "infra AGENT",
		Short: "Appoint an infra agent, or take it back with --remove",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			p, err := c.AppointInfra(o.context(cmd), market.InfraInput{AgentID: market.AgentID(args[0]), Infra: !remove, Reason: reason})
			if err != nil {
				return err
			}
			return o.show(p, fields("Agent", string(p.AgentID), "Infra", yes(p.Infra), "Changed", changed(&p.Already), "Before", told(p.Before)))
		},
	}
	reasonFlag(cmd, &reason)
	cmd.Flags().BoolVar(&remove, "remove", false, "take the appointment back")
	return cmd
}

// changed says that nothing has, where it is so.
func changed(a *market.Already) string {
	if a.Unchanged {
		return "nothing: it was so already"
	}
	return ""
}

// fields prints pairs of title and value.
func fields(pairs ...string) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		for i := 0; i+1 < len(pairs); i += 2 {
			r.Add(pairs[i], pairs[i+1])
		}
		return r.Write(w, style)
	}
}

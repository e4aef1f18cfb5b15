package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newWhoami(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "whoami",
		Short: "Show the agent's own profile and credits",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			me, err := c.Me(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(me, profileOf(me))
		},
	}
}

func profileOf(me market.Me) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Agent", string(me.ID))
		r.Add("Name", me.Name)
		r.Add("Credits", fmt.Sprint(me.Credits))
		r.Add("Reputation", rating(me.Reputation))
		r.Add("Posted", fmt.Sprint(me.TasksPosted))
		r.Add("Completed", fmt.Sprint(me.TasksCompleted))
		r.Add("Good at", me.GoodAt)
		r.Add("Tags", strings.Join(me.Tags, ", "))
		r.Add("Open claims", fmt.Sprint(me.OpenClaims))
		if me.BlockedUntil.IsZero() {
			r.Add("Strikes", fmt.Sprint(me.Strikes))
		}
		r.Add("Blocked until", when(me.BlockedUntil))
		r.Add("Infra", yes(me.AcceptsSystemTasks))
		r.Add("Webhook", me.WebhookURL)
		r.Add("Key since", when(me.KeyCreatedAt))
		return r.Write(w, style)
	}
}

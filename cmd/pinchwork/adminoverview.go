package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newOverview(o *operator) *cobra.Command {
	return &cobra.Command{
		Use:   "overview",
		Short: "How the marketplace stands: health, money, tasks, what waits, replicas",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			v, err := c.DeskOverview(cmd.Context())
			if err != nil {
				return err
			}
			return o.show(v, func(w io.Writer, style render.Style) error { return overviewDetails(&v).Write(w, style) })
		},
	}
}

func overviewDetails(v *market.DeskOverview) *render.Record {
	r := &render.Record{}
	for _, pair := range [][2]string{
		{"Reports open", number(v.ReportsOpen)},
		{"Dead webhooks", number(v.Dead.Total)},
		{"Timers late", lateness(v.Health.TimersLate) + " " + string(v.Health.LateTask)},
		{"Webhooks late", lateness(v.Health.WebhooksLate)},
		{"Store answers in", fmt.Sprintf("%.1f ms", 1000*v.Health.StoreSeconds)},
		{"Agents", number(v.Agents)},
		{"Tasks", fmt.Sprintf("%d posted, %d claimed, %d delivered, %d approved", v.Tasks.Posted, v.Tasks.Claimed, v.Tasks.Delivered, v.Tasks.Approved)},
		{"In escrow", number(v.Money.Escrowed)},
	} {
		r.Add(pair[0], strings.TrimSpace(pair[1]))
	}
	if m := v.Money; m.Counted {
		r.Add("Issued", fmt.Sprintf("%d (%d with registrations, %d granted)", m.Registered+m.Granted, m.Registered, m.Granted))
		r.Add("Held by agents", number(m.Held))
		r.Add("Fees", number(m.Fees))
	}
	var dead, replicas []string
	for _, d := range v.Dead.Agents {
		dead = append(dead, fmt.Sprintf("%s %s: %d", d.AgentID, d.Name, d.Count))
	}
	for _, p := range v.Replicas {
		line := fmt.Sprintf("%s %s %s, since %s, seen %s", p.ID, p.Name, p.Version, when(p.Since), when(p.SeenAt))
		if !p.SweptAt.IsZero() {
			line += ", ran timers " + when(p.SweptAt)
		}
		replicas = append(replicas, line)
	}
	r.Section("Whose webhooks are dead", strings.Join(dead, "\n"))
	r.Section("Replicas", strings.Join(replicas, "\n"))
	return r
}

func lateness(seconds float64) string {
	if seconds < 1 {
		return "no"
	}
	return fmt.Sprintf("%.0f s", seconds)
}

func newDeadWebhooks(o *operator) *cobra.Command {
	var page market.Page
	cmd := &cobra.Command{Use: "webhooks", Short: "List the webhook deliveries of all agents that failed for good, or deliver one again"}
	group(cmd, newRedeliverOf(o))
	pageFlags(cmd, &page)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := o.client()
		if err != nil {
			return err
		}
		list, err := c.DeadWebhooks(cmd.Context(), page)
		if err != nil {
			return err
		}
		return o.show(list, func(w io.Writer, style render.Style) error {
			t := render.Table{Columns: []render.Column{{Title: "Agent"}, {Title: "Name", Drop: true}, {Title: "Event"}, {Title: "What"}, {Title: "Task", Drop: true}, {Title: "Failed"}, {Title: "Attempts", Right: true, Drop: true}, {Title: "Error", Flex: true}}}
			for i := range list.Dead {
				d := &list.Dead[i]
				t.Rows = append(t.Rows, []string{string(d.AgentID), d.Name, d.EventID, string(d.Event), string(d.TaskID), when(d.FailedAt), number(d.Attempts), d.Error})
			}
			defer o.more(len(list.Dead), page.Offset, list.Total, list.TotalMore)
			return o.table(w, style, &t, "No dead webhooks.")
		})
	}
	return cmd
}

func newRedeliverOf(o *operator) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "redeliver AGENT EVENT",
		Short: "Deliver a dead webhook of an agent's again",
		Args:  args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			again, err := c.RedeliverOf(o.context(cmd), market.RedeliverInput{AgentID: market.AgentID(args[0]), EventID: args[1], Reason: reason})
			if err != nil {
				return err
			}
			return o.show(again, fields("Agent", string(again.AgentID), "Event", again.EventID, "Reason", again.Reason))
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why (`text`), in the log (required)")
	return cmd
}

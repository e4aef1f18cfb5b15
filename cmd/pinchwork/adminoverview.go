package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
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
		{"Dead webhooks", deadCount(&v.Dead)},
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
		dead = append(dead, fmt.Sprintf("%s %s: %s%d", d.AgentID, d.Name, atLeast(d.CountMore), d.Count))
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

func deadCount(d *market.DeadOverview) string {
	if d.Total == d.Waiting {
		return atLeast(d.TotalMore) + number(d.Total)
	}
	return fmt.Sprintf("%s%d wait, of %s%d", atLeast(d.WaitingMore), d.Waiting, atLeast(d.TotalMore), d.Total)
}

// atLeast says that a figure is a part.
func atLeast(more bool) string {
	if more {
		return "at least "
	}
	return ""
}

func lateness(seconds float64) string {
	if seconds < 1 {
		return "no"
	}
	return fmt.Sprintf("%.0f s", seconds)
}

func newDeadWebhooks(o *operator) *cobra.Command {
	var q market.DeadQuery
	cmd := &cobra.Command{Use: "webhooks", Short: "List the webhook deliveries of all agents that failed for good, deliver some again, or mark them as seen"}
	group(cmd, newRedeliverOf(o), newSeeDead(o))
	cmd.Flags().StringVar((*string)(&q.AgentID), "agent", "", "only those of the agent `id`")
	pageFlags(cmd, &q.Page)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := o.client()
		if err != nil {
			return err
		}
		list, err := c.DeadWebhooks(cmd.Context(), q)
		if err != nil {
			return err
		}
		return o.show(list, func(w io.Writer, style render.Style) error {
			t := render.Table{Columns: []render.Column{{Title: "Agent"}, {Title: "Name", Drop: true}, {Title: "Event"}, {Title: "What"}, {Title: "Task", Drop: true}, {Title: "Failed"}, {Title: "Attempts", Right: true, Drop: true}, {Title: "Seen", Drop: true}, {Title: "Error", Flex: true}}}
			for i := range list.Dead {
				d := &list.Dead[i]
				t.Rows = append(t.Rows, []string{string(d.AgentID), d.Name, d.EventID, string(d.Event), string(d.TaskID), when(d.FailedAt), number(d.Attempts), yes(d.Seen), d.Error})
			}
			defer o.more(len(list.Dead), q.Offset, list.Total, list.TotalMore)
			for i := range list.Redelivered {
				r := &list.Redelivered[i]
				defer o.note("Delivered again: %s, asked for by %s %s, %s", r.EventID, r.Operator, when(r.At), became(r))
			}
			return o.table(w, style, &t, "No dead webhooks.")
		})
	}
	return cmd
}

// became says what became of a redelivery.
func became(r *market.Redelivery) string {
	switch {
	case !r.DeliveredAt.IsZero():
		return "arrived " + when(r.DeliveredAt)
	case !r.FailedAt.IsZero():
		return "failed again " + when(r.FailedAt)
	}
	return "not arrived yet"
}

func newRedeliverOf(o *operator) *cobra.Command {
	var reason string
	var all bool
	cmd := &cobra.Command{
		Use:   "redeliver [AGENT [EVENT…]]",
		Short: "Deliver dead webhooks again: of an agent, or with --all the newest 100 of the agent or of all",
		Args:  args(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			var agent market.AgentID
			if len(args) > 0 {
				agent = market.AgentID(args[0])
			}
			if events := len(args) > 1; events == all {
				return usagef("name the agent and the events, or give --all")
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			if len(args) == 2 {
				again, err := c.RedeliverOf(o.context(cmd), market.RedeliverInput{AgentID: agent, EventID: args[1], Reason: reason})
				if err != nil {
					return err
				}
				return o.show(again, fields("Agent", string(again.AgentID), "Event", again.EventID, "Reason", again.Reason))
			}
			in := market.RedeliverBatchInput{Reason: reason}
			if all {
				list, err := c.DeadWebhooks(cmd.Context(), market.DeadQuery{AgentID: agent, Page: market.Page{Limit: limits.RedeliverBatch}})
				if err != nil {
					return err
				}
				for i := range list.Dead {
					in.Dead = append(in.Dead, market.DeadID{AgentID: list.Dead[i].AgentID, EventID: list.Dead[i].EventID})
				}
				if len(in.Dead) == 0 {
					return o.showBatch(market.RedeliveredBatch{Dead: []market.RedeliveredItem{}})
				}
			} else {
				for _, event := range args[1:] {
					in.Dead = append(in.Dead, market.DeadID{AgentID: agent, EventID: event})
				}
			}
			batch, err := c.RedeliverBatch(o.context(cmd), in)
			if err != nil {
				return err
			}
			return o.showBatch(batch)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why (`text`), in the log (required)")
	cmd.Flags().BoolVar(&all, "all", false, "the newest 100, of the agent if one is named")
	return cmd
}

// showBatch says what became of each.
func (o *operator) showBatch(batch market.RedeliveredBatch) error {
	return o.show(batch, func(w io.Writer, style render.Style) error {
		t := render.Table{Columns: []render.Column{{Title: "Agent"}, {Title: "Event"}, {Title: "Delivered again"}, {Title: "Why not", Flex: true}}}
		for _, item := range batch.Dead {
			t.Rows = append(t.Rows, []string{string(item.AgentID), item.EventID, yes(item.Error == ""), item.Error})
		}
		return o.table(w, style, &t, "No dead webhooks.")
	})
}

func newSeeDead(o *operator) *cobra.Command {
	var reason, until string
	cmd := &cobra.Command{
		Use:   "seen",
		Short: "Mark the dead webhooks there are as seen: what fails later waits again",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := market.SeeDeadInput{Reason: reason}
			if until != "" {
				if err := in.Until.UnmarshalText([]byte(until)); err != nil {
					return usagef("--until is no time as -o json has it, such as 2026-01-15T10:30:00Z")
				}
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			if in.Until.IsZero() {
				list, err := c.DeadWebhooks(cmd.Context(), market.DeadQuery{Page: market.Page{Limit: 1}})
				if err != nil {
					return err
				}
				if len(list.Dead) == 0 {
					return o.show(market.SeenDead{}, func(io.Writer, render.Style) error {
						o.note("No dead webhooks.")
						return nil
					})
				}
				in.Until = list.Dead[0].FailedAt
			}
			seen, err := c.SeeDead(o.context(cmd), in)
			if err != nil {
				return err
			}
			return o.show(seen, fields("Seen until", when(seen.Until), "Reason", seen.Reason))
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why (`text`), in the log (required)")
	cmd.Flags().StringVar(&until, "until", "", "those that failed until this `time`, failed_at of the newest that was seen (default: of the newest there is)")
	return cmd
}

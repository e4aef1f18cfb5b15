package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newCredits(a *app) *cobra.Command {
	var p market.Page
	cmd := &cobra.Command{
		Use:   "credits",
		Short: "Show the balance and the ledger",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			credits, err := c.Credits(cmd.Context(), p)
			if err != nil {
				return err
			}
			return a.show(credits, func(w io.Writer, style render.Style) error {
				defer a.more(len(credits.Ledger), p.Offset, credits.Total, false)
				return a.account(w, style, credits)
			})
		},
	}
	pageFlags(cmd, &p)
	return cmd
}

func (a *app) account(w io.Writer, style render.Style, c market.Credits) error {
	r := render.Record{}
	r.Add("Balance", number(c.Balance))
	r.Add("Escrowed", number(c.Escrowed))
	if err := r.Write(w, style); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	t := render.Table{Columns: []render.Column{
		{Title: "When"}, {Title: "Amount", Right: true}, {Title: "Fee", Right: true}, {Title: "Reason"}, {Title: "Task", Drop: true}, {Title: "Note", Flex: true},
	}}
	for _, e := range c.Ledger {
		t.Rows = append(t.Rows, []string{when(e.CreatedAt), signed(e.Amount), numberSet(e.Fee), string(e.Reason), string(e.TaskID), e.Note})
	}
	return a.table(w, style, &t, "No entries.")
}

func newStats(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Show what the agent earned and spent",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			stats, err := c.Stats(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(stats, func(w io.Writer, style render.Style) error { return dashboard(w, style, stats) })
		},
	}
}

func dashboard(w io.Writer, style render.Style, s market.Stats) error {
	r := render.Record{}
	r.Add("Earned", number(s.TotalEarned))
	r.Add("Last 7 days", number(s.Recent7dEarned))
	r.Add("Last 30 days", number(s.Recent30d))
	r.Add("Fees paid", number(s.TotalFeesPaid))
	r.Add("Spent", number(s.TotalSpent))
	r.Add("Approval rate", decimal(s.ApprovalRate))
	r.Add("Task value", decimal(s.AvgTaskValue))
	if err := r.Write(w, style); err != nil || len(s.TasksByTag) == 0 {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	t := render.Table{Columns: []render.Column{{Title: "Tag", Flex: true}, {Title: "Tasks", Right: true}, {Title: "Earned", Right: true}}}
	for _, tag := range s.TasksByTag {
		t.Rows = append(t.Rows, []string{tag.Tag, number(tag.Count), number(tag.Earned)})
	}
	return t.Write(w, style)
}

func newTrust(a *app) *cobra.Command {
	var p market.Page
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Show the agent's private trust in others",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Trust(cmd.Context(), p)
			if err != nil {
				return err
			}
			return a.show(list, func(w io.Writer, style render.Style) error {
				t := render.Table{Columns: []render.Column{{Title: "Agent"}, {Title: "Trust", Right: true}, {Title: "Dealings", Right: true}, {Title: "Last"}}}
				for _, s := range list.TrustScores {
					t.Rows = append(t.Rows, []string{string(s.TrustedID), decimal(&s.Score), number(s.Interactions), when(s.UpdatedAt)})
				}
				defer a.more(len(list.TrustScores), p.Offset, list.Total, false)
				return a.table(w, style, &t, "No dealings with others yet.")
			})
		},
	}
	pageFlags(cmd, &p)
	return cmd
}

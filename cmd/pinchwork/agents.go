package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newAgents(a *app) *cobra.Command {
	var q market.AgentQuery
	cmd := &cobra.Command{Use: "agents", Short: "Find agents, or show one (needs no key)"}
	group(cmd, newAgentsShow(a))
	f := cmd.Flags()
	f.StringVar(&q.Search, "search", "", "only with these `words` in name or skills")
	f.StringSliceVar(&q.Tags, "tags", nil, "only with all of these `tags`, comma-separated")
	f.Float64Var(&q.MinReputation, "min-reputation", 0, "only those with a reputation of at least `n`")
	f.StringVar(&q.SortBy, "sort-by", "", "`reputation` or tasks_completed")
	complete(cmd, "sort-by", "reputation", "tasks_completed")
	pageFlags(cmd, &q.Page)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := a.public()
		if err != nil {
			return err
		}
		list, err := c.Agents(cmd.Context(), q)
		if err != nil {
			return err
		}
		return a.show(list, func(w io.Writer, style render.Style) error {
			defer a.more(len(list.Agents), q.Offset, list.Total, list.TotalMore)
			return a.table(w, style, agents(list.Agents), "No agents found.")
		})
	}
	return cmd
}

func agents(list []market.PublicProfile) *render.Table {
	t := render.Table{Columns: []render.Column{
		{Title: "Agent"}, {Title: "Name"}, {Title: "Rating", Right: true, Drop: true}, {Title: "Done", Right: true, Drop: true}, {Title: "Good at", Flex: true},
	}}
	for _, p := range list {
		skills := p.GoodAt
		if skills == "" {
			skills = strings.Join(p.Tags, ", ")
		}
		t.Rows = append(t.Rows, []string{string(p.ID), render.Cut(render.Line(p.Name), 24), short(p.Reputation), number(p.TasksCompleted), skills})
	}
	return &t
}

func newAgentsShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show AGENT",
		Short: "Show an agent's public profile",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.public()
			if err != nil {
				return err
			}
			p, err := c.Agent(cmd.Context(), market.AgentID(args[0]))
			if err != nil {
				return err
			}
			return a.show(p, publicProfile(p))
		},
	}
}

func publicProfile(p market.PublicProfile) func(io.Writer, render.Style) error {
	return func(w io.Writer, style render.Style) error {
		r := render.Record{}
		r.Add("Agent", string(p.ID))
		r.Add("Name", p.Name)
		r.Add("Reputation", rating(p.Reputation)+" from "+number(p.RatingCount)+" ratings")
		r.Add("Completed", number(p.TasksCompleted))
		r.Add("Good at", p.GoodAt)
		r.Add("Tags", strings.Join(p.Tags, ", "))
		if err := r.Write(w, style); err != nil || len(p.ReputationByTag) == 0 {
			return err
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		t := render.Table{Columns: []render.Column{{Title: "Tag", Flex: true}, {Title: "Rating", Right: true}, {Title: "Ratings", Right: true}}}
		for _, tag := range p.ReputationByTag {
			t.Rows = append(t.Rows, []string{tag.Tag, rating(tag.AvgRating), number(tag.Count)})
		}
		return t.Write(w, style)
	}
}

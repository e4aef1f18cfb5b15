package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newList(a *app) *cobra.Command {
	var q market.BrowseQuery
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"browse", "available"},
		Short:   "List the tasks on offer, best first",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Browse(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.show(list, func(w io.Writer, style render.Style) error {
				defer a.more(len(list.Tasks), q.Offset, list.Total, false)
				empty := "No tasks on offer."
				if list.Nothing != nil {
					empty = "No tasks on offer: " + list.Nothing.Message + "."
				}
				return a.table(w, style, offers(list.Tasks), empty)
			})
		},
	}
	filterFlags(cmd, &q.Filter)
	pageFlags(cmd, &q.Page)
	return cmd
}

func offers(tasks []market.BrowseItem) *render.Table {
	t := render.Table{Columns: []render.Column{
		{Title: "Task"},
		{Title: "Credits", Right: true},
		{Title: "Match", Drop: true},
		{Title: "Poster", Right: true, Drop: true},
		{Title: "Tags", Drop: true},
		{Title: "Need", Flex: true},
	}}
	for _, o := range tasks {
		match := ""
		if o.MatchRank != nil {
			match = "#" + number(*o.MatchRank+1)
		}
		t.Rows = append(t.Rows, []string{
			string(o.TaskID), number(o.MaxCredits), match, short(o.PosterReputation), strings.Join(o.Tags, ","), o.Need,
		})
	}
	return &t
}

func short(reputation float64) string {
	if reputation == 0 {
		return "–"
	}
	return rating(reputation)
}

func newMine(a *app) *cobra.Command {
	var q market.MineQuery
	var role, status, order string
	var meta []string
	cmd := &cobra.Command{
		Use:   "mine",
		Short: "List and search the agent's own tasks",
		Args:  args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q.Role, q.Status, q.Order = market.PartyRole(role), market.Status(status), market.MineOrder(order)
			var err error
			if q.Metadata, err = pairs(meta); err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			list, err := c.Mine(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.show(list, func(w io.Writer, style render.Style) error {
				sorted := q.Order == market.MineDeadline || q.Order == market.MineCredits
				if looked := q.Metadata != nil || len(q.Tags) > 0 || q.Search != ""; sorted || !looked {
					defer a.more(len(list.Tasks), q.Offset, list.Total, list.TotalMore)
				} else if list.NextOffset > 0 {
					defer a.note("There may be more with --offset %d", list.NextOffset)
				}
				if list.TotalMore {
					defer a.note("Only the newest tasks were put in this order")
				}
				return a.table(w, style, tasks(list.Tasks), "No tasks.")
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "only as `poster` or worker")
	cmd.Flags().StringVar(&status, "status", "", "only in this `status`")
	cmd.Flags().StringVar(&order, "order", "", "`newest` first, oldest, by deadline or by credits")
	filterFlags(cmd, &q.Filter)
	complete(cmd, "order", strs(market.MineOrders())...)
	metaFlag(cmd, &meta, "only with `key=value` as metadata; once for each pair")
	complete(cmd, "role", "poster", "worker")
	complete(cmd, "status", statusNames()...)
	pageFlags(cmd, &q.Page)
	return cmd
}

func statusNames() []string {
	var out []string
	for _, s := range market.Statuses() {
		out = append(out, string(s))
	}
	return out
}

func tasks(list []market.Task) *render.Table {
	t := render.Table{Columns: []render.Column{
		{Title: "Task"}, {Title: "Status"}, {Title: "Credits", Right: true}, {Title: "Created", Drop: true}, {Title: "Need", Flex: true},
	}}
	for _, v := range list {
		cost := v.MaxCredits
		if v.CreditsCharged != 0 {
			cost = v.CreditsCharged
		}
		t.Rows = append(t.Rows, []string{string(v.TaskID), string(v.Status), number(cost), when(v.CreatedAt), v.Need})
	}
	return &t
}

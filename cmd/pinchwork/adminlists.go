package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
)

func newAllAgents(o *operator) *cobra.Command {
	var q market.StandingQuery
	cmd := &cobra.Command{Use: "agents", Short: "Search agents of any standing, or show one's record"}
	show := newInspectAgent(o)
	group(cmd, show)
	orOne(cmd, "ag-")
	f := cmd.Flags()
	f.StringVar(&q.Search, "search", "", "only with all of these `words` in name or good_at; or an agent's id")
	f.StringSliceVar(&q.Tags, "tags", nil, "only with all of these `tags`, comma-separated")
	f.StringVar((*string)(&q.Standing), "standing", "", "only those of this `standing`: active or suspended")
	complete(cmd, "standing", string(market.StandingActive), string(market.StandingSuspended))
	f.StringVar(&q.SortBy, "sort-by", "", "by this `field` first: reputation, tasks_completed or newest")
	pageFlags(cmd, &q.Page)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return show.RunE(cmd, args)
		}
		c, err := o.client()
		if err != nil {
			return err
		}
		list, err := c.AllAgents(cmd.Context(), q)
		if err != nil {
			return err
		}
		return o.show(list, func(w io.Writer, style render.Style) error {
			t := render.Table{Columns: []render.Column{{Title: "Agent"}, {Title: "Name", Flex: true}, {Title: "Standing"}, {Title: "Credits", Right: true}, {Title: "Escrow", Right: true, Drop: true}, {Title: "Done", Right: true, Drop: true}, {Title: "Reputation", Right: true, Drop: true}, {Title: "Suspended", Drop: true}, {Title: "Why", Drop: true}}}
			for i := range list.Agents {
				a := &list.Agents[i]
				t.Rows = append(t.Rows, []string{string(a.ID), a.Name, standing(a.Suspended), number(a.Credits), number(a.Escrowed), number(a.TasksCompleted), fmt.Sprint(a.Reputation), when(a.SuspendedAt), a.SuspendReason})
			}
			defer o.more(len(list.Agents), q.Offset, list.Total, list.TotalMore)
			return o.table(w, style, &t, "No agents.")
		})
	}
	return cmd
}

// orOne lets the command for a list take one id, which is shown, instead of a subcommand.
func orOne(cmd *cobra.Command, prefix string) {
	unknown := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 && strings.HasPrefix(args[0], prefix) {
			return nil
		}
		return unknown(cmd, args)
	}
}

func standing(suspended bool) string {
	if suspended {
		return string(market.StandingSuspended)
	}
	return string(market.StandingActive)
}

// told says by whom something was done, when and why.
func told(a *market.OperatorAction) string {
	if a == nil {
		return ""
	}
	return a.Told()
}

func newInspectAgent(o *operator) *cobra.Command {
	return &cobra.Command{
		Use:   "show AGENT",
		Short: "Show an agent's record; -o json has its ledger and dead letters",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			f, err := c.AgentFile(cmd.Context(), market.AgentID(args[0]))
			if err != nil {
				return err
			}
			a := &f.Agent
			return o.show(f, fields("Agent", string(a.ID), "Name", a.Name, "Standing", standing(a.Suspended), "Why suspended", a.SuspendReason, "Suspended", told(f.Suspended),
				"Credits", number(a.Credits), "Escrow", number(a.Escrowed), "Claims", number(a.OpenClaims), "Strikes", number(f.Strikes),
				"Posted", number(a.TasksPosted), "Completed", number(a.TasksCompleted), "Reputation", fmt.Sprint(a.Reputation),
				"Dead letters", number(f.DeadTotal), "Registered", when(a.CreatedAt)))
		},
	}
}

func newAllTasks(o *operator) *cobra.Command {
	var q market.AllTasksQuery
	cmd := &cobra.Command{Use: "tasks", Short: "Search tasks in any state, show all that is kept about one, or end one by decision"}
	show := newTaskFile(o)
	group(cmd, show, newSettle(o))
	orOne(cmd, "tk-")
	f := cmd.Flags()
	f.StringVar(&q.Search, "search", "", "only with all of these `words` in need or context; or a task's id")
	f.StringSliceVar(&q.Tags, "tags", nil, "only with all of these `tags`, comma-separated")
	f.StringVar((*string)(&q.Status), "status", "", "only in this `state`")
	f.StringVar((*string)(&q.Poster), "poster", "", "only those of the agent `id`")
	f.StringVar((*string)(&q.Worker), "worker", "", "only those that the agent `id` works on, or was the last to")
	f.BoolVar(&q.Reported, "reported", false, "only those about which a report is open")
	f.BoolVar(&q.EverReported, "ever-reported", false, "only those about which there is a report, closed ones too")
	f.BoolVar(&q.System, "system", false, "the platform's own tasks instead of the others")
	complete(cmd, "status", strs(market.Statuses())...)
	pageFlags(cmd, &q.Page)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return show.RunE(cmd, args)
		}
		c, err := o.client()
		if err != nil {
			return err
		}
		list, err := c.AllTasks(cmd.Context(), q)
		if err != nil {
			return err
		}
		return o.show(list, func(w io.Writer, style render.Style) error {
			t := render.Table{Columns: []render.Column{{Title: "Task"}, {Title: "Status"}, {Title: "Credits", Right: true}, {Title: "Poster"}, {Title: "Worker", Drop: true}, {Title: "When", Drop: true}, {Title: "Need", Flex: true}}}
			for i := range list.Tasks {
				task := &list.Tasks[i]
				t.Rows = append(t.Rows, []string{string(task.TaskID), string(task.Status), number(task.MaxCredits), string(task.PosterID), string(task.WorkerID), when(task.CreatedAt), task.Need})
			}
			if list.NextOffset > 0 {
				least := ""
				if list.MatchesMore {
					least = "at least "
				}
				defer o.note("From here on %s%d fit. Looked through up to %d of %d; go on with --offset %d", least, list.Matches, list.NextOffset, list.Total, list.NextOffset)
			}
			return o.table(w, style, &t, "No tasks.")
		})
	}
	return cmd
}

func strs[S ~string](values []S) (list []string) {
	for _, v := range values {
		list = append(list, string(v))
	}
	return list
}

func newTaskFile(o *operator) *cobra.Command {
	return &cobra.Command{
		Use:   "show TASK",
		Short: "Show all that is kept about a task; -o json has every part of it",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.client()
			if err != nil {
				return err
			}
			f, err := c.TaskFile(cmd.Context(), market.TaskID(args[0]))
			if err != nil {
				return err
			}
			return o.show(f, func(w io.Writer, style render.Style) error { return fileDetails(&f).Write(w, style) })
		},
	}
}

func fileDetails(f *market.TaskFile) *render.Record {
	r, t := &render.Record{}, &f.Task
	for _, pair := range [][2]string{
		{"Task", string(t.TaskID)},
		{"Status", string(t.Status)},
		{"Budget", number(t.MaxCredits)},
		{"Poster", partyLine(f.Poster, t.PosterID)},
		{"Worker", partyLine(f.Worker, t.WorkerID)},
		{"Rejections", number(t.RejectionCount)},
		{"Posted", when(t.CreatedAt)},
		{"Ended", when(t.EndedAt)},
	} {
		r.Add(pair[0], pair[1])
	}
	for _, s := range f.Settlements {
		what := "With a " + string(s.Outcome)
		if s.Outcome == market.OutcomeSplit {
			what += " of " + number(s.Charged)
		}
		r.Add(what, number(s.WorkerReceives)+" to the worker, "+number(s.Fee)+" fee, "+number(s.PosterGetsBack)+" back")
	}
	if f.Paid != nil {
		r.Add("Worker got", number(f.Paid.WorkerReceived)+", of which "+number(f.Paid.TakenBack)+" were taken back and "+number(f.Paid.Most)+" can be")
	}
	r.Section("Need", t.Need)
	r.Section("Context", t.Context)
	r.Section("Result", t.Result)
	r.Section("Rejected", strings.TrimSpace(t.RejectionReason+"\n"+t.RejectionFeedback))
	r.Section("Feedback", t.Feedback)
	for _, d := range f.Earlier {
		r.Section(fmt.Sprintf("Earlier delivery %d, by %s", d.No, d.WorkerID), cmp.Or(d.Result, "(no longer kept)"))
	}
	var talk, history, ledger, reports, acts []string
	for _, m := range f.Messages {
		talk = append(talk, fmt.Sprintf("%s %s: %s", when(m.CreatedAt), m.SenderID, m.Message))
	}
	for _, e := range f.History {
		line := fmt.Sprintf("%s %s, told to %s", when(e.At), e.Type, e.ToldTo)
		for _, said := range []string{e.Data.Reason, e.Data.Feedback} {
			if said != "" {
				line += ": " + said
			}
		}
		history = append(history, line)
	}
	for _, e := range f.Ledger {
		ledger = append(ledger, fmt.Sprintf("%s %s %s → %s %d", when(e.At), e.Reason, e.From, e.To, e.Amount))
	}
	for _, one := range f.Reports {
		reports = append(reports, fmt.Sprintf("%s %s by %s: %s", one.ID, one.Status, one.Reporter, one.Reason))
	}
	for _, a := range f.Actions {
		acts = append(acts, fmt.Sprintf("%s %s %s %s %s", when(a.At), a.Operator, a.Action, a.Outcome, a.Reason))
	}
	r.Section("Messages", strings.Join(talk, "\n"))
	r.Section("History", strings.Join(history, "\n"))
	r.Section("Ledger", strings.Join(ledger, "\n"))
	r.Section("Reports", strings.Join(reports, "\n"))
	r.Section("Operators", strings.Join(acts, "\n"))
	return r
}

func partyLine(a *market.AgentStanding, id market.AgentID) string {
	if a == nil {
		return string(id)
	}
	return fmt.Sprintf("%s %s (%s; approved %d, rejected %d as poster, %d done)", a.ID, a.Name, standing(a.Suspended), a.AsPoster.Approved, a.AsPoster.Rejected, a.TasksCompleted)
}

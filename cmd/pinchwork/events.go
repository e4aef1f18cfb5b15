package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

func newEvents(a *app) *cobra.Command {
	var after string
	var types []string
	var count int
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Follow the agent's events live",
		Long: `Follow the agent's events live, one per line, until interrupted. A lost
connection is made again without losing an event. With --after it begins after
an event seen before, or with the first that is kept (--after 0); events are kept for
7 days. Exits with 0, interrupted too. Types are
` + strings.Join(eventTypes, ", ") + ".",
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.events(cmd, after, types, count) },
	}
	cmd.Flags().StringVar(&after, "after", "", "begin after the event with this `id`")
	cmd.Flags().StringSliceVar(&types, "type", nil, "only these `types`, comma-separated")
	complete(cmd, "type", eventTypes...)
	cmd.Flags().IntVar(&count, "count", 0, "end after `n`")
	return cmd
}

// eventTypes are the types of events that an agent may get.
var eventTypes = []string{
	string(store.EventTaskMatched), string(store.EventTaskClaimed), string(store.EventTaskProgress), string(store.EventTaskDelivered),
	string(store.EventTaskVerified), string(store.EventTaskApproved), string(store.EventTaskRejected), string(store.EventTaskCancelled),
	string(store.EventTaskExpired), string(store.EventDeadlineExpired), string(store.EventRejectionGraceExpired), string(store.EventTaskResolved),
	string(store.EventTaskQuestion), string(store.EventQuestionAnswered), string(store.EventTaskMessage), string(store.EventTaskRated),
	string(store.EventCapabilitiesExtracted), string(store.EventWebhookDisabled), string(store.EventGap),
}

func (a *app) events(cmd *cobra.Command, after string, types []string, count int) error {
	for _, t := range types {
		if !slices.Contains(eventTypes, t) {
			return usagef("--type %s: there is no such event; there are %s", t, strings.Join(eventTypes, ", "))
		}
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	// The stream would wait for an unreachable server, so a first call finds out
	// whether the server answers and accepts the key.
	if _, err := c.Me(cmd.Context()); err != nil {
		return err
	}
	if a.people() {
		from := "from now on"
		if after != "" {
			from = "after " + after
		}
		a.note("following the agent's events %s; Ctrl-C ends it", from)
	}
	who := a.naming(cmd.Context(), c, onStream)
	for e, err := range c.Events(cmd.Context(), after) {
		if cmd.Context().Err() != nil {
			return nil // interrupting is how it ends
		}
		if err != nil {
			return err
		}
		if len(types) > 0 && !slices.Contains(types, string(e.Type)) && e.Type != store.EventGap {
			continue
		}
		if err := a.printEvent(e, who); err != nil {
			return err
		}
		if count--; count == 0 {
			return nil
		}
	}
	return nil
}

// eventLine is an event in the stream's form, with its id.
type eventLine struct {
	ID   string           `json:"id,omitempty"`
	Type market.EventType `json:"type"`
	Task market.TaskID    `json:"task_id,omitempty"`
	At   *market.Time     `json:"at,omitempty"`
	// Status is what a change made of the task, where it is known (tasks watch).
	Status market.Status `json:"status,omitempty"`
	market.EventData
}

func (a *app) printEvent(e market.StreamEvent, who naming) error {
	if a.asJSON() {
		line := eventLine{ID: e.ID, Type: e.Type, Task: e.Task, EventData: e.Data}
		if !e.At.IsZero() {
			line.At = new(market.NewTime(e.At))
		}
		return a.json(line, "")
	}
	at := market.NewTime(e.At)
	if at.IsZero() {
		at = market.NewTime(time.Now())
	}
	words := []string{when(at), string(e.Type), string(e.Task), details(e.Data, who)}
	_, err := fmt.Fprintln(a.stdout, render.Line(strings.Join(words, "  ")))
	return err
}

func details(d market.EventData, who naming) string {
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+"="+value)
		}
	}
	add("reason", d.Reason)
	add("feedback", d.Feedback)
	add("grace_deadline", when(d.GraceDeadline))
	add("question_id", string(d.QuestionID))
	add("message_id", string(d.MessageID))
	if d.Rank != nil {
		add("rank", number(*d.Rank))
	}
	add("answer", d.Answer)
	add("sender_id", who(d.SenderID))
	add("worker_id", who(d.WorkerID))
	if d.Credits != nil {
		add("credits", number(*d.Credits))
	}
	if d.Rating != 0 {
		add("rating", number(d.Rating))
	}
	add("note", d.Note)
	if d.Percent != nil {
		add("percent", number(*d.Percent))
	}
	if d.MeetsRequirements != nil {
		add("meets_requirements", yes(*d.MeetsRequirements))
	}
	add("tags", strings.Join(d.Tags, ","))
	add("by", who(d.By))
	return strings.Join(out, " ")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/render"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

func newWatch(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "watch [TASK]",
		Short: "Follow a task live until it has ended, or all of the agent's tasks",
		Long: `Follow a task live, a line for each change, until it has ended; without one all that
happens to the agent's tasks, until interrupted. After an outage it goes on where it was.
Another's task is followed while it is on offer. Exits with 0, interrupted too.`,
		Example: "  pinchwork tasks watch tk-abc123",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			w := &watch{app: a, needs: map[market.TaskID]string{}}
			if len(given) == 1 {
				w.only = market.TaskID(given[0])
			}
			return w.run(cmd.Context())
		},
	}
}

// watch follows tasks by the agent's events.
type watch struct {
	*app
	client *httpclient.Client
	stream *stream
	only   market.TaskID // "" for all
	status market.Status // of only, as it was last shown
	looked bool          // the status was read, and its event may come yet
	needs  map[market.TaskID]string
	who    naming
}

const (
	// firstLook is when the state of a task is read once more: what happened before the
	// stream was open shows there.
	firstLook = time.Second
	// lookEvery is how often it is read from then on: an agent is told nothing of what
	// it does itself.
	lookEvery = 5 * time.Second
	// lookAgain is when it is read again after a look that came before the events.
	lookAgain = time.Second
)

func (w *watch) run(ctx context.Context) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	if err := w.begin(ctx); err != nil || w.status.Ended() {
		return err
	}
	listening, cancel := context.WithCancel(ctx)
	var listener sync.WaitGroup
	defer listener.Wait()
	defer cancel()
	if w.people() {
		w.note("following %s from now on; Ctrl-C ends it", first(string(w.only), "your tasks"))
	}
	events := make(chan arrived)
	listener.Go(func() { w.listen(listening, events) })
	look := time.NewTimer(firstLook)
	defer look.Stop()
	for {
		done, err := w.step(ctx, look, events)
		if ctx.Err() != nil {
			return nil // interrupting is how it ends
		}
		if done || err != nil {
			return err
		}
	}
}

// connect makes the clients, both of which tell of the same outage.
func (w *watch) connect(ctx context.Context) error {
	s, err := w.authenticated()
	if err != nil {
		return err
	}
	o := w.outage()
	w.stream = &stream{now: time.Now}
	w.stream.client, err = w.app.connect(s, httpclient.WithObserver(func(err error, again time.Duration) {
		w.stream.heard(err)
		o.heard(err, again)
	}))
	if err != nil {
		return err
	}
	w.client, err = w.app.connect(s, httpclient.WithObserver(o.heard))
	w.who = w.naming(ctx, w.client, onStream)
	return err
}

// arrived is an event, or why there are no more.
type arrived struct {
	event market.StreamEvent
	err   error
}

func (w *watch) listen(ctx context.Context, into chan<- arrived) {
	for e, err := range w.stream.client.Events(ctx, "") {
		w.stream.brought()
		select {
		case into <- arrived{e, err}:
		case <-ctx.Done():
			return
		}
	}
}

// begin shows how the task is now; without one it finds out whether the server answers.
func (w *watch) begin(ctx context.Context) error {
	if w.only == "" {
		_, err := w.client.Me(ctx)
		return err
	}
	_, err := w.look(ctx)
	return err
}

// since is when a task came to the status that it has, as far as the task says it.
func since(t market.Task) market.Time {
	switch t.Status {
	case market.StatusPosted:
		return t.CreatedAt
	case market.StatusClaimed:
		return t.ClaimedAt
	case market.StatusDelivered:
		return t.DeliveredAt
	case market.StatusApproved:
		return t.ApprovedAt
	}
	return t.EndedAt
}

// look shows the state of the task if it is another one than was shown, and if no event
// is to be shown before.
func (w *watch) look(ctx context.Context) (again time.Duration, err error) {
	t, err := w.client.Task(ctx, w.only, 0)
	if err != nil || t.Status == w.status {
		return lookEvery, err
	}
	if w.stream.behind() {
		return lookAgain, nil
	}
	w.needs[t.TaskID] = t.Need
	w.status, w.looked = t.Status, true
	line := eventLine{Type: "status", Task: t.TaskID, Status: t.Status}
	if since := since(t); !since.IsZero() {
		line.At = &since
	}
	return lookEvery, w.line(line, string(t.Status))
}

// hidden is the end of a task that was to be seen while it was on offer, and is another's.
func (w *watch) hidden() error {
	return w.line(eventLine{Type: "hidden", Task: w.only}, "is on offer no more, and only its parties see how it goes on")
}

func (w *watch) step(ctx context.Context, look *time.Timer, events <-chan arrived) (done bool, err error) {
	select {
	case <-ctx.Done():
		return true, nil
	case <-look.C:
		if w.only == "" {
			return false, nil
		}
		again, err := w.look(ctx)
		if errors.Is(err, market.ErrNotFound) {
			return true, w.hidden()
		}
		if err != nil && !worthWaiting(err) {
			return false, err
		}
		look.Reset(again)
		return w.status.Ended(), nil
	case e := <-events:
		if e.err != nil {
			return false, e.err
		}
		defer w.stream.brought()
		return w.heard(ctx, e.event)
	}
}

func (w *watch) heard(ctx context.Context, e market.StreamEvent) (ended bool, err error) {
	if e.Task == "" || w.only != "" && e.Task != w.only {
		return false, nil
	}
	status, words := w.change(e)
	if words == "" || w.only != "" && w.shown(status) {
		return false, nil
	}
	w.read(ctx, e.Task)
	line := eventLine{ID: e.ID, Type: e.Type, Task: e.Task, EventData: e.Data, Status: status}
	if !e.At.IsZero() {
		line.At = new(market.NewTime(e.At))
	}
	return w.only != "" && status.Ended(), w.line(line, words)
}

// shown reports whether a status was shown already when it was read, and notes it.
func (w *watch) shown(status market.Status) bool {
	if status == "" {
		return false
	}
	known := w.looked && status == w.status
	w.status, w.looked = status, false
	return known
}

const mostNeeds = 1000

// read finds out what a task is about, once.
func (w *watch) read(ctx context.Context, id market.TaskID) {
	if _, known := w.needs[id]; known {
		return
	}
	if len(w.needs) >= mostNeeds {
		clear(w.needs)
	}
	if t, err := w.client.Task(ctx, id, 0); err == nil {
		w.needs[id] = t.Need
	}
}

func (w *watch) line(l eventLine, words string) error {
	if w.asJSON() {
		return w.json(l, "")
	}
	at := now()
	if l.At != nil {
		at = when(*l.At)
	}
	need := render.Cut(render.Line(w.needs[l.Task]), 60)
	_, err := fmt.Fprintln(w.stdout, strings.TrimRight(render.Line(strings.Join([]string{at, string(l.Task), words}, "  "))+"  "+need, " "))
	return err
}

// change is the status that an event brings, "" for none, and what it says to people; ""
// for events that are no change of a task.
func (w *watch) change(e market.StreamEvent) (market.Status, string) {
	d := e.Data
	switch e.Type {
	case store.EventTaskMatched:
		return "", "offered to you"
	case store.EventTaskClaimed:
		return market.StatusClaimed, "claimed by " + w.who(d.WorkerID)
	case store.EventTaskProgress:
		return "", strings.TrimSuffix("under way: "+details(d, w.who), ": ")
	case store.EventTaskDelivered:
		return market.StatusDelivered, "delivered"
	case store.EventTaskVerified:
		return "", "verified: " + details(d, w.who)
	case store.EventTaskApproved:
		return market.StatusApproved, approvedWords(d)
	case store.EventTaskRejected:
		return market.StatusClaimed, "rejected: " + d.Reason
	case store.EventTaskCancelled:
		return market.StatusCancelled, "cancelled"
	case store.EventTaskExpired:
		return market.StatusExpired, "expired"
	case store.EventDeadlineExpired, store.EventRejectionGraceExpired:
		return market.StatusPosted, "the claim has ended, it is on offer again"
	case store.EventTaskResolved:
		return "", "ended by the operator: " + details(d, w.who)
	case store.EventTaskQuestion:
		return "", w.again("a question: pinchwork questions " + string(e.Task))
	case store.EventQuestionAnswered:
		return "", "answered: " + d.Answer
	case store.EventTaskMessage:
		return "", w.again("a message: pinchwork messages " + string(e.Task))
	case store.EventTaskRated:
		return "", "rated " + stars(d.Rating)
	}
	return "", ""
}

func approvedWords(d market.EventData) string {
	words := "approved"
	if d.Credits != nil {
		words += ", " + number(*d.Credits) + " credits"
	}
	if d.Rating != 0 {
		words += ", rated " + stars(d.Rating)
	}
	return words
}

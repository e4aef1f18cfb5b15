package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// taskPage is the data of a task's page.
type taskPage struct {
	// Task is what its reader may know: for everybody, the public part alone.
	Task   market.Task
	Public bool
	Owner  *owner
	// Poster and Worker say which of them has signed in.
	Poster, Worker bool
	Life           []step
	// Names are those of the parties.
	Names map[market.AgentID]string
	// FeePercent is the market's share of what a delivery is paid.
	FeePercent float64
	// Grace is how long the worker keeps a task after a rejection.
	Grace string
	// Reported is when the reader has reported it.
	Reported market.Time
	// Earlier are deliveries that others have followed.
	Earlier []market.EarlierDelivery
	// NextStrike of Limit would giving the task back be, which keeps the agent from taking
	// tasks for Cooldown; 0 where there are none.
	NextStrike, Limit int
	Cooldown          string
	// Claimed is what the worker claimed for its delivery that was rejected, 0 for none.
	Claimed int64
	// PosterRatings are those that workers gave the poster of a task that may be claimed.
	PosterRatings []int
	Questions     market.QuestionList
	Messages      market.MessageList
	forms
}

// forms are what the forms of a page need.
type forms struct {
	CSRF string
	// Once makes a form count only once if it is sent twice.
	Once string
	// Done says what has just been done, Problem what was wrong with the form that was
	// sent, which comes back as it was.
	Done, Problem string
	// Act is the form that was refused, Field the one of its fields that is wrong, "" where
	// it is none, and Sent what was in it.
	Act, Field string
	Sent       url.Values
	// AtField says that the page says at the field what is wrong with it.
	AtField bool
}

// wrong is what is wrong with a field, and the id of the element that says so.
type wrong struct{ ID, Text string }

// Wrong is what is wrong with a field of a form, if anything.
func (f *forms) Wrong(act, field string) wrong {
	if f.Field != field || f.Act != act {
		return wrong{}
	}
	return wrong{ID: "wrong-" + field, Text: f.Problem}
}

// Was is what a field of a form held when the form was refused.
func (f *forms) Was(act, field string) string {
	if f.Act != act {
		return ""
	}
	return f.Sent.Get(field)
}

func (p *pages) formsOf(w http.ResponseWriter, r *http.Request, o *owner) forms {
	f := forms{Once: rand.Text()}
	if o != nil {
		f.CSRF, f.Done = o.CSRF, doneNotices[p.justDone(w, r)]
	}
	return f
}

// wrong puts back the form that was sent, with what was wrong with it.
func (f *forms) wrong(r *http.Request, err error) (status int) {
	status, field, message := inWords(err)
	f.Problem, f.Act, f.Field, f.Sent = message, r.PathValue("act"), field, r.PostForm
	f.AtField = labels[field] != ""
	if field == "tags" && strings.Contains(message, "hyphen") {
		f.Problem += hyphened(tagged(r.PostForm))
	}
	return status
}

// Label is what the form calls the field that is wrong.
func (f *forms) Label() string { return labels[f.Field] }

// May reports whether the reader may do something to the task now.
func (t *taskPage) May(action string) bool {
	return slices.Contains(t.Task.Actions, market.Action(action))
}

// LastRejection is the last one in the task's life, nil when its time is not known.
func (t *taskPage) LastRejection() *step {
	for i := len(t.Life) - 1; i >= 0; i-- {
		if strings.HasPrefix(t.Life[i].What, wordRejected) {
			return &t.Life[i]
		}
	}
	return nil
}

// task shows what its reader may know about a task.
func (p *pages) task(w http.ResponseWriter, r *http.Request) { p.showTask(w, r, nil) }

// showTask shows a task, with what was wrong in the form just sent.
func (p *pages) showTask(w http.ResponseWriter, r *http.Request, problem error) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	o, id := ownerOf(r), market.TaskID(r.PathValue("id"))
	page := taskPage{Owner: o, FeePercent: p.market.Policy().FeePercent, Grace: span(p.market.Policy().RejectionGrace), forms: p.formsOf(w, r, o)}
	err := p.readTask(ctx, o, id, &page)
	if errors.Is(err, market.ErrNotFound) && o == nil && r.Method == http.MethodGet {
		p.render(w, r, http.StatusNotFound, "unseen", "Sign in", r.URL.Path)
		return
	}
	if err != nil {
		p.refused(w, r, err)
		return
	}
	status := http.StatusOK
	if problem != nil {
		status = page.wrong(r, problem)
		page.AtField = page.AtField && page.shows(page.Act)
		retryAfter(w, problem)
	}
	p.render(w, r, status, "task", headline(page.Task.Need), &page)
}

// readTask reads what the owner's agent may know of a task, or what everybody may.
func (p *pages) readTask(ctx context.Context, o *owner, id market.TaskID, page *taskPage) (err error) {
	if o != nil {
		page.Task, err = o.api.Task(ctx, id, 0)
		if err == nil {
			return p.readTalk(ctx, o, page)
		}
		if !errors.Is(err, market.ErrNotFound) {
			return err
		}
	}
	public, err := p.market.PublicTask(ctx, id)
	if err != nil {
		return err
	}
	page.Public, page.Life = true, publicLife(&public)
	page.Task = market.Task{
		TaskID: public.TaskID, Status: public.Status, Need: public.Need,
		MaxCredits: public.MaxCredits, Tags: public.Tags, CreatedAt: public.CreatedAt,
	}
	if o == nil {
		return nil
	}
	own, err := p.history(ctx, o, id)
	page.Life = mixed(page.Life, told(&page.Task, own))
	page.Names = map[market.AgentID]string{o.ID: "you"}
	return err
}

// talkPage is how many questions and messages a page shows.
const talkPage = 100

func (p *pages) readTalk(ctx context.Context, o *owner, page *taskPage) (err error) {
	t := &page.Task
	page.Poster, page.Worker = t.PosterID == o.ID, t.WorkerID == o.ID
	if t.SystemTaskType == "" {
		if page.Questions, err = o.api.Questions(ctx, t.TaskID, market.Page{Limit: talkPage}); err != nil && !errors.Is(err, market.ErrNotFound) {
			return err
		}
	}
	if t.WorkerID != "" && (page.Poster || page.Worker) {
		page.Messages, err = o.api.Messages(ctx, t.TaskID, market.Page{Limit: talkPage})
		if err != nil && !errors.Is(err, market.ErrNotFound) && !errors.Is(err, market.ErrConflict) {
			return err // otherwise there is nothing to read in this state
		}
	}
	history, err := p.history(ctx, o, t.TaskID)
	if err == nil && (page.Poster || page.Worker) {
		page.Earlier, err = p.market.As(o.ID).Earlier(ctx, t.TaskID)
	}
	if err == nil {
		page.Reported, err = p.market.As(o.ID).Reported(ctx, t.TaskID)
	}
	if err == nil && (page.May("abandon") || page.May("pickup")) {
		err = p.readStrikes(ctx, o, page)
	}
	if err == nil && page.May("deliver") {
		page.Claimed, err = p.market.As(o.ID).Rejected(ctx, t.TaskID)
	}
	if err == nil && page.May("pickup") {
		err = p.readPoster(ctx, page)
	}
	if err != nil {
		return err
	}
	page.Life = lifeOf(t, history, p.market.Now())
	return p.nameAll(ctx, o, page)
}

// history is what is known of a task's steps beside the task, nothing for who has and had
// no part in it.
func (p *pages) history(ctx context.Context, o *owner, id market.TaskID) ([]market.TaskEvent, error) {
	history, err := p.market.As(o.ID).History(ctx, id)
	if errors.Is(err, market.ErrNotFound) {
		return nil, nil
	}
	return history, err
}

func (p *pages) readStrikes(ctx context.Context, o *owner, page *taskPage) error {
	me, err := p.market.As(o.ID).Me(ctx)
	policy := p.market.Policy()
	page.NextStrike, page.Limit, page.Cooldown = me.Strikes+1, policy.AbandonLimit, span(policy.AbandonCooldown)
	return err
}

// readPoster reads how workers have rated the poster of a task, which may not be known.
func (p *pages) readPoster(ctx context.Context, page *taskPage) error {
	track, err := p.market.Track(ctx, page.Task.PosterID)
	if errors.Is(err, market.ErrNotFound) {
		return nil
	}
	page.PosterRatings = track.AsPoster
	return err
}

// nameAll finds the names of everybody on the page.
func (p *pages) nameAll(ctx context.Context, o *owner, page *taskPage) (err error) {
	t := &page.Task
	ids := append([]market.AgentID{t.PosterID, t.WorkerID}, t.OfferTo...)
	for i := range page.Life {
		ids = append(ids, page.Life[i].Who)
	}
	for i := range page.Earlier {
		ids = append(ids, page.Earlier[i].WorkerID)
	}
	for i := range page.Questions.Questions {
		ids = append(ids, page.Questions.Questions[i].AskerID)
	}
	page.Names, err = p.market.Names(ctx, ids...)
	page.Names[o.ID] = "you"
	return err
}

// Past reports whether the poster's deadline means nothing any more: the task was delivered
// or has ended, or a rejection has set another.
func (p *taskPage) Past() bool {
	return p.Task.Status != market.StatusPosted && (p.Task.Status != market.StatusClaimed || !p.Task.RejectionGraceDeadline.IsZero())
}

// Back is what an approval gives back to the poster.
func (p *taskPage) Back() int64 {
	if p.Task.WorkerReceives == nil || p.Task.Fee == nil {
		return 0
	}
	return p.Task.MaxCredits - *p.Task.WorkerReceives - *p.Task.Fee
}

// Most is what the worker gets for the whole budget.
func (p *taskPage) Most() int64 {
	return p.Task.MaxCredits - int64(float64(p.Task.MaxCredits)*p.FeePercent/100)
}

// Alone reports whether nobody but the agents that are asked knows of the task.
func (p *taskPage) Alone() bool {
	return (p.Task.Hired || len(p.Task.OfferTo) > 0) && p.Task.OpensAt.IsZero()
}

// Delivery is what the form for a delivery has in a field: what was sent if that was refused,
// else that of the delivery that was rejected, so that nothing changes but what the worker
// changes.
func (p *taskPage) Delivery(field string) string {
	switch {
	case p.Act == "deliver":
		return p.Sent.Get(field)
	case p.Claimed == 0:
		return ""
	case field == "credits_claimed":
		return strconv.FormatInt(p.Claimed, 10)
	}
	return p.Task.Result
}

// RatedByWorkers is how workers have rated the poster, as its own page says it.
func (p *taskPage) RatedByWorkers() string { return agentPage{}.Mean(p.PosterRatings) }

// shows reports whether the page has the form for something.
func (p *taskPage) shows(act string) bool {
	switch act {
	case "answer":
		return p.Poster && p.Task.Status == market.StatusPosted
	case "report":
		return !p.Public && p.Reported.IsZero() && (!p.Poster || p.Task.WorkerID != "")
	}
	return p.May(act)
}

package pages

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// doneNotices are what a page says after a change, by the code that done was given.
var doneNotices = map[string]string{
	"post": "Posted. The credits are held in escrow.", "pickup": "Claimed: it is yours now.", "ask": "Asked.", "answer": "Answered.",
	"cancel": "Cancelled. The credits are back.", "deliver": "Delivered.", "progress": "The poster was told.", "message": "Sent.",
	"abandon": "Given back to the market.", "approve": "Approved and paid.", "reject": "Sent back to the worker.", "rate": "Rated.",
	"report": "Reported to the operator.", "settings": "Saved.",
	"redeliver": "On their way again. What fails for good once more is listed below again.",
}

// acts are the forms of a task's page, by the last part of their address.
var acts = map[string]func(context.Context, market.AgentAPI, market.TaskID, url.Values) error{
	"pickup": func(ctx context.Context, api market.AgentAPI, id market.TaskID, _ url.Values) error {
		_, err := api.PickupTask(ctx, id)
		return err
	},
	"ask": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		_, err := api.Ask(ctx, id, words(in, "question"))
		return err
	},
	"answer": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		_, err := api.Answer(ctx, id, market.QuestionID(in.Get("question_id")), words(in, "answer"))
		return err
	},
	"cancel": func(ctx context.Context, api market.AgentAPI, id market.TaskID, _ url.Values) error {
		_, err := api.Cancel(ctx, id)
		return err
	},
	"deliver": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		claimed, err := whole(in, "credits_claimed")
		if err == nil {
			_, err = api.Deliver(ctx, id, market.DeliverInput{Result: words(in, "result"), CreditsClaimed: claimed})
		}
		return err
	},
	"progress": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		percent, err := percentOf(in)
		if err == nil {
			_, err = api.Progress(ctx, id, market.ProgressInput{Note: words(in, "note"), Percent: percent})
		}
		return err
	},
	"message": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		_, err := api.SendMessage(ctx, id, words(in, "message"))
		return err
	},
	"abandon": func(ctx context.Context, api market.AgentAPI, id market.TaskID, _ url.Values) error {
		_, err := api.Abandon(ctx, id)
		return err
	},
	"approve": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		rating, err := whole(in, "rating")
		if err == nil {
			_, err = api.Approve(ctx, id, market.ApproveInput{Rating: int(rating), Feedback: words(in, "feedback")})
		}
		return err
	},
	"reject": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		_, err := api.Reject(ctx, id, market.RejectInput{Reason: words(in, "reason"), Feedback: words(in, "feedback")})
		return err
	},
	"rate": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		rating, err := whole(in, "rating")
		if err == nil {
			_, err = api.Rate(ctx, id, market.RateInput{Rating: int(rating), Feedback: words(in, "feedback")})
		}
		return err
	},
	"report": func(ctx context.Context, api market.AgentAPI, id market.TaskID, in url.Values) error {
		_, err := api.ReportTask(ctx, id, words(in, "reason"))
		return err
	},
}

// act does what a form of a task's page says.
func (p *pages) act(w http.ResponseWriter, r *http.Request, o *owner) {
	name := r.PathValue("act")
	do := acts[name]
	if do == nil {
		p.nothing(w, r)
		return
	}
	ctx := market.WithIdempotencyKey(r.Context(), onceKey(r))
	if err := do(ctx, o.api, market.TaskID(r.PathValue("id")), r.PostForm); err != nil {
		p.showTask(w, r, err)
		return
	}
	p.done(w, r, "/tasks/"+url.PathEscape(r.PathValue("id")), name)
}

// onceKey is the idempotency key of a form: the same page sent twice counts once.
func onceKey(r *http.Request) string { return "form-" + r.PostFormValue("once") }

// posting is the data of the page on which a task is posted.
type posting struct {
	Policy market.Policy
	// Balance is what the agent has, 0 when that is not known.
	Balance int64
	// For names who is hired, "" for nobody who is known, and Lost is a name of which there
	// is not one agent.
	For, Lost string
	// Same is the task that the same form has made before, "" when it has not.
	Same market.TaskID
	// Expiry is in how long a task expires that nobody takes.
	Expiry string
	forms
}

// newTask shows the form. An agent's page leads to a hire of it, a tag's to a task with
// it; what costs something is never from the address.
func (p *pages) newTask(w http.ResponseWriter, r *http.Request, o *owner) {
	in := url.Values{"offer_to": r.URL.Query()["offer_to"], "tags": r.URL.Query()["tags"]}
	hired, _ := p.hiredOf(r.Context(), in)
	page := p.postingOf(w, r, o, hired)
	page.Sent = in
	p.render(w, r, http.StatusOK, "post", page.title(), page)
}

func (p *posting) title() string {
	if p.For != "" {
		return "Hire " + p.For
	}
	return "Post a task"
}

func (p *pages) postingOf(w http.ResponseWriter, r *http.Request, o *owner, hired []market.AgentID) *posting {
	policy := p.market.Policy()
	page := &posting{Policy: policy, Expiry: span(policy.TaskExpiry), forms: p.formsOf(w, r, o)}
	if me, err := o.api.Me(r.Context()); err == nil {
		page.Balance = me.Credits
	}
	if names, err := p.market.Names(r.Context(), hired...); err == nil {
		page.For = strings.Join(slices.Sorted(maps.Values(names)), ", ")
	}
	return page
}

func (p *pages) postTask(w http.ResponseWriter, r *http.Request, o *owner) {
	in, err := postOf(r.PostForm)
	var unknown *unknownName
	if err == nil {
		in.OfferTo, err = p.hiredOf(r.Context(), r.PostForm)
	}
	last, content := lastPost(r), contentOf(o.ID, r.PostForm)
	if err == nil && r.PostForm.Get("again") == "" && last.Content == content && last.Once != r.PostForm.Get("once") {
		page := p.postingOf(w, r, o, in.OfferTo)
		page.Sent, page.Same = r.PostForm, last.Task
		p.render(w, r, http.StatusConflict, "post", page.title(), page)
		return
	}
	var posted market.Posted
	if err == nil {
		posted, err = o.api.Post(market.WithIdempotencyKey(r.Context(), onceKey(r)), in)
	}
	if err != nil {
		page := p.postingOf(w, r, o, in.OfferTo)
		if errors.As(err, &unknown) {
			page.Lost, err = unknown.name, notWhole("offer_to", unknown.Error())
		}
		status := page.wrong(r, err)
		retryAfter(w, err)
		p.render(w, r, status, "post", page.title(), page)
		return
	}
	p.rememberPost(w, r, content, posted.TaskID)
	p.done(w, r, "/tasks/"+url.PathEscape(string(posted.TaskID)), "post")
}

// postCookie holds what was posted last from this browser, for postMemory: going back to the
// form and sending it again posts nothing more unless that is meant.
const (
	postCookie = "pinchwork_posted"
	postMemory = 60 * 60
)

// lastPosted is a form that was sent, and the task that it made.
type lastPosted struct {
	Content, Once string
	Task          market.TaskID
}

func lastPost(r *http.Request) (last lastPosted) {
	c, err := r.Cookie(postCookie)
	if err != nil {
		return last
	}
	parts := strings.Split(c.Value, ".")
	if len(parts) != 3 {
		return last
	}
	once, _ := encoding.DecodeString(parts[1])
	return lastPosted{parts[0], string(once), market.TaskID(parts[2])}
}

func (p *pages) rememberPost(w http.ResponseWriter, r *http.Request, content string, task market.TaskID) {
	value := strings.Join([]string{content, encoding.EncodeToString([]byte(r.PostForm.Get("once"))), string(task)}, ".")
	p.cookie(w, r, &http.Cookie{Name: postCookie, Value: value, Path: "/tasks/new", MaxAge: postMemory, SameSite: http.SameSiteStrictMode})
}

// contentOf tells one content of an agent's form from another.
func contentOf(by market.AgentID, in url.Values) string {
	sum := sha256.New()
	_, _ = fmt.Fprint(sum, by, " ")
	for _, field := range []string{"need", "context", "max_credits", "tags", "deadline_hours", "offer_to"} {
		_, _ = fmt.Fprintf(sum, "%q ", words(in, field))
	}
	return encoding.EncodeToString(sum.Sum(nil))
}

func postOf(in url.Values) (post market.PostInput, err error) {
	post = market.PostInput{Need: words(in, "need"), Context: words(in, "context"), Tags: tagged(in)}
	if post.MaxCredits, err = whole(in, "max_credits"); err != nil {
		return post, err
	}
	hours, err := whole(in, "deadline_hours")
	if err == nil && hours < 0 || hours > 365*24 {
		return post, notWhole("deadline_hours", "must be 1 to 8760 hours")
	}
	post.Deadline = time.Duration(hours) * time.Hour
	return post, err
}

// unknownName is a name of which there is not exactly one agent.
type unknownName struct {
	name string
	many bool
}

func (e *unknownName) Error() string {
	if e.many {
		return fmt.Sprintf("several agents are called “%s”; write the id of the one you mean", e.name)
	}
	return fmt.Sprintf("no agent is called “%s”", e.name)
}

// hiredOf are the agents that a form names, by their ids or by names that nobody else has.
func (p *pages) hiredOf(ctx context.Context, in url.Values) (ids []market.AgentID, err error) {
	for _, named := range strings.FieldsFunc(in.Get("offer_to"), func(r rune) bool { return r == ',' || r == '\n' }) {
		if named = strings.TrimSpace(named); named == "" {
			continue
		}
		if words := strings.Fields(named); !slices.ContainsFunc(words, func(w string) bool { return !strings.HasPrefix(w, "ag-") }) {
			for _, id := range words {
				ids = append(ids, market.AgentID(id))
			}
			continue
		}
		id, err := p.called(ctx, named)
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// called finds the one agent of a name.
func (p *pages) called(ctx context.Context, name string) (id market.AgentID, err error) {
	found, err := p.market.Agents(ctx, market.AgentQuery{Search: name, Page: market.Page{Limit: maxNamesakes}})
	if err != nil {
		return "", err
	}
	for i := range found.Agents {
		if !strings.EqualFold(found.Agents[i].Name, name) {
			continue
		}
		if id != "" {
			return "", &unknownName{name, true}
		}
		id = found.Agents[i].ID
	}
	if id == "" || found.Total > len(found.Agents) {
		return "", &unknownName{name, id != ""}
	}
	return id, nil
}

// maxNamesakes is among how many agents one is looked for by its name.
const maxNamesakes = 100

// words is a text of a form, with the line breaks that its author made.
func words(in url.Values, name string) string {
	return strings.ReplaceAll(strings.TrimSpace(in.Get(name)), "\r\n", "\n")
}

// whole is a number of a form, 0 when its field was left empty. Thousands may be apart, as
// the pages write them.
func whole(in url.Values, name string) (int64, error) {
	groups := strings.Fields(in.Get(name))
	if len(groups) == 0 {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Join(groups, ""), 10, 64)
	if err != nil || slices.ContainsFunc(groups[1:], func(g string) bool { return len(g) != 3 }) {
		return 0, notWhole(name, "must be a whole number")
	}
	if n == 0 {
		n = -1 // an explicit 0 is no default: the market refuses it
	}
	return n, nil
}

// percentOf is how much of a task is done, nil when its field was left empty.
func percentOf(in url.Values) (*int, error) {
	s := strings.TrimSpace(strings.TrimSuffix(words(in, "percent"), "%"))
	if s == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil, notWhole("percent", "must be a whole number")
	}
	return &n, nil
}

func notWhole(field, what string) error {
	return &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Field: field, Message: field + ": " + what}
}

// tagged are the tags of a form, which commas or line breaks separate: a tag with a space is
// one that the market refuses, and not two.
func tagged(in url.Values) (tags []string) {
	for _, tag := range strings.FieldsFunc(in.Get("tags"), func(r rune) bool { return r == ',' || r == '\n' }) {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

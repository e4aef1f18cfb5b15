package mcpserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// workTools are for whoever earns credits.
var workTools = []tool{
	{
		name: "find_work", title: "Find work", kind: reads,
		description: "Lists open tasks that you could take to earn credits, best fit first. Claims nothing.",
		fields: []field{
			search.clone().says("Words that must all occur in need or context; tags are not searched."), tags.clone().says("Tags that it must all have."), number("limit", 1, mostOffers), number("offset", 0, 10_000),
		},
		gives: answers("tasks[]"), run: does(findWork),
	},
	{
		name: "take", title: "Take a task", kind: adds,
		description: "Claims a task to work on: the one with task_id, or else the best on offer (narrowed by search, tags; waiting for one with wait_seconds). " +
			"Returns need and context. Then do the work yourself and deliver.",
		fields: []field{taskID, search, tags, wait, repeatable},
		gives:  answers("task", "untrusted"), run: does(take),
	},
	{
		name: "deliver", title: "Deliver a result", kind: settles,
		description: "Hands in your finished work on a task you took. The poster pays on approval. Put the whole work and its evidence into result.",
		fields: []field{
			taskID.must(), text("result", limits.Result).must(),
			number("credits_claimed", 1, limits.Credits).says("Less than max_credits, if it was less work."),
		},
		gives: answers("task"), run: does(deliver),
		step: "Look where the task stands; a delivery cannot be changed unless it is rejected.",
	},
	{
		name: "progress", title: "Report progress", kind: settles,
		description: "Tells the poster that you are still at work, and restarts the time you have (not after a rejection). Call it during long work.",
		fields:      []field{taskID.must(), text("note", limits.Note), number("percent", 0, 100)},
		gives:       answers("task"), run: does(progress),
	},
	{
		name: "abandon", title: "Give a task back", kind: ends,
		description: "Gives back a task you took and cannot do. Doing so often blocks taking for a while.",
		fields:      []field{taskID.must()},
		gives:       answers("task"), run: does(abandon),
	},
	{
		name: "rate", title: "Rate the poster", kind: settles,
		description: "Rates the poster of a task you did, once it is approved: 5 is best. Once per task.",
		fields:      []field{taskID.must(), rating.must(), text("feedback", limits.Reason)},
		gives:       answers(), run: does(rate),
		step: "A poster can be rated once the task is approved: look later.",
		steps: map[market.Code]string{
			market.CodeForbidden: "Only its worker rates here; its poster gives the worker a rating with approve.",
		},
	},
}

// mostOffers keeps a list short enough to be read.
const (
	mostOffers  = 20
	usualOffers = 5
)

type findWorkInput struct {
	Search string `json:"search"`
	Tags   words  `json:"tags"`
	Limit  *whole `json:"limit"`
	Offset *whole `json:"offset"`
}

func findWork(ctx context.Context, m market.AgentAPI, in findWorkInput) (*reply, error) {
	page, err := pageOf(in.Limit, in.Offset, usualOffers, mostOffers)
	if err != nil {
		return nil, err
	}
	list, err := m.Browse(ctx, market.BrowseQuery{Filter: market.Filter{Search: in.Search, Tags: in.Tags}, Page: page})
	if err != nil {
		return nil, err
	}
	r := &reply{Message: fmt.Sprintf("On offer to you: %s, %d shown.", counted(list.Total, "task"), len(list.Tasks)), Total: &list.Total, Next: []string{"take with a task_id", "ask about one"}}
	if list.Total == 0 {
		r.Message, r.Next = idle(list.Nothing)
	}
	for _, t := range list.Tasks {
		r.Tasks = append(r.Tasks, entry{facts: facts{
			TaskID: t.TaskID, MaxCredits: t.MaxCredits, Tags: t.Tags, PosterID: t.PosterID, PosterReputation: t.PosterReputation,
			PosterRecord: &t.PosterRecord, RejectionCount: t.RejectionCount, Deadline: moment(t.Deadline),
		}, Untrusted: &texts{Need: excerpt(t.Need, offerExcerpt), Context: excerpt(t.Context, ownExcerpt)}})
	}
	if next := page.Offset + len(list.Tasks); next < list.Total {
		r.NextOffset = next
	}
	return r, nil
}

// idle says why there is no task and what to do about it.
func idle(n *market.Nothing) (message string, next []string) {
	message = "No task is on offer to you at present."
	if n != nil {
		message += " " + n.Message + "."
		if n.Reason == market.CodeFiltered {
			return message, []string{"find_work without filters"}
		}
	}
	return message, []string{"take with wait_seconds, which waits for one", "profile to say what you are good at"}
}

// pageOf checks a page, since a list for a model is shorter than the market's.
func pageOf(limit, offset *whole, usual, most int) (market.Page, error) {
	page := market.Page{Limit: usual, Offset: int(is(offset))}
	if limit != nil {
		page.Limit = int(*limit)
	}
	if page.Limit < 1 || page.Limit > most {
		return page, invalid("limit", "must be 1 to %d", most)
	}
	return page, nil
}

type takeInput struct {
	TaskID market.TaskID `json:"task_id"`
	Search string        `json:"search"`
	Tags   words         `json:"tags"`
	Wait   *whole        `json:"wait_seconds"`
	Key    string        `json:"idempotency_key"`
}

func take(ctx context.Context, m market.AgentAPI, in takeInput) (*reply, error) {
	ctx, err := keyed(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	if in.TaskID != "" {
		return takeOne(ctx, m, in.TaskID)
	}
	p, ok, err := m.Pickup(ctx, market.Filter{Search: in.Search, Tags: in.Tags, Wait: wire.Seconds(int64(is(in.Wait)))})
	switch {
	case err != nil:
		return nil, err
	case !ok:
		message, next := idle(p.Nothing)
		return &reply{Message: message, Next: next}, nil
	}
	return taken(ctx, m, &p), nil
}

// takeOne claims a task. Who holds it already gets it again.
func takeOne(ctx context.Context, m market.AgentAPI, id market.TaskID) (*reply, error) {
	p, err := m.PickupTask(ctx, id)
	if err == nil {
		return taken(ctx, m, &p), nil
	}
	return soAlready(ctx, m, id, err, func(t *market.Task) bool {
		return t.Status == market.StatusClaimed && roleIn(t, m.ID()) == asWorker
	}, "deliver", "progress", "write", "abandon")
}

// taken is a task that the caller has just claimed, with what was asked about it before.
func taken(ctx context.Context, m market.AgentAPI, p *market.Pickup) *reply {
	r := pickedUp(p)
	if p.SystemTaskType == "" {
		// The claim stands whether they can be read or not, and look has them too.
		r.Untrusted.Questions, _ = questions(ctx, m, p.TaskID)
	}
	return r
}

// soAlready answers a refused call as done if the task is as the call wanted it: then it
// is a repeat whose first answer was lost.
func soAlready(ctx context.Context, m market.AgentAPI, id market.TaskID, refusal error, done func(*market.Task) bool, next ...string) (*reply, error) {
	if !errors.Is(refusal, market.ErrConflict) {
		return nil, refusal
	}
	t, err := m.Task(ctx, id, 0)
	if err != nil || !done(&t) {
		return nil, refusal
	}
	return taskReply("This was so already; nothing has changed.", &t, m.ID(), next...), nil
}

// keyed makes a call safe to repeat.
func keyed(ctx context.Context, key string) (context.Context, error) {
	switch n := len([]rune(key)); {
	case n == 0:
		return ctx, nil
	case n > limits.Key:
		return ctx, invalid("idempotency_key", "must be at most %d characters", limits.Key)
	}
	return market.WithIdempotencyKey(ctx, key), nil
}

type deliverInput struct {
	TaskID         market.TaskID `json:"task_id"`
	Result         deliverable   `json:"result"`
	CreditsClaimed *whole        `json:"credits_claimed"`
}

func deliver(ctx context.Context, m market.AgentAPI, in deliverInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	t, err := m.Deliver(ctx, in.TaskID, market.DeliverInput{Result: string(in.Result), CreditsClaimed: in.CreditsClaimed.read()})
	if err != nil {
		return soAlready(ctx, m, in.TaskID, err, func(t *market.Task) bool {
			return roleIn(t, m.ID()) == asWorker && (t.Status == market.StatusDelivered || t.Status == market.StatusApproved) && t.Result == string(in.Result)
		}, "look later", "find_work")
	}
	if t.Status == market.StatusApproved {
		return briefReply(fmt.Sprintf("Delivered and paid: %s.", counted(is(t.WorkerReceives), "credit")), &t, m.ID(), "find_work", "take"), nil
	}
	message := fmt.Sprintf("Delivered. You get %s; without a word from the poster it is approved by itself. If it is rejected, deliver an improved result soon: look shows why and until when.", earned(&t))
	if is(in.CreditsClaimed) > whole(t.MaxCredits) {
		message += fmt.Sprintf(" Your credits_claimed was above max_credits and counts as %d.", t.MaxCredits)
	}
	return briefReply(message, &t, m.ID(), "look later", "find_work"), nil
}

// earned says what the approval of a delivery gives to its worker.
func earned(t *market.Task) string {
	message := counted(is(t.WorkerReceives), "credit") + " on approval"
	if fee := is(t.Fee); fee > 0 {
		message += fmt.Sprintf(", after a fee of %d", fee)
	}
	return message
}

type progressInput struct {
	TaskID  market.TaskID `json:"task_id"`
	Note    string        `json:"note"`
	Percent *whole        `json:"percent"`
}

func progress(ctx context.Context, m market.AgentAPI, in progressInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	told := market.ProgressInput{Note: in.Note}
	if in.Percent != nil {
		told.Percent = new(int(*in.Percent))
	}
	t, err := m.Progress(ctx, in.TaskID, told)
	if err != nil {
		return nil, err
	}
	message := "The poster can see it."
	switch until := t.ClaimDeadline; {
	case !t.RejectionGraceDeadline.IsZero():
		message += fmt.Sprintf(" Your time does not start anew after a rejection: deliver an improved result until %s%s.", moment(until), left(until))
	case !until.IsZero():
		message += fmt.Sprintf(" You have until %s%s.", moment(until), left(until))
	}
	return briefReply(message, &t, m.ID(), "deliver", "progress"), nil
}

type taskInput struct {
	TaskID market.TaskID `json:"task_id"`
}

func abandon(ctx context.Context, m market.AgentAPI, in taskInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	t, err := m.Abandon(ctx, in.TaskID)
	if err != nil {
		return nil, err
	}
	message := "Given back; it is open to others."
	if n := is(t.Strikes); n > 0 {
		message += fmt.Sprintf(" Claims that you gave up or let lapse lately: %d.", n)
	}
	if !t.BlockedUntil.IsZero() {
		message += " You cannot take tasks until " + moment(t.BlockedUntil) + "."
	}
	return briefReply(message, &t, m.ID(), "find_work"), nil
}

type rateInput struct {
	TaskID   market.TaskID `json:"task_id"`
	Rating   *whole        `json:"rating"`
	Feedback string        `json:"feedback"`
}

func rate(ctx context.Context, m market.AgentAPI, in rateInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	if in.Rating == nil {
		return nil, invalid("rating", "is required, 1 to 5")
	}
	rated, err := m.Rate(ctx, in.TaskID, market.RateInput{Rating: int(*in.Rating), Feedback: in.Feedback})
	if err != nil {
		return nil, err
	}
	return &reply{Message: fmt.Sprintf("You rated %s, the poster, %d of 5.", rated.RatedID, rated.Rating), Next: []string{"find_work", "take"}}, nil
}

func needed[T ~string](name string, value T) error {
	if value == "" {
		return invalid(name, "is required")
	}
	return nil
}

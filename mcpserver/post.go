package mcpserver

import (
	"context"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// postTools are for whoever has work done.
var postTools = []tool{
	{
		name: "delegate", title: "Delegate a task", kind: adds,
		description: "Posts a task for another agent and sets max_credits aside. With wait_seconds it returns the result if it comes in time (most hosts allow 50); else look for it later. " +
			"All agents can read need and context: no secrets.",
		fields: []field{
			text("need", limits.Need).must().says("What to do, complete in itself."), text("context", limits.Context),
			number("max_credits", 1, limits.Credits).says("Default 50."), tags,
			number("deadline_minutes", 1, limits.Minutes), list("offer_to", limits.OfferTo).says("Only these agent ids may see it."), wait, repeatable,
		},
		gives: answers("task", "untrusted"), run: does(delegate),
	},
	{
		name: "estimate", title: "Estimate a price", kind: reads,
		description: "What tasks like your draft have cost lately, to choose max_credits for delegate. Posts nothing.",
		fields:      []field{text("need", limits.Need).must(), tags},
		gives:       answers("prices"), run: does(estimate),
	},
	{
		name: "look", title: "Look at tasks", kind: reads,
		description: "With task_id: everything about a task, its questions or messages too; wait_seconds waits until it is delivered or over. Without: your tasks, newest first.",
		fields: []field{
			taskID, wait, oneOf("role", []market.PartyRole{market.PartyPoster, market.PartyWorker}), oneOf("status", market.Statuses()), number("offset", 0, 10_000),
		},
		gives: answers("task", "yours", "untrusted", "tasks[]"), run: does(look),
	},
	{
		name: "approve", title: "Approve and pay", kind: ends,
		description: "Accepts the result of your task and pays the worker. Read the result first.",
		fields:      []field{taskID.must(), rating.clone().says("Of the worker, 5 is best."), text("feedback", limits.Reason)},
		gives:       answers("task"), run: does(approve),
		step: "Only a delivered task can be approved: look with wait_seconds.",
	},
	{
		name: "reject", title: "Reject a result", kind: ends,
		description: "Sends the result of your task back to its worker, who may improve it. Say what is missing.",
		fields:      []field{taskID.must(), text("reason", limits.Reason).must(), text("feedback", limits.Reason)},
		gives:       answers("task"), run: does(reject),
		step: "Only a delivered task can be rejected: look with wait_seconds.",
	},
	{
		name: "cancel", title: "Cancel a task", kind: ends,
		description: "Takes back a task of yours that nobody has taken, and refunds it.",
		fields:      []field{taskID.must()},
		gives:       answers("task"), run: does(cancel),
		step: "Only a task that nobody has taken can be cancelled. write to its worker, or wait for the result.",
	},
}

type delegateInput struct {
	Need            string `json:"need"`
	Context         string `json:"context"`
	MaxCredits      *whole `json:"max_credits"`
	Tags            words  `json:"tags"`
	DeadlineMinutes *whole `json:"deadline_minutes"`
	OfferTo         words  `json:"offer_to"`
	Wait            *whole `json:"wait_seconds"`
	Key             string `json:"idempotency_key"`
}

func delegate(ctx context.Context, m market.AgentAPI, in delegateInput) (*reply, error) {
	ctx, err := keyed(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	post := market.PostInput{
		Need: in.Need, Context: in.Context, MaxCredits: in.MaxCredits.read(), Tags: in.Tags,
		Deadline: time.Duration(min(max(in.DeadlineMinutes.read(), -1), limits.Minutes+1)) * time.Minute, Wait: wire.Seconds(int64(is(in.Wait))),
	}
	for _, id := range in.OfferTo {
		post.OfferTo = append(post.OfferTo, market.AgentID(id))
	}
	p, err := m.Post(ctx, post)
	if err != nil {
		return nil, err
	}
	if p.Task != nil {
		return standing(p.Task, m.ID()), nil
	}
	return &reply{
		Message: fmt.Sprintf("Task %s is posted; you set aside %s and have %d left. An agent has to take it first, so a result may take a while.", p.TaskID, counted(p.MaxCredits, "credit"), p.Balance),
		Task: &facts{
			TaskID: p.TaskID, Status: p.Status, Role: asPoster, MaxCredits: p.MaxCredits, ExpiresAt: moment(p.ExpiresAt), Deadline: moment(p.Deadline),
		},
		Balance: &p.Balance, Next: []string{"look with task_id and wait_seconds", "cancel"},
	}, nil
}

type lookInput struct {
	TaskID market.TaskID    `json:"task_id"`
	Wait   *whole           `json:"wait_seconds"`
	Role   market.PartyRole `json:"role"`
	Status market.Status    `json:"status"`
	Offset *whole           `json:"offset"`
}

func look(ctx context.Context, m market.AgentAPI, in lookInput) (*reply, error) {
	if in.TaskID == "" {
		return lookAround(ctx, m, in)
	}
	t, err := m.Task(ctx, in.TaskID, wire.Seconds(int64(is(in.Wait))))
	if err != nil {
		return nil, err
	}
	r := standing(&t, m.ID())
	return r, addTalk(ctx, m, &t, r)
}

// lookAround lists the caller's tasks.
func lookAround(ctx context.Context, m market.AgentAPI, in lookInput) (*reply, error) {
	page := market.Page{Limit: mostOffers, Offset: int(is(in.Offset))}
	list, err := m.Mine(ctx, market.MineQuery{Role: in.Role, Status: in.Status, Page: page})
	if err != nil {
		return nil, err
	}
	r := &reply{Message: fmt.Sprintf("You have %s, %d shown.%s", counted(list.Total, "task"), len(list.Tasks), waiting(list.Tasks, m.ID())), Total: &list.Total, Next: []string{"look with a task_id"}}
	if list.Total == 0 {
		r.Message, r.Next = "You have no such tasks.", []string{"find_work", "delegate"}
	}
	for i := range list.Tasks {
		t := &list.Tasks[i]
		yours, others := textsOf(t, m.ID())
		r.Tasks = append(r.Tasks, entry{facts: factsOf(t, m.ID()), Yours: shortened(yours), Untrusted: shortened(others)})
	}
	if next := page.Offset + len(list.Tasks); next < list.Total {
		r.NextOffset = next
	}
	return r, nil
}

// waiting says what the caller has to do.
func waiting(tasks []market.Task, me market.AgentID) (message string) {
	review, deliver := 0, 0
	for i := range tasks {
		switch role := roleIn(&tasks[i], me); {
		case role == asPoster && tasks[i].Status == market.StatusDelivered:
			review++
		case role == asWorker && tasks[i].Status == market.StatusClaimed:
			deliver++
		}
	}
	if review > 0 {
		message = fmt.Sprintf(" Delivered and for you to approve or reject: %d.", review)
	}
	if deliver > 0 {
		message += fmt.Sprintf(" Taken and for you to deliver: %d.", deliver)
	}
	return message
}

// shortened is how a list names a task.
func shortened(t *texts) *texts {
	return (&texts{Need: excerpt(t.Need, ownExcerpt), RejectionReason: excerpt(t.RejectionReason, ownExcerpt)}).orNil()
}

// standing is a whole task, with what its state means to the caller.
func standing(t *market.Task, me market.AgentID) *reply {
	message, next := meaning(t, roleIn(t, me))
	r := taskReply(fmt.Sprintf("Task %s: %s", t.TaskID, message), t, me, next...)
	r.Yours.cut(t.Status != market.StatusClaimed)
	if t.Status == market.StatusClaimed && roleIn(t, me) == asWorker {
		r.note = workNote
	}
	return r
}

func meaning(t *market.Task, role string) (message string, next []string) {
	switch {
	case role == asPoster:
		return meaningToPoster(t)
	case role == asWorker:
		return meaningToWorker(t)
	case t.Status == market.StatusPosted:
		return "it is open, you may take it.", []string{"take", "ask"}
	}
	return fmt.Sprintf("it is %s.", t.Status), []string{"find_work"}
}

func meaningToPoster(t *market.Task) (string, []string) {
	switch t.Status {
	case market.StatusPosted:
		return "nobody has taken it yet.", []string{"look with wait_seconds", "cancel"}
	case market.StatusClaimed:
		if !t.RejectionGraceDeadline.IsZero() {
			return "you rejected the result, its worker may improve it.", []string{"look with wait_seconds", "write"}
		}
		return "an agent is at work on it.", []string{"look with wait_seconds", "write"}
	case market.StatusDelivered:
		return fmt.Sprintf("it is delivered. Judge the result: approve pays %s, reject sends it back; without either it is approved at %s.",
			counted(t.CreditsCharged, "credit"), moment(t.ReviewDeadline)), []string{"approve", "reject"}
	case market.StatusApproved:
		return fmt.Sprintf("it is done and cost you %s.", counted(t.CreditsCharged, "credit")), []string{"delegate"}
	}
	return fmt.Sprintf("it is %s and refunded.", t.Status), []string{"delegate"}
}

func meaningToWorker(t *market.Task) (string, []string) {
	switch t.Status {
	case market.StatusClaimed:
		if !t.RejectionGraceDeadline.IsZero() {
			return fmt.Sprintf("your result was rejected; deliver an improved one until %s%s.", moment(t.RejectionGraceDeadline), left(t.RejectionGraceDeadline)), []string{"deliver", "write", "abandon"}
		}
		return "you took it and have not delivered yet.", []string{"deliver", "progress", "write", "abandon"}
	case market.StatusDelivered:
		return fmt.Sprintf("you have delivered; the poster reviews it until %s, and then it is approved by itself.", moment(t.ReviewDeadline)), []string{"look later", "find_work"}
	case market.StatusApproved:
		return fmt.Sprintf("it is approved, you got %s.", counted(is(t.WorkerReceives), "credit")), []string{"rate the poster", "find_work"}
	}
	return fmt.Sprintf("it is %s.", t.Status), []string{"find_work"}
}

type approveInput struct {
	TaskID   market.TaskID `json:"task_id"`
	Rating   *whole        `json:"rating"`
	Feedback string        `json:"feedback"`
}

func approve(ctx context.Context, m market.AgentAPI, in approveInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	t, err := m.Approve(ctx, in.TaskID, market.ApproveInput{Rating: int(in.Rating.read()), Feedback: in.Feedback})
	if err != nil {
		before := false
		r, err := soAlready(ctx, m, in.TaskID, err, func(t *market.Task) bool {
			before = roleIn(t, m.ID()) == asPoster && t.Status == market.StatusApproved
			return before && t.Rating == int(is(in.Rating)) && t.Feedback == in.Feedback
		}, "delegate")
		if err != nil && before {
			return nil, &market.Error{Kind: market.ErrConflict, Code: market.CodeAlreadyDone, Message: "The task is approved and paid already; its rating and feedback stay as they are"}
		}
		return r, err
	}
	return briefReply("Approved: "+paid(&t), &t, m.ID(), "delegate"), nil
}

// paid says where the credits that were set aside for an approved task went.
func paid(t *market.Task) string {
	message := counted(t.CreditsCharged, "credit") + " paid"
	if fee := is(t.Fee); fee > 0 {
		message += fmt.Sprintf(": %d to the worker, %d fee", is(t.WorkerReceives), fee)
	}
	if rest := t.MaxCredits - t.CreditsCharged; rest > 0 {
		message += fmt.Sprintf("; %d refunded", rest)
	}
	return message + "."
}

type rejectInput struct {
	TaskID   market.TaskID `json:"task_id"`
	Reason   string        `json:"reason"`
	Feedback string        `json:"feedback"`
}

func reject(ctx context.Context, m market.AgentAPI, in rejectInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	t, err := m.Reject(ctx, in.TaskID, market.RejectInput{Reason: in.Reason, Feedback: in.Feedback})
	if err != nil {
		return soAlready(ctx, m, in.TaskID, err, func(t *market.Task) bool {
			return roleIn(t, m.ID()) == asPoster && t.Status == market.StatusClaimed && t.RejectionReason == in.Reason && t.RejectionFeedback == in.Feedback
		}, "look with wait_seconds")
	}
	return briefReply(fmt.Sprintf("Rejected. The worker may deliver again until %s; after that the task is open to all.", moment(t.RejectionGraceDeadline)), &t, m.ID(), "look with wait_seconds"), nil
}

func cancel(ctx context.Context, m market.AgentAPI, in taskInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	t, err := m.Cancel(ctx, in.TaskID)
	if err != nil {
		return soAlready(ctx, m, in.TaskID, err, func(t *market.Task) bool {
			return roleIn(t, m.ID()) == asPoster && t.Status == market.StatusCancelled
		}, "delegate")
	}
	return briefReply(fmt.Sprintf("Cancelled; %s refunded.", counted(t.MaxCredits, "credit")), &t, m.ID(), "delegate"), nil
}

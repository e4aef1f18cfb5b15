package a2aserver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// act does what a message on a task says. It returns the task as it is then, or a message
// that says what to send instead: words that could mean several things are never guessed
// at, since approving spends credits and rejecting costs another their work.
func act(ctx context.Context, api market.AgentAPI, req *a2a.SendMessageRequest) (market.Task, *a2a.Message, error) {
	t, err := own(ctx, api, req.Message.TaskID)
	if err != nil {
		return t, nil, err
	}
	if named := req.Message.ContextID; named != "" && named != contextOf(t) {
		return t, nil, invalid("the task belongs to another context: leave out contextId")
	}
	text, order, err := content(req.Message)
	if err != nil {
		return t, nil, err
	}
	var r reply
	if err := read(order, &r); err != nil {
		return t, nil, err
	}
	if ended(t.Status) {
		// A repeat of what has ended it is answered as it was then.
		if r.Action != "approve" && r.Action != "cancel" {
			return t, nil, unsupported("the task is " + string(t.Status) + ": it takes no more messages")
		}
	}
	if r.Action == "" {
		r = plain(ctx, api, t, text)
	}
	text = strings.TrimSpace(text)
	ctx = market.WithIdempotencyKey(ctx, req.Message.ID)
	switch r.Action {
	case "":
		return t, ask(t), nil
	case "approve":
		t, err = api.Approve(ctx, t.TaskID, market.ApproveInput{Rating: r.Rating, Feedback: r.Feedback})
		return t, nil, told(err)
	case "cancel":
		t, err = api.Cancel(ctx, t.TaskID)
		return t, nil, told(err)
	case "reject":
		if r.Reason == "" {
			r.Reason = text
		}
		_, err = api.Reject(ctx, t.TaskID, market.RejectInput{Reason: r.Reason, Feedback: r.Feedback})
	case "answer":
		err = answer(ctx, api, t, r.QuestionID, text)
	case "message":
		_, err = api.SendMessage(ctx, t.TaskID, text)
	default:
		err = invalid(fmt.Sprintf("there is no action %q; the actions are approve, reject, cancel, answer and message", r.Action))
	}
	if err != nil {
		return t, nil, told(err)
	}
	return after(ctx, api, t.TaskID, req, r)
}

// after is how the task stands once the message was taken in, and once it is the caller's
// turn again if the caller waits for that.
func after(ctx context.Context, api market.AgentAPI, id market.TaskID, req *a2a.SendMessageRequest, r reply) (market.Task, *a2a.Message, error) {
	wait := longestWait
	if r.Wait != nil {
		wait = wire.Seconds(*r.Wait)
	}
	if !blocking(req) {
		wait = 0
	}
	t, err := api.Task(ctx, id, wait)
	return t, nil, told(err)
}

// plain is what words alone mean. Only such count as can mean one thing.
func plain(ctx context.Context, api market.AgentAPI, t market.Task, text string) reply {
	word, rest, _ := strings.Cut(strings.TrimSpace(text), ":")
	word, rest = strings.ToLower(strings.TrimRight(strings.TrimSpace(word), ".!")), strings.TrimSpace(rest)
	command := word == "approve" || word == "reject" || word == "cancel"
	switch {
	case t.Status == market.StatusDelivered && word == "approve" && rest == "":
		return reply{Action: "approve"}
	case t.Status == market.StatusDelivered && word == "reject" && rest != "":
		return reply{Action: "reject", Reason: rest}
	case t.Status == market.StatusPosted && word == "cancel" && rest == "":
		return reply{Action: "cancel"}
	case strings.TrimSpace(text) == "", command:
	case t.Status == market.StatusClaimed:
		return reply{Action: "message"}
	case t.Status == market.StatusPosted:
		if id, err := onlyQuestion(ctx, api, t.TaskID); err == nil {
			return reply{Action: "answer", QuestionID: id}
		}
	}
	return reply{}
}

// answer answers a question, the only open one when it is not named.
func answer(ctx context.Context, api market.AgentAPI, t market.Task, id market.QuestionID, text string) error {
	if id == "" {
		only, err := onlyQuestion(ctx, api, t.TaskID)
		if err != nil {
			return err
		}
		id = only
	}
	_, err := api.Answer(ctx, t.TaskID, id, text)
	return err
}

func onlyQuestion(ctx context.Context, api market.AgentAPI, id market.TaskID) (market.QuestionID, error) {
	list, err := api.Questions(ctx, id, market.Page{})
	if err != nil {
		return "", err
	}
	var open []market.QuestionID
	for _, q := range list.Questions {
		if unanswered(q) {
			open = append(open, q.ID)
		}
	}
	if len(open) != 1 {
		return "", invalid(fmt.Sprintf("%d questions are open: name one with question_id", len(open)))
	}
	return open[0], nil
}

// ask is the answer to words that could mean several things. Nothing was done.
func ask(t market.Task) *a2a.Message {
	says := "Nothing was done. "
	switch t.Status {
	case market.StatusDelivered:
		says += `The result waits for your review. Send the word "approve" alone, or "reject: " and the reason; or as metadata ` +
			`{"pinchwork": {"action": "approve", "rating": 5}} or {"pinchwork": {"action": "reject", "reason": "…"}}.`
	case market.StatusPosted:
		says += `Nobody works on the task yet. Send the word "cancel" alone to take it back; to answer a question, ` +
			`{"pinchwork": {"action": "answer", "question_id": "qa-…"}} as metadata with the answer as text.`
	default:
		says += `A worker has claimed the task: it can be reviewed when there is a result. Any other text goes to the worker as a message.`
	}
	m := a2a.NewMessageForTask(a2a.MessageRoleAgent, a2a.TaskInfo{TaskID: a2a.TaskID(t.TaskID), ContextID: contextOf(t)}, a2a.NewTextPart(says))
	m.ID = "say-" + string(t.TaskID) + "-" + string(t.Status) // the same says the same
	return m
}

func isWrongState(err error) bool { return errors.Is(err, market.ErrWrongState) }

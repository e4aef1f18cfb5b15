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
		return t, nil, invalid("contextId", "the task belongs to another context: leave out contextId")
	}
	text, order, err := content(req)
	if err != nil {
		return t, nil, err
	}
	var r reply
	if err := read(order, &r); err != nil {
		return t, nil, err
	}
	text = strings.TrimSpace(text)
	if r.Action == "" {
		r = plain(t.Status, text)
	}
	ctx = market.WithIdempotencyKey(ctx, req.Message.ID)
	switch r.Action {
	case "":
		if ended(t.Status) {
			return t, nil, wrongState(a2a.ErrUnsupportedOperation, "the task is "+string(t.Status)+": it takes no more messages")
		}
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
		err = invalid("action", fmt.Sprintf("there is no action %q; the actions are approve, reject, cancel, answer and message", r.Action))
	}
	if errors.Is(err, errUnclear) {
		return t, ask(t), nil
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

// plain is what words alone mean. Only such count as can mean one thing. A command means the
// same in every state, so that its repeat is one: whether it can be done, the market knows.
func plain(status market.Status, text string) reply {
	word, rest, _ := strings.Cut(text, ":")
	word, rest = strings.ToLower(strings.TrimRight(strings.TrimSpace(word), ".!")), strings.TrimSpace(rest)
	switch {
	case word == "approve" && rest == "":
		return reply{Action: "approve"}
	case word == "reject" && rest != "":
		return reply{Action: "reject", Reason: rest}
	case word == "cancel" && rest == "":
		return reply{Action: "cancel"}
	case text == "", word == "approve", word == "reject", word == "cancel":
		return reply{}
	case status == market.StatusClaimed:
		return reply{Action: "message"}
	case status == market.StatusPosted:
		return reply{Action: "answer"}
	}
	return reply{}
}

// answer answers a question: without an id the only open one. The same answer again, when
// none is open any more, is a repeat.
func answer(ctx context.Context, api market.AgentAPI, t market.Task, id market.QuestionID, text string) error {
	if id != "" {
		_, err := api.Answer(ctx, t.TaskID, id, text)
		return err
	}
	list, err := api.Questions(ctx, t.TaskID, market.Page{})
	if err != nil {
		return err
	}
	var open []market.QuestionID
	repeated := false
	for _, q := range list.Questions {
		if unanswered(q) {
			open = append(open, q.ID)
		}
		repeated = repeated || q.Answer == text
	}
	switch {
	case len(open) == 1:
		_, err = api.Answer(ctx, t.TaskID, open[0], text)
		return err
	case len(open) == 0 && repeated:
		return nil
	}
	return errUnclear
}

// errUnclear says that it is not known what the words are about.
var errUnclear = errors.New("unclear")

// ask is the answer to words that could mean several things. Nothing was done.
func ask(t market.Task) *a2a.Message {
	says := "Nothing was done. "
	switch t.Status {
	case market.StatusDelivered:
		says += `The result waits for your review. Send the word "approve" alone, or "reject: " and the reason; or as metadata ` +
			`{"pinchwork": {"action": "approve", "rating": 5}} or {"pinchwork": {"action": "reject", "reason": "…"}}.`
	case market.StatusPosted:
		says += `Nobody works on the task yet. Send the word "cancel" alone to take it back; when several questions are open, ` +
			`answer with {"pinchwork": {"action": "answer", "question_id": "qa-…"}} as metadata and the answer as text.`
	default:
		says += `A worker has claimed the task: it can be reviewed when there is a result. Any other text goes to the worker as a message.`
	}
	m := a2a.NewMessageForTask(a2a.MessageRoleAgent, a2a.TaskInfo{TaskID: a2a.TaskID(t.TaskID), ContextID: contextOf(t)}, a2a.NewTextPart(says))
	m.ID = "say-" + string(t.TaskID) + "-" + string(t.Status) // the same says the same
	return m
}

func isWrongState(err error) bool { return errors.Is(err, market.ErrWrongState) }

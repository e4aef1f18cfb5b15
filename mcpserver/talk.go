package mcpserver

import (
	"context"
	"errors"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// talkTools are for agents that have to understand each other.
var talkTools = []tool{
	{
		name: "ask", title: "Ask about a task", kind: adds,
		description: "Asks the poster about an open task before you take it. Everybody can read it; look shows the answer.",
		fields:      []field{taskID.must(), text("question", limits.Question).must(), repeatable},
		gives:       answers(), run: does(ask),
		step: "It is not open any more. If you are its worker or poster, write.",
	},
	{
		name: "answer", title: "Answer a question", kind: settles,
		description: "Answers a question about your task, once. look shows the question ids.",
		fields:      []field{taskID.must(), field{name: "question_id", schema: map[string]any{"type": "string"}}.must(), text("answer", limits.Reason).must()},
		gives:       answers(), run: does(answer),
		steps: map[market.Code]string{
			market.CodeNotFound: "Check both ids: look with the task_id lists its questions, whose ids are like qa-abc123.",
		},
	},
	{
		name: "write", title: "Write to the other side", kind: adds,
		description: "Sends a private message to the worker or poster of a task that is taken. look shows the replies.",
		fields:      []field{taskID.must(), text("message", limits.Reason).must(), repeatable},
		gives:       answers(), run: does(write),
		step: "Messages are for tasks that are taken. About an open one others ask, and its poster answers.",
	},
}

// question is a question about a task; both texts are of others, unless by is you.
type question struct {
	ID       market.QuestionID `json:"question_id"`
	By       string            `json:"by"`
	Question string            `json:"question"`
	Answer   string            `json:"answer,omitempty"`
}

// message is a message of a conversation.
type message struct {
	By   string `json:"by"`
	Text string `json:"text"`
	At   string `json:"at"`
}

func by(id, me market.AgentID) string {
	if id == me {
		return "you"
	}
	return string(id)
}

// mostTalk keeps a conversation short enough to be read; the newest of it is what counts.
const mostTalk = 50

// addTalk adds the questions about an open task or one of the caller's, and the
// conversation of a taken one.
func addTalk(ctx context.Context, m market.AgentAPI, t *market.Task, r *reply) error {
	role, open := roleIn(t, m.ID()), t.Status == market.StatusPosted
	if t.SystemTaskType != "" || role == "" && !open {
		return nil
	}
	var err error
	r.Untrusted.Questions, err = questions(ctx, m, t.TaskID)
	if n := unanswered(r.Untrusted.Questions); n > 0 && role == asPoster && (open || t.Status == market.StatusClaimed) {
		r.Message += " " + counted(n, "question") + " without your answer."
		r.Next = append([]string{"answer a question"}, r.Next...)
	}
	if err == nil && !open {
		r.Untrusted.Messages, err = messages(ctx, m, t.TaskID)
		if n := fromOthers(r.Untrusted.Messages); n > 0 {
			r.Message += " " + counted(n, "message") + " from the other side."
		}
	}
	if errors.Is(err, market.ErrNotFound) || errors.Is(err, market.ErrForbidden) || errors.Is(err, market.ErrConflict) {
		return nil // it has changed hands meanwhile
	}
	return err
}

func questions(ctx context.Context, m market.AgentAPI, id market.TaskID) (out []question, err error) {
	list, err := m.Questions(ctx, id, market.Page{Limit: mostTalk})
	if err == nil && list.Total > mostTalk {
		list, err = m.Questions(ctx, id, market.Page{Limit: mostTalk, Offset: list.Total - mostTalk})
	}
	for _, q := range list.Questions {
		out = append(out, question{q.ID, by(q.AskerID, m.ID()), q.Question, q.Answer})
	}
	return out, err
}

func unanswered(list []question) (n int) {
	for _, q := range list {
		if q.Answer == "" {
			n++
		}
	}
	return n
}

func fromOthers(list []message) (n int) {
	for _, said := range list {
		if said.By != "you" {
			n++
		}
	}
	return n
}

func messages(ctx context.Context, m market.AgentAPI, id market.TaskID) (out []message, err error) {
	list, err := m.Messages(ctx, id, market.Page{Limit: mostTalk})
	if err == nil && list.Total > mostTalk {
		list, err = m.Messages(ctx, id, market.Page{Limit: mostTalk, Offset: list.Total - mostTalk})
	}
	for _, said := range list.Messages {
		out = append(out, message{by(said.SenderID, m.ID()), said.Message, moment(said.CreatedAt)})
	}
	return out, err
}

type askInput struct {
	TaskID   market.TaskID `json:"task_id"`
	Question string        `json:"question"`
	Key      string        `json:"idempotency_key"`
}

func ask(ctx context.Context, m market.AgentAPI, in askInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	ctx, err := keyed(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	q, err := m.Ask(ctx, in.TaskID, in.Question)
	if err != nil {
		return nil, err
	}
	return &reply{Message: "Asked, as " + string(q.ID) + ". The answer will be with the task.", Next: []string{"look with task_id"}}, nil
}

type answerInput struct {
	TaskID     market.TaskID     `json:"task_id"`
	QuestionID market.QuestionID `json:"question_id"`
	Answer     string            `json:"answer"`
}

func answer(ctx context.Context, m market.AgentAPI, in answerInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	if err := needed("question_id", in.QuestionID); err != nil {
		return nil, err
	}
	if _, err := m.Answer(ctx, in.TaskID, in.QuestionID, in.Answer); err != nil {
		return nil, err
	}
	return &reply{Message: "Answered; all who look at the task can read it.", Next: []string{"look with task_id"}}, nil
}

type writeInput struct {
	TaskID  market.TaskID `json:"task_id"`
	Message string        `json:"message"`
	Key     string        `json:"idempotency_key"`
}

func write(ctx context.Context, m market.AgentAPI, in writeInput) (*reply, error) {
	if err := needed("task_id", in.TaskID); err != nil {
		return nil, err
	}
	ctx, err := keyed(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	if _, err := m.SendMessage(ctx, in.TaskID, in.Message); err != nil {
		return nil, err
	}
	return &reply{Message: "Sent.", Next: []string{"look with task_id"}}, nil
}

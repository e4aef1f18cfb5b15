package httpclient

import (
	"context"
	"net/url"

	"github.com/pinchwork/pinchwork/market"
)

// Ask asks a question about a posted task, 1–1,000 characters (rule 10.1).
func (c *Client) Ask(ctx context.Context, id market.TaskID, question string) (market.Question, error) {
	return onTask[market.Question](ctx, c, id, "questions", map[string]string{"question": question})
}

// Answer answers a question about one of the agent's own tasks, once, in
// 1–5,000 characters.
func (c *Client) Answer(ctx context.Context, id market.TaskID, q market.QuestionID, answer string) (market.Question, error) {
	if q == "" || q == "." || q == ".." {
		return market.Question{}, missing("question_id")
	}
	route := "questions/" + url.PathEscape(string(q)) + "/answer"
	return onTask[market.Question](ctx, c, id, route, map[string]string{"answer": answer})
}

// Questions lists the questions about a task, oldest first; limit 1–1,000,
// default 1,000.
func (c *Client) Questions(ctx context.Context, id market.TaskID, p market.Page) (market.QuestionList, error) {
	path, err := taskPath(id, "questions")
	if err != nil {
		return market.QuestionList{}, err
	}
	return fetch[market.QuestionList](ctx, &c.caller, get(path, paged(p)))
}

// SendMessage writes to the other party, 1–5,000 characters (rule 10.3).
func (c *Client) SendMessage(ctx context.Context, id market.TaskID, text string) (market.Message, error) {
	return onTask[market.Message](ctx, c, id, "messages", map[string]string{"message": text})
}

// Messages lists the conversation, oldest first; limit 1–1,000, default 1,000.
func (c *Client) Messages(ctx context.Context, id market.TaskID, p market.Page) (market.MessageList, error) {
	path, err := taskPath(id, "messages")
	if err != nil {
		return market.MessageList{}, err
	}
	return fetch[market.MessageList](ctx, &c.caller, get(path, paged(p)))
}

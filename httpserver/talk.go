package httpserver

import "github.com/pinchwork/pinchwork/market"

type questionInput struct {
	Question string `json:"question"` // 1–1,000
}

type answerInput struct {
	Answer string `json:"answer"` // 1–5,000
}

type messageInput struct {
	Message string `json:"message"` // 1–5,000
}

func askQuestion(c *call, in questionInput) (market.Question, error) {
	return c.agentAPI().Ask(c.ctx, c.taskID(), in.Question)
}

func answerQuestion(c *call, in answerInput) (market.Question, error) {
	return c.agentAPI().Answer(c.ctx, c.taskID(), market.QuestionID(c.param("qid")), in.Answer)
}

func listQuestions(c *call) (market.QuestionList, error) {
	page, err := c.page()
	if err != nil {
		return market.QuestionList{}, err
	}
	return c.agentAPI().Questions(c.ctx, c.taskID(), page)
}

func sendMessage(c *call, in messageInput) (market.Message, error) {
	return c.agentAPI().SendMessage(c.ctx, c.taskID(), in.Message)
}

func listMessages(c *call) (market.MessageList, error) {
	page, err := c.page()
	if err != nil {
		return market.MessageList{}, err
	}
	return c.agentAPI().Messages(c.ctx, c.taskID(), page)
}

package markettest

import "github.com/pinchwork/pinchwork/market"

// Ask asks a question about a posted task.
func (a *Agent) Ask(id market.TaskID, question string) market.QuestionID {
	a.kit.Helper()
	q, err := a.API.Ask(a.kit.Ctx, id, question)
	a.must(err, "ask about %s", id)
	a.kit.stepped()
	return q.ID
}

// Answer answers a question about one of the agent's own tasks.
func (a *Agent) Answer(id market.TaskID, q market.QuestionID, answer string) {
	a.kit.Helper()
	_, err := a.API.Answer(a.kit.Ctx, id, q, answer)
	a.must(err, "answer %s", q)
	a.kit.stepped()
}

// Questions lists the questions about a task.
func (a *Agent) Questions(id market.TaskID) []market.Question {
	a.kit.Helper()
	list, err := a.API.Questions(a.kit.Ctx, id, market.Page{})
	a.must(err, "read the questions about %s", id)
	return list.Questions
}

// Send writes a message to the other party of a task.
func (a *Agent) Send(id market.TaskID, text string) market.MessageID {
	a.kit.Helper()
	m, err := a.API.SendMessage(a.kit.Ctx, id, text)
	a.must(err, "send a message about %s", id)
	a.kit.stepped()
	return m.ID
}

// Messages lists the conversation on a task as the agent sees it.
func (a *Agent) Messages(id market.TaskID) []market.Message {
	a.kit.Helper()
	list, err := a.API.Messages(a.kit.Ctx, id, market.Page{})
	a.must(err, "read the messages about %s", id)
	return list.Messages
}

// Report tells the operator about a task.
func (a *Agent) Report(id market.TaskID, reason string) market.ReportID {
	a.kit.Helper()
	r, err := a.API.ReportTask(a.kit.Ctx, id, reason)
	a.must(err, "report %s", id)
	a.kit.stepped()
	return r.ReportID
}

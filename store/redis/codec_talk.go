package redis

import (
	"encoding/json"
	"fmt"

	"github.com/pinchwork/pinchwork/market"
)

// questionRecord is market.Question as it was inserted.
type questionRecord struct {
	ID         market.QuestionID `json:"id"`
	Task       market.TaskID     `json:"t"`
	Asker      market.AgentID    `json:"a"`
	Text       string            `json:"x"`
	Answer     string            `json:"y,omitempty"`
	CreatedAt  instant           `json:"c,omitempty"`
	AnsweredAt instant           `json:"v,omitempty"`
}

// answerRecord has the names of the question's fields that it fills in.
type answerRecord struct {
	Answer     string  `json:"y"`
	AnsweredAt instant `json:"v,omitempty"`
}

func encodeQuestion(q *market.Question) ([]byte, error) {
	return json.Marshal(&questionRecord{
		ID: q.ID, Task: q.Task, Asker: q.Asker, Text: q.Text, Answer: q.Answer,
		CreatedAt: toInstant(q.CreatedAt), AnsweredAt: toInstant(q.AnsweredAt),
	})
}

func encodeAnswer(a *market.Answer) ([]byte, error) {
	return json.Marshal(&answerRecord{Answer: a.Text, AnsweredAt: toInstant(a.At)})
}

// decodeQuestion reads the pair of question and answer.
func decodeQuestion(v any) (market.Question, error) {
	pair := list(v)
	if len(pair) < 2 {
		return market.Question{}, fmt.Errorf("redis: stored question is missing")
	}
	var r questionRecord
	if err := json.Unmarshal([]byte(text(pair[0])), &r); err != nil {
		return market.Question{}, fmt.Errorf("redis: stored question: %w", err)
	}
	if pair[1] != nil {
		if err := json.Unmarshal([]byte(text(pair[1])), &r); err != nil {
			return market.Question{}, fmt.Errorf("redis: stored answer: %w", err)
		}
	}
	return market.Question{
		ID: r.ID, Task: r.Task, Asker: r.Asker, Text: r.Text, Answer: r.Answer,
		CreatedAt: r.CreatedAt.time(), AnsweredAt: r.AnsweredAt.time(),
	}, nil
}

// messageRecord is market.Message.
type messageRecord struct {
	ID        market.MessageID `json:"id"`
	Task      market.TaskID    `json:"t"`
	Sender    market.AgentID   `json:"s"`
	Text      string           `json:"x"`
	Worker    market.AgentID   `json:"w,omitempty"`
	CreatedAt instant          `json:"c,omitempty"`
}

func encodeMessage(m *market.Message) ([]byte, error) {
	return json.Marshal(&messageRecord{
		ID: m.ID, Task: m.Task, Sender: m.Sender, Text: m.Text, Worker: m.Worker, CreatedAt: toInstant(m.CreatedAt),
	})
}

func decodeMessage(v any) (market.Message, error) {
	var r messageRecord
	if err := json.Unmarshal([]byte(text(v)), &r); err != nil {
		return market.Message{}, fmt.Errorf("redis: stored message: %w", err)
	}
	return market.Message{
		ID: r.ID, Task: r.Task, Sender: r.Sender, Text: r.Text, Worker: r.Worker, CreatedAt: r.CreatedAt.time(),
	}, nil
}

// reportRecord is market.Report as it was filed.
type reportRecord struct {
	ID        market.ReportID     `json:"id"`
	Task      market.TaskID       `json:"t"`
	Reporter  market.AgentID      `json:"r"`
	Reason    string              `json:"x"`
	Status    market.ReportStatus `json:"s"`
	Note      string              `json:"n,omitempty"`
	CreatedAt instant             `json:"c,omitempty"`
	Resolved  instant             `json:"v,omitempty"`
}

func encodeReport(r *market.Report) ([]byte, error) {
	return json.Marshal(&reportRecord{
		ID: r.ID, Task: r.Task, Reporter: r.Reporter, Reason: r.Reason, Status: r.Status, Note: r.Note,
		CreatedAt: toInstant(r.CreatedAt), Resolved: toInstant(r.ResolvedAt),
	})
}

// resolutionRecord is what the operator made of a report.
type resolutionRecord struct {
	Status   market.ReportStatus `json:"s"`
	Note     string              `json:"n,omitempty"`
	Resolved instant             `json:"v,omitempty"`
}

func encodeResolution(r *market.Report) ([]byte, error) {
	return json.Marshal(&resolutionRecord{Status: r.Status, Note: r.Note, Resolved: toInstant(r.ResolvedAt)})
}

// decodeReport reads the pair of report and resolution.
func decodeReport(v any) (market.Report, error) {
	pair := list(v)
	if len(pair) < 2 {
		return market.Report{}, fmt.Errorf("redis: stored report is missing")
	}
	var r reportRecord
	if err := json.Unmarshal([]byte(text(pair[0])), &r); err != nil {
		return market.Report{}, fmt.Errorf("redis: stored report: %w", err)
	}
	if pair[1] != nil {
		// The resolution has the names of the report's fields and replaces them.
		r.Note, r.Resolved = "", 0
		if err := json.Unmarshal([]byte(text(pair[1])), &r); err != nil {
			return market.Report{}, fmt.Errorf("redis: stored resolution: %w", err)
		}
	}
	return market.Report{
		ID: r.ID, Task: r.Task, Reporter: r.Reporter, Reason: r.Reason, Status: r.Status, Note: r.Note,
		CreatedAt: r.CreatedAt.time(), ResolvedAt: r.Resolved.time(),
	}, nil
}

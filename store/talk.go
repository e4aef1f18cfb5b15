package store

import "time"

// Question is a public question about a posted task, and its answer.
type Question struct {
	ID     QuestionID `json:"id"`
	Task   TaskID     `json:"task_id"`
	Asker  AgentID    `json:"asker_id"`
	Text   string     `json:"question"`
	Answer string     `json:"answer,omitempty"`
	// CreatedAt and AnsweredAt are in UTC; AnsweredAt is zero until answered.
	CreatedAt  time.Time `json:"created_at"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
}

// Message is a private message between the poster and the worker of a claim.
type Message struct {
	ID     MessageID `json:"id"`
	Task   TaskID    `json:"task_id"`
	Sender AgentID   `json:"sender_id"`
	Text   string    `json:"message"`
	// Worker is the worker of the claim under which it was written: a later
	// worker of the same task never sees it.
	Worker    AgentID   `json:"-"`
	CreatedAt time.Time `json:"created_at"`
}

// Report is an agent's complaint about a task, for the operator.
type Report struct {
	ID       ReportID     `json:"report_id"`
	Task     TaskID       `json:"task_id"`
	Reporter AgentID      `json:"reporter_id"`
	Reason   string       `json:"reason"`
	Status   ReportStatus `json:"status"`
	// Note is the operator's, written when the report is resolved.
	Note       string    `json:"note,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	ResolvedAt time.Time `json:"resolved_at,omitzero"`
}

// ReportStatus is open until the operator resolves the report.
type ReportStatus string

// The states of a report.
const (
	ReportOpen      ReportStatus = "open"
	ReportReviewed  ReportStatus = "reviewed"
	ReportDismissed ReportStatus = "dismissed"
)

package store

import (
	"reflect"
	"strconv"
	"time"
)

// DeliveryID is the id that webhooks carry for the event: unique in the
// marketplace, since one receiver may serve several agents, and the same over
// all attempts (rule 12.1). To clients it is opaque.
func (e *Event) DeliveryID() string { return string(e.Agent) + "-" + strconv.FormatInt(e.Seq, 10) }

// EventType names what happened (rule 11.3).
type EventType string

// The events. Nobody gets an event about their own action.
const (
	EventTaskDelivered         EventType = "task_delivered"
	EventTaskApproved          EventType = "task_approved"
	EventTaskRejected          EventType = "task_rejected"
	EventTaskCancelled         EventType = "task_cancelled"
	EventTaskExpired           EventType = "task_expired"
	EventDeadlineExpired       EventType = "deadline_expired"
	EventRejectionGraceExpired EventType = "rejection_grace_expired"
	EventTaskQuestion          EventType = "task_question"
	EventQuestionAnswered      EventType = "question_answered"
	EventTaskMessage           EventType = "task_message"
	EventTaskMatched           EventType = "task_matched"
	EventTaskClaimed           EventType = "task_claimed"
	EventTaskVerified          EventType = "task_verified"
	// EventTaskRated tells the poster that the worker rated it.
	EventTaskRated EventType = "task_rated"
	// EventTaskProgress tells the poster that the worker is at work, at most once a
	// second.
	EventTaskProgress EventType = "task_progress"
	// EventTaskResolved tells poster and worker that an operator has ended the task.
	EventTaskResolved EventType = "task_resolved"
	// EventWebhookDisabled tells an agent that its webhook answered 410 Gone and
	// is not called again until the agent sets a URL.
	EventWebhookDisabled EventType = "webhook_disabled"
	// EventCapabilitiesExtracted tells an agent which tags an infra agent has
	// derived from its good_at. Task is the system task that asked for it.
	EventCapabilitiesExtracted EventType = "capabilities_extracted"
	// EventGap is made by a stream that resumes from an event older than what
	// is kept; it is not stored and has no number.
	EventGap EventType = "gap"
)

// Event is a line in one agent's event log. It is written in the same commit
// as what it reports.
type Event struct {
	Agent AgentID `json:"agent"`
	// Seq numbers the events of an agent from 1, without gaps, in the order of
	// their commits. A store gives it; it is 0 in a Change.
	Seq  int64     `json:"seq"`
	Type EventType `json:"type"`
	Task TaskID    `json:"task_id"`
	Data EventData `json:"data,omitzero"`
	At   time.Time `json:"at"`
}

// EventData holds the fields that only some types of events have. Each is
// listed with those types.
type EventData struct {
	// Metadata are the task's, in all events about a task that go to its poster or to
	// the worker who holds it; ExternalID is the task's, to its poster alone.
	Metadata   map[string]string `json:"metadata,omitempty"`
	ExternalID string            `json:"external_id,omitempty"`
	// Outcome and Reason: task_resolved. Outcome is "refund", "release" or "split".
	Outcome string `json:"outcome,omitempty"`
	// Reason and Feedback: task_rejected; Reason "claim_timeout": deadline_expired;
	// Reason "gone": webhook_disabled.
	Reason        string     `json:"reason,omitempty"`
	Feedback      string     `json:"feedback,omitempty"`
	GraceDeadline Time       `json:"grace_deadline,omitzero"`
	QuestionID    QuestionID `json:"question_id,omitempty"`
	MessageID     MessageID  `json:"message_id,omitempty"`
	// Answer: question_answered, the first EventText characters of it.
	Answer string `json:"answer,omitempty"`
	// SenderID: task_message.
	SenderID AgentID `json:"sender_id,omitempty"`
	// WorkerID: task_claimed.
	WorkerID AgentID `json:"worker_id,omitempty"`
	// Credits: task_approved, what the worker was paid after the fee, or what
	// the poster was charged; each is told its own.
	Credits *int64 `json:"credits,omitempty"`
	// Rating: task_approved, when the poster gave one; task_rated.
	Rating int `json:"rating,omitempty"`
	// Rank: task_matched, 0 is the best.
	Rank *int `json:"rank,omitempty"`
	// MeetsRequirements: task_verified; absent when no usable answer came.
	MeetsRequirements *bool `json:"meets_requirements,omitempty"`
	// Tags and By, the infra agent: capabilities_extracted.
	Tags []string `json:"tags,omitempty"`
	By   AgentID  `json:"by,omitempty"`
	// Note and Percent: task_progress.
	Note    string `json:"note,omitempty"`
	Percent *int   `json:"percent,omitempty"`
}

// IsZero reports whether there is nothing beside the task.
func (d EventData) IsZero() bool { return reflect.ValueOf(d).IsZero() }

package market

import (
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// These names are the seam's: package store documents them.
type (
	// Store keeps a marketplace. Implementations are in the folders of package store.
	Store = store.Store
	// AgentID names an agent: "ag-…".
	AgentID = store.AgentID
	// TaskID names a task: "tk-…".
	TaskID = store.TaskID
	// QuestionID names a question on a task: "qa-…".
	QuestionID = store.QuestionID
	// MessageID names a message between poster and worker: "msg-…".
	MessageID = store.MessageID
	// EntryID names a ledger entry: "le-…".
	EntryID = store.EntryID
	// ReportID names a report about a task: "rp-…".
	ReportID = store.ReportID
	// Status is the state of a task in its life cycle.
	Status = store.Status
	// SystemType is the kind of a system task.
	SystemType = store.SystemType
	// Verification is an infra agent's advisory verdict on a delivery.
	Verification = store.Verification
	// EntryKind says why credits moved.
	EntryKind = store.EntryKind
	// ReportStatus is open until the operator resolves the report.
	ReportStatus = store.ReportStatus
	// PartyRole selects tasks by what the agent is to them.
	PartyRole = store.PartyRole
	// Event is one entry of an agent's log.
	Event = store.Event
	// EventType says what happened: see the constants of package store.
	EventType = store.EventType
	// EventData holds the fields of an event beyond its type and task.
	EventData = store.EventData
	// Charge is what one request takes from a rate limit.
	Charge = store.Charge
	// Admitted says whose key a request carries and whether its rate limit allows
	// it.
	Admitted = store.Admitted
	// Pruned counts what Market.Prune deleted.
	Pruned = store.Pruned
	// Time is an instant as the API writes it.
	Time = store.Time
)

// Platform is the account of the marketplace itself; it is not an agent.
const Platform = store.Platform

// NewTime returns the instant in UTC.
func NewTime(t time.Time) Time { return store.NewTime(t) }

// The states of a task. Approved, expired and cancelled are final.
const (
	StatusPosted    = store.StatusPosted
	StatusClaimed   = store.StatusClaimed
	StatusDelivered = store.StatusDelivered
	StatusApproved  = store.StatusApproved
	StatusExpired   = store.StatusExpired
	StatusCancelled = store.StatusCancelled
)

// Statuses lists every state in the order of a task's life.
func Statuses() []Status { return store.Statuses() }

// TaskOutcome is how an operator ends a task.
type TaskOutcome = rules.Resolved

// The ways in which an operator ends a task.
const (
	// OutcomeRefund gives the whole escrow back to the poster.
	OutcomeRefund = rules.Refunded
	// OutcomeRelease pays the worker as an approval would: what its last delivery charges,
	// or the whole budget when it has delivered nothing.
	OutcomeRelease = rules.Released
	// OutcomeSplit pays the worker a part of the budget, and gives the rest back.
	OutcomeSplit = rules.Split
)

// The three kinds of system tasks.
const (
	MatchAgents         = store.MatchAgents
	VerifyCompletion    = store.VerifyCompletion
	ExtractCapabilities = store.ExtractCapabilities
)

// The states of a report.
const (
	ReportOpen      = store.ReportOpen
	ReportReviewed  = store.ReportReviewed
	ReportDismissed = store.ReportDismissed
)

// The roles in MineQuery.
const (
	PartyAny    = store.PartyAny
	PartyPoster = store.PartyPoster
	PartyWorker = store.PartyWorker
)

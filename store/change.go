package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Change is the complete outcome of one operation. A store commits all of it or
// nothing. What it holds was decided by a Market: a store checks the guards,
// keeps the data, assigns sequence numbers, and knows no rule.
//
// The parts apply as if simultaneously. All guards are checked against what was
// stored before; an agent or a task that the Change itself inserts exists for all
// its parts; a ledger entry shows what was earned after the whole Change,
// and an event goes to the webhook that the agent has after it. Texts are valid
// UTF-8 without NUL, instants in UTC and in whole microseconds.
//
// Once a Change is handed to a store, neither side may alter it or anything it
// points to: an in-memory store may keep the pointers. Only New.Seq of a task that
// is inserted may be set by the store.
type Change struct {
	// At is the instant of the operation. Stores ask no other clock.
	At time.Time

	// Active lists agents that must exist and not be suspended (GuardSuspended).
	// Platform is always active. It names nobody whom the same Change suspends or
	// takes back.
	Active []AgentID
	// Unchanged lists tasks that must still have these versions (GuardTask).
	Unchanged []TaskRef

	// Tasks are inserted (Old nil; GuardDuplicate) or replaced, guarded by
	// Old.Version (GuardTask).
	Tasks []TaskWrite
	// Agents are inserted or replaced in the same way (GuardDuplicate, GuardAgent).
	Agents []AgentWrite
	// Trust pairs are written, guarded by the number of interactions before
	// (GuardTrust).
	Trust []TrustWrite
	// Strikes are written guarded by their old value (GuardStrikes, also when there
	// is no such agent).
	Strikes []StrikeWrite
	// SystemPays are written guarded by their old value (GuardSystemPay, also when
	// there is no such agent).
	SystemPays []SystemPayWrite
	// Roles are taken; an agent that has the other role on the task fails
	// (GuardRole). The same role may be taken again: its Lapse replaces the stored
	// one, and a nil Lapse removes it.
	Roles []RoleWrite

	// Results, Questions, Messages and Reports are inserted and must be new by
	// id (Results by task and number, Reports also by task and reporter;
	// GuardDuplicate).
	Results   []Result
	Questions []Question
	Messages  []Message
	Reports   []Report
	// Answers fill in unanswered questions (GuardAnswered).
	Answers []Answer
	// Resolutions replace status, note and ResolvedAt of open reports (GuardReport).
	Resolutions []Report
	// Talk moves the count of unanswered questions of tasks (GuardQuestions) and
	// the bytes of their talk (GuardTalkBytes); GuardTask when there is no such
	// task.
	Talk []TalkCount
	// Drop deletes texts for good; texts that do not exist are ignored. It names
	// nothing that the same Change inserts.
	Drop []TextRef

	// Transfers move balances, one after the other: an agent's balance may not fall
	// below 0 by any of them, and credits never go to an agent that does not exist
	// (GuardBalance). A task has at most one transfer of each kind (GuardTransfer).
	// Each gets the agent's next ledger number, in the order given, and its entry
	// shows the balance that it left.
	Transfers []Transfer
	// Accounts moves counters of agents, at most one element for an agent
	// (GuardOpenClaims, GuardTextBytes; GuardAgent when there is no such agent).
	Accounts []AccountDelta
	// Tags moves per-tag statistics (GuardAgent when there is no such agent).
	Tags []TagDelta

	// Events get the next number of their agent, in the order given. When the
	// agent has a WebhookURL (after this Change), the same commit queues the
	// event for webhook delivery, due at once. Events for agents that do not
	// exist are dropped.
	Events []Event
	// Feed is appended to the feed.
	Feed []FeedItem
	// Idempotency is inserted; it must be new, or the stored one must have
	// expired by At (GuardIdempotency).
	Idempotency *IdempotencyRecord
	// Records are inserted in the same way beside Idempotency. No two records of a
	// Change have the same IdempotencyID.
	Records []*IdempotencyRecord

	// WantText asks for the need and context of this task, returned in
	// Committed.Text.
	WantText TaskID
}

// EachRecord yields Idempotency, if it is set, and Records.
func (c *Change) EachRecord(yield func(*IdempotencyRecord) bool) {
	if c.Idempotency != nil && !yield(c.Idempotency) {
		return
	}
	for _, r := range c.Records {
		if !yield(r) {
			return
		}
	}
}

// TaskRef names one version of a task.
type TaskRef struct {
	ID      TaskID
	Version int64
}

// TaskWrite inserts New (Old nil, New.Version 1) or replaces Old by New
// (New.Version = Old.Version + 1). Old is what the store held at that version,
// so that a store can derive index changes from the pair. On insert the store
// assigns New.Seq and keeps Text beside the task.
type TaskWrite struct {
	Old, New *Task
	Text     TaskText
}

// AgentWrite inserts New with its key digest (Old nil, New.Version 1) or
// replaces Old by New (New.Version = Old.Version + 1). A new agent's account is all
// zeros before the Change's other parts apply; its ExternalID, unless empty, must be
// new (GuardDuplicate). A Key that comes with a replacement, unless it is all zeros,
// becomes the agent's and must be new (GuardDuplicate): the key before it finds the
// agent until New.OldKeyUntil, and those before that one find it no longer. With
// KeepOld it takes the place of the present key alone, which finds nobody any more,
// and the one before that stays.
type AgentWrite struct {
	Old, New *Profile
	Key      KeyDigest
	KeepOld  bool
}

// TrustWrite replaces a pair whose Interactions is still New.Interactions − 1;
// a pair that is not stored counts as 0.
type TrustWrite struct{ New TrustPair }

// StrikeWrite replaces an agent's strikes if they still equal Old (times by
// instant).
type StrikeWrite struct {
	Agent    AgentID
	Old, New Strikes
}

// SystemPayWrite replaces an agent's SystemPay if it still equals Old.
type SystemPayWrite struct {
	Agent    AgentID
	Old, New SystemPay
}

// RoleWrite gives the agent the role on the task. Lapse, when set, says that
// its claim has ended.
type RoleWrite struct {
	Task  TaskID
	Agent AgentID
	Role  Role
	Lapse *Lapse
}

// Lapse is how an agent's claim on a task ended without its delivery being
// approved: when, why, and which claim of the task it was (Task.Claims).
type Lapse struct {
	At    time.Time
	Why   string
	Claim int32
}

// TextRef names texts of a task: if No is 0, its need, context, questions and
// messages, otherwise the result with that number. Once dropped they read as if
// they were empty, and there are no questions and messages.
type TextRef struct {
	Task TaskID
	No   int
}

// Answer is the answer to a question.
type Answer struct {
	Question QuestionID
	Task     TaskID
	Text     string
	At       time.Time
}

// TalkCount adds Delta to the number of unanswered questions of a task and
// Bytes to the size of its talk. A positive Delta may not raise the number
// above Max; positive Bytes may not raise the size above MaxBytes, unless that
// is 0.
type TalkCount struct {
	Task            TaskID
	Delta, Max      int
	Bytes, MaxBytes int64
}

// AccountDelta adds its counters to an agent's account. Balance, LedgerSeq and
// EventSeq follow from Transfers and Events instead.
type AccountDelta struct {
	Agent       AgentID
	Escrowed    int64
	OpenClaims  int64
	Posted      int64
	Completed   int64
	RatingSum   int64
	RatingCount int64
	Earned      int64
	Fees        int64
	Charged     int64
	Spent       int64
	Rejected    int64
	Approvals   int64
	Rejections  int64
	FeesBrought int64
	TextBytes   int64
	// MaxOpenClaims, when not 0, is what OpenClaims may not exceed after a
	// positive OpenClaims (GuardOpenClaims).
	MaxOpenClaims int64
	// MaxTextBytes, when not 0, is what TextBytes may not exceed after a positive
	// TextBytes (GuardTextBytes).
	MaxTextBytes int64
}

// TagDelta adds to an agent's statistics for a tag (TagStat).
type TagDelta struct {
	Agent AgentID
	TagStat
}

// FeedKind is what a FeedItem is about.
type FeedKind string

// The kinds of feed items.
const (
	FeedTask  FeedKind = "task"
	FeedAgent FeedKind = "agent"
	FeedTrust FeedKind = "trust"
)

// FeedItem tells every process what its mirror must refresh. It is a hint to
// read again (task, agent) or complete in itself (trust), and may be applied in
// any order: higher versions win.
type FeedItem struct {
	Kind FeedKind `json:"k"`
	// Task, Version and Open: the task was written at this version and is
	// (not) posted now. Version is 0 when only the roles on it changed.
	Task    TaskID `json:"t,omitempty"`
	Version int64  `json:"v,omitempty"`
	Open    bool   `json:"o,omitempty"`
	// Agent: the profile, the ratings or the completed tasks changed.
	Agent AgentID `json:"a,omitempty"`
	// Trust is the pair's new value.
	Trust *TrustPair `json:"p,omitempty"`
}

// IdempotencyID scopes a client's key to caller and operation.
type IdempotencyID struct {
	Caller    AgentID `json:"caller"`
	Operation string  `json:"operation"`
	Key       string  `json:"key"`
}

// IdempotencyRecord is the recorded outcome of the first request under a key.
type IdempotencyRecord struct {
	IdempotencyID
	// Request is a digest of the input; another input under the key is refused.
	Request [32]byte `json:"request"`
	// Outcome is what the operation returned, without long texts; a store keeps
	// it as it is.
	Outcome   json.RawMessage `json:"outcome"`
	ExpiresAt time.Time       `json:"expires_at"`
}

// Committed is what a store adds to a Change by committing it.
type Committed struct {
	// Seqs are the numbers given to the inserted tasks, in their order in
	// Change.Tasks.
	Seqs []int64
	// Text is what Change.WantText asked for.
	Text TaskText
}

// Guard names the condition that kept a Change from being committed.
type Guard string

// The guards of a Change.
const (
	GuardTask        Guard = "task version"
	GuardAgent       Guard = "agent version"
	GuardTrust       Guard = "trust version"
	GuardStrikes     Guard = "strikes"
	GuardSystemPay   Guard = "system pay"
	GuardSuspended   Guard = "suspended"
	GuardRole        Guard = "role"
	GuardBalance     Guard = "balance"
	GuardTransfer    Guard = "transfer"
	GuardOpenClaims  Guard = "open claims"
	GuardTextBytes   Guard = "bytes of texts"
	GuardQuestions   Guard = "unanswered questions"
	GuardTalkBytes   Guard = "bytes of talk"
	GuardAnswered    Guard = "answered"
	GuardReport      Guard = "report"
	GuardDuplicate   Guard = "duplicate"
	GuardIdempotency Guard = "idempotency"
)

// Guards lists all of them.
func Guards() []Guard {
	return []Guard{
		GuardTask, GuardAgent, GuardTrust, GuardStrikes, GuardSystemPay, GuardSuspended, GuardRole, GuardBalance, GuardTransfer,
		GuardOpenClaims, GuardTextBytes, GuardQuestions, GuardTalkBytes, GuardAnswered, GuardReport, GuardDuplicate, GuardIdempotency,
	}
}

// Conflict is the error of a Change that failed a guard; nothing of it was
// written. When several guards fail a store may name any one of them.
type Conflict struct {
	Guard Guard
	// Agent or Task is whose guard failed, where it is about one.
	Agent AgentID
	Task  TaskID
}

// Error names the guard.
func (c *Conflict) Error() string {
	return fmt.Sprintf("guard failed: %s (task %q, agent %q)", c.Guard, c.Task, c.Agent)
}

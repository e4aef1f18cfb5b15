package store

import "time"

// Status is the state of a task in its life cycle (rule 4.1).
type Status string

// The states of a task. Approved, expired and cancelled are final.
const (
	StatusPosted    Status = "posted"
	StatusClaimed   Status = "claimed"
	StatusDelivered Status = "delivered"
	StatusApproved  Status = "approved"
	StatusExpired   Status = "expired"
	StatusCancelled Status = "cancelled"
)

// Statuses lists every state in the order of a task's life.
func Statuses() []Status {
	return []Status{
		StatusPosted, StatusClaimed, StatusDelivered,
		StatusApproved, StatusExpired, StatusCancelled,
	}
}

// Ended reports whether nothing can happen to a task in this state any more,
// except for the worker's rating of the poster.
func (s Status) Ended() bool {
	return s == StatusApproved || s == StatusExpired || s == StatusCancelled
}

// Task is everything that a store keeps of a task except its texts, which are
// written once, beside it (TaskText, Result). A Task that was handed to or came
// from a store is shared and must never be changed: copy it, then change the
// copy. Parts that exist only in some states are pointers, so that an open task
// stays small.
type Task struct {
	ID TaskID `json:"id"`
	// Version starts at 1 and grows by 1 with every write.
	Version int64 `json:"version"`
	// Seq is assigned by the store at posting, higher for later tasks, and never
	// changes. It is the last tie-breaker in every order of tasks.
	Seq    int64   `json:"seq"`
	Poster AgentID `json:"poster"`
	// System is set on system tasks only; then Poster is Platform.
	System *System `json:"system,omitempty"`
	// MaxCredits is the budget that escrow holds, or what a system task pays.
	MaxCredits int64    `json:"max_credits"`
	Tags       []string `json:"tags,omitempty"`
	// ExtractedTags were found by a match_agents task; they count in the order
	// of offers like Tags and are not shown.
	ExtractedTags []string `json:"extracted_tags,omitempty"`
	// Metadata are the poster's own words about the task, which the platform does not
	// read.
	Metadata map[string]string `json:"metadata,omitempty"`
	// ExternalID is what the poster calls the task, "" for nothing. That it has no
	// other task of that name is guarded by an IdempotencyRecord.
	ExternalID string    `json:"external_id,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	// ExpiresAt is when the task expires if it is still posted.
	ExpiresAt time.Time `json:"expires_at"`
	// Deadline is set by the poster; zero when there is none or once it has
	// passed.
	Deadline time.Time `json:"deadline,omitzero"`
	// ClaimTimeout and ReviewTimeout replace the market's defaults when not 0.
	ClaimTimeout  time.Duration `json:"claim_timeout,omitempty"`
	ReviewTimeout time.Duration `json:"review_timeout,omitempty"`
	// Direct is set on a direct hire: a task that is offered to certain agents alone.
	Direct *Direct `json:"direct,omitempty"`

	Status Status `json:"status"`
	// Matching is set while the task is posted and not simply broadcast.
	Matching *Matching `json:"matching,omitempty"`
	// Children are the unfinished system tasks about this task.
	Children []TaskID `json:"children,omitempty"`
	// Claims, Deliveries, Verifications and Rejections count what happened over
	// the whole life. The current claim and delivery have these numbers.
	Claims        int32 `json:"claims,omitempty"`
	Deliveries    int32 `json:"deliveries,omitempty"`
	Verifications int32 `json:"verifications,omitempty"`
	Rejections    int32 `json:"rejections,omitempty"`
	// Claim is set from claimed on.
	Claim *Claim `json:"claim,omitempty"`
	// Delivery is set from delivered on, and stays after a rejection until the
	// claim ends.
	Delivery *Delivery `json:"delivery,omitempty"`
	// Rejection is the last one of the current claim.
	Rejection *Rejection `json:"rejection,omitempty"`
	// Bytes is the size of need, context and metadata; they count toward the poster's
	// Account.TextBytes until the task is approved or they are dropped. 0 on system
	// tasks.
	Bytes int64 `json:"bytes,omitempty"`
	// Superseded are results that no longer belong to the task and are kept for a
	// while, oldest first.
	Superseded []Superseded `json:"superseded,omitempty"`
	// TextsPruned is set when need, context and talk are dropped.
	TextsPruned bool `json:"texts_pruned,omitempty"`
	// Ending is set once Status is final.
	Ending *Ending `json:"ending,omitempty"`
	// NextDue is the one instant at which a timer next has to touch the task;
	// zero when none will.
	NextDue time.Time `json:"next_due,omitzero"`
}

// Worker returns the agent that holds the claim or held the last one, or "" for
// none.
func (t *Task) Worker() AgentID {
	if t.Claim == nil {
		return ""
	}
	return t.Claim.Worker
}

// Open reports whether the task waits to be claimed: ScanOpen lists only such
// tasks.
func (t *Task) Open() bool { return t.Status == StatusPosted }

// Sealed reports whether the task is a direct hire that has not been opened to
// everybody, as of the last write.
func (t *Task) Sealed() bool { return t.Direct != nil && !t.Direct.Opened }

// Counted reports whether Totals include the task; what not everybody may know of is
// left out. A write can change it.
func (t *Task) Counted() bool { return t.System == nil && !t.Sealed() }

// IsParty reports whether the agent is poster or worker of the task.
func (t *Task) IsParty(id AgentID) bool { return id != "" && (t.Poster == id || t.Worker() == id) }

// ResultNo is the number of the delivery whose result belongs to the task now,
// or 0 for none.
func (t *Task) ResultNo() int {
	if t.Delivery == nil {
		return 0
	}
	return t.Delivery.No
}

// TaskText holds the long texts of a task. Need and Context are written at
// posting, Result is the text of delivery Task.ResultNo.
type TaskText struct {
	Need    string `json:"need"`
	Context string `json:"context,omitempty"`
	Result  string `json:"result,omitempty"`
}

// SystemType is the kind of a system task (rule 7.1).
type SystemType string

// The three kinds of system tasks.
const (
	MatchAgents         SystemType = "match_agents"
	VerifyCompletion    SystemType = "verify_completion"
	ExtractCapabilities SystemType = "extract_capabilities"
)

// System says what a system task is about.
type System struct {
	Type SystemType `json:"type"`
	// Parent is the task to match or verify.
	Parent TaskID `json:"parent,omitempty"`
	// Delivery is the number of the delivery to verify.
	Delivery int `json:"delivery,omitempty"`
	// Subject is the agent whose capabilities are extracted.
	Subject AgentID `json:"subject,omitempty"`
	// Until is the instant from which an answer no longer counts; zero when there
	// is none.
	Until time.Time `json:"until,omitzero"`
	// Again is when another extraction is due because the subject's good_at has
	// changed since; zero for never.
	Again time.Time `json:"again,omitzero"`
	// Excluded agents are never offered the task: poster, worker, subject, and
	// workers that gave it up.
	Excluded []AgentID `json:"excluded,omitempty"`
}

// Direct says whom a direct hire is for.
type Direct struct {
	// To are the agents that it is offered to, whose order means nothing.
	To []AgentID `json:"to"`
	// OpensAt is the instant from which a posted task is everybody's; zero for never.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// Opened is set once the task has been everybody's. Until then nobody else may
	// know of it.
	Opened bool `json:"opened,omitempty"`
}

// MatchState says how far the matching of a posted task has come.
type MatchState string

// The states of matching. A task without Matching is broadcast.
const (
	// MatchPending: an infra agent has been asked; until it answers, the task is
	// offered to everybody.
	MatchPending MatchState = "pending"
	// MatchDeferred: the built-in matcher has yet to run, because the task was posted
	// inside a host's transaction, and until then it is offered to everybody; or
	// because it is a direct hire that opens then.
	MatchDeferred MatchState = "deferred"
	// Matched: offered to Agents alone until the head start ends, then to
	// everybody.
	Matched MatchState = "matched"
)

// Matching is the state of a posted task that is not, or not yet, broadcast.
type Matching struct {
	State MatchState `json:"state"`
	// Until is the end of the wait for an answer (pending) or of the head start
	// (matched).
	Until time.Time `json:"until"`
	// Agents are the matched agents, best first; the index is the rank. They
	// keep their rank after the head start.
	Agents []AgentID `json:"agents,omitempty"`
}

// Claim is a worker's hold on a task.
type Claim struct {
	Worker AgentID   `json:"worker"`
	At     time.Time `json:"at"`
	// Timeout is when the claim ends if nothing is delivered; zero for never.
	Timeout time.Time `json:"timeout,omitzero"`
	// Grace is the end of the rejection grace, during which the other limits
	// wait; zero when none runs.
	Grace time.Time `json:"grace,omitzero"`
	// Progress is what the worker last told of its work, zero for nothing.
	Progress Progress `json:"progress,omitzero"`
}

// Progress is a sign of life from the worker.
type Progress struct {
	// At is when it came, Told when the poster was last told of one.
	At   time.Time `json:"at,omitzero"`
	Told time.Time `json:"told,omitzero"`
	// Note and Percent are the last ones that were given; "" and nil for none.
	Note    string `json:"note,omitempty"`
	Percent *int   `json:"percent,omitempty"`
}

// Delivery is a delivered result.
type Delivery struct {
	// No numbers the deliveries of a task from 1; the text is a Result.
	No      int       `json:"no"`
	At      time.Time `json:"at"`
	Charged int64     `json:"charged"`
	// Bytes is the size of the result; it counts toward the worker's
	// Account.TextBytes until the task is approved. 0 on system tasks.
	Bytes int64 `json:"bytes,omitempty"`
	// ReviewUntil is when a timer approves the delivery.
	ReviewUntil  time.Time     `json:"review_until,omitzero"`
	Verification *Verification `json:"verification,omitempty"`
}

// Superseded is the result of a delivery that a later one has replaced, or whose
// claim has ended. It counts toward the worker's Account.TextBytes until it is
// dropped.
type Superseded struct {
	No     int       `json:"no"`
	Worker AgentID   `json:"worker"`
	Bytes  int64     `json:"bytes"`
	Until  time.Time `json:"until"`
	// At is when it was delivered, and Charged what for; both zero when an earlier version
	// wrote it.
	At      time.Time `json:"at,omitzero"`
	Charged int64     `json:"charged,omitempty"`
}

// Verification is an infra agent's advisory verdict on a delivery, as the
// parties of the task see it.
type Verification struct {
	// Status is "pending", "completed" or "unusable": the last when no answer
	// came, or none that could be read. "unusable" is not a verdict.
	Status string `json:"status"`
	// MeetsRequirements is nil until completed.
	MeetsRequirements *bool  `json:"meets_requirements,omitempty"`
	Explanation       string `json:"explanation,omitempty"`
	// Proven says whether the operator or its own work vouches for the infra
	// agent that judged; nil until completed.
	Proven *bool `json:"proven,omitempty"`
}

// The states of a Verification.
const (
	VerificationPending   = "pending"
	VerificationCompleted = "completed"
	VerificationUnusable  = "unusable"
)

// Rejection says why the poster rejected the last delivery.
type Rejection struct {
	Reason   string    `json:"reason"`
	Feedback string    `json:"feedback,omitempty"`
	At       time.Time `json:"at"`
}

// Ending says how a task reached its final state.
type Ending struct {
	At time.Time `json:"at"`
	// Charged and Fee are set when approved; Auto when a timer approved it.
	Charged int64 `json:"charged,omitempty"`
	Fee     int64 `json:"fee,omitempty"`
	Auto    bool  `json:"auto,omitempty"`
	// Outcome and Reason are an operator's who has ended the task; "" otherwise.
	Outcome string `json:"outcome,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// TakenBack is what operators have since taken back of what the worker was paid.
	TakenBack int64 `json:"taken_back,omitempty"`
	// Rating (1–5, 0 for none) and Feedback are given by the poster to the worker.
	Rating   int    `json:"rating,omitempty"`
	Feedback string `json:"feedback,omitempty"`
	// PosterRating and PosterFeedback are given by the worker to the poster.
	PosterRating   int    `json:"poster_rating,omitempty"`
	PosterFeedback string `json:"poster_feedback,omitempty"`
}

// Result is the text of one delivery, written once.
type Result struct {
	Task TaskID
	No   int
	Text string
}

// Role is what an agent has been on a task. An agent keeps its first role: one
// that matched or verified a task never works on it, and one that worked on it
// never matches or verifies it (rule 6.8).
type Role string

// The roles that exclude each other.
const (
	RoleNone   Role = ""
	RoleWorker Role = "worker"
	RoleInfra  Role = "infra"
)

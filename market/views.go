package market

import "log/slog"

// The types in this file are what operations return. Their JSON form is the
// one of the HTTP API, in which what is absent is null or left out and never "".
// Where no value can be zero, zero is what says absent: an empty text or id, the zero
// Time, 0 credits charged. Only what may be zero is behind a pointer.

// Me is an agent's own profile.
type Me struct {
	ID             AgentID  `json:"id"`
	Name           string   `json:"name"`
	Credits        int64    `json:"credits"`
	Reputation     float64  `json:"reputation"`
	TasksPosted    int64    `json:"tasks_posted"`
	TasksCompleted int64    `json:"tasks_completed"`
	GoodAt         string   `json:"good_at,omitzero"`
	Tags           []string `json:"tags"`
	// TagsBy says where Tags come from; "" when there are none.
	TagsBy             TagSource `json:"tags_by,omitzero"`
	AcceptsSystemTasks bool      `json:"accepts_system_tasks"`
	WebhookURL         string    `json:"webhook_url,omitzero"`
	// OpenClaims counts the claims without a delivery that waits for review.
	OpenClaims int64 `json:"open_claims"`
	// Strikes counts the claims given up or lapsed since the last block, and
	// BlockedUntil is when pickup is possible again; zero when it is now.
	Strikes      int  `json:"strikes"`
	BlockedUntil Time `json:"blocked_until,omitzero"`
	// KeyCreatedAt is when the agent got its present key: how old that is.
	KeyCreatedAt Time `json:"key_created_at"`
}

// TagSource says who gave an agent its capability tags.
type TagSource string

// The sources of capability tags: the agent itself, or an infra agent that read
// its good_at.
const (
	TagsDeclared  TagSource = "declared"
	TagsExtracted TagSource = "extracted"
)

// PosterRecord counts the deliveries that a poster approved and rejected, so that
// a worker sees how its poster reviews. An approval by the timer counts like the
// poster's own.
type PosterRecord struct {
	Approved int64 `json:"approved"`
	Rejected int64 `json:"rejected"`
}

// PublicProfile is what anybody may know of an agent.
type PublicProfile struct {
	ID             AgentID      `json:"id"`
	Name           string       `json:"name"`
	Reputation     float64      `json:"reputation"`
	TasksCompleted int64        `json:"tasks_completed"`
	RatingCount    int64        `json:"rating_count"`
	GoodAt         string       `json:"good_at,omitzero"`
	Tags           []string     `json:"tags"`
	AsPoster       PosterRecord `json:"as_poster"`
	// ReputationByTag is filled in by Agent, not in search results.
	ReputationByTag []TagReputation `json:"reputation_by_tag,omitzero"`
}

// TagReputation is the mean rating received as worker on tasks with a tag.
type TagReputation struct {
	Tag       string  `json:"tag"`
	AvgRating float64 `json:"avg_rating"` // 2 decimals
	Count     int64   `json:"count"`
}

// AgentList is a page of agents. Total counts up to 10,000; TotalMore says
// that there are more.
type AgentList struct {
	Agents    []PublicProfile `json:"agents"`
	Total     int             `json:"total"`
	TotalMore bool            `json:"total_more,omitempty"`
}

// TagDemand is what is known of a tag, in lower case. OpenTasks counts the tasks with it
// that wait to be claimed, Agents those who have it. The others are about what was
// approved in the last 30 days, and nil where fewer than 5 posters are behind them:
// the median of max_credits, the median times from posting to the claim and to the
// approval, with 2 decimals, and how many tasks that was, of the newest 10,000.
type TagDemand struct {
	Tag                     string   `json:"tag"`
	OpenTasks               int      `json:"open_tasks"`
	Agents                  int      `json:"agents"`
	MedianCredits           *int64   `json:"median_credits"`
	MedianMinutesToClaim    *float64 `json:"median_minutes_to_claim"`
	MedianMinutesToApproval *float64 `json:"median_minutes_to_approval"`
	Approved30d             *int64   `json:"approved_30d"`
}

// TagList is a page of tags. Total counts those listed; TotalMore says that open tasks
// have more than are listed.
type TagList struct {
	Tags      []TagDemand `json:"tags"`
	Total     int         `json:"total"`
	TotalMore bool        `json:"total_more,omitempty"`
}

// Estimate are quartiles of the max_credits of similar tasks that were approved in the
// last 30 days, and how many those are; nil where fewer than 5 posters are behind them.
type Estimate struct {
	MedianCredits *int64 `json:"median_credits"`
	P25           *int64 `json:"p25"`
	P75           *int64 `json:"p75"`
	Tasks         *int64 `json:"tasks"`
}

// Registration is the answer to Register. APIKey is shown this once, and in JSON
// alone.
type Registration struct {
	AgentID AgentID `json:"agent_id"`
	APIKey  APIKey  `json:"api_key"`
	Credits int64   `json:"credits"`
	Message string  `json:"message"`
}

// LogValue leaves out the key, which a handler that logs JSON would show.
func (r Registration) LogValue() slog.Value {
	return slog.GroupValue(slog.String("agent_id", string(r.AgentID)), slog.Int64("credits", r.Credits))
}

// Task is a task as its parties see it. Strangers see the part of it that
// a browse item shows, and the status (rule 4.15).
type Task struct {
	TaskID         TaskID   `json:"task_id"`
	Status         Status   `json:"status"`
	Need           string   `json:"need"`
	Context        string   `json:"context,omitzero"`
	Result         string   `json:"result,omitzero"`
	CreditsCharged int64    `json:"credits_charged,omitzero"`
	MaxCredits     int64    `json:"max_credits"`
	Tags           []string `json:"tags"`
	// ExternalID and Metadata are the poster's, shown to both parties.
	ExternalID string            `json:"external_id,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	// OfferTo are the agents that a direct hire is for, shown to both parties; OpensAt
	// is when it becomes everybody's.
	OfferTo []AgentID `json:"offer_to,omitempty"`
	// Hired says to an agent that is no party yet that it is one of those asked by name; it
	// then has OpensAt too.
	Hired       bool    `json:"hired,omitempty"`
	OpensAt     Time    `json:"opens_at,omitzero"`
	PosterID    AgentID `json:"poster_id"`
	WorkerID    AgentID `json:"worker_id,omitzero"`
	Deadline    Time    `json:"deadline,omitzero"`
	CreatedAt   Time    `json:"created_at"`
	ClaimedAt   Time    `json:"claimed_at,omitzero"`
	DeliveredAt Time    `json:"delivered_at,omitzero"`
	ApprovedAt  Time    `json:"approved_at,omitzero"`
	// EndedAt is when the task was approved, expired or cancelled.
	EndedAt Time `json:"ended_at,omitzero"`
	// ExpiresAt is set while the task is posted.
	ExpiresAt Time `json:"expires_at,omitzero"`
	// The timeouts in force, the task's own or the market's; 0 for never.
	ClaimTimeout  Minutes `json:"claim_timeout_minutes,omitzero"`
	ReviewTimeout Minutes `json:"review_timeout_minutes,omitzero"`
	// Fee and WorkerReceives are what an approval takes and pays: set from
	// delivery on, final once approved.
	Fee            *int64 `json:"fee"`
	WorkerReceives *int64 `json:"worker_receives"`
	// PosterRecord is nil on system tasks.
	PosterRecord *PosterRecord `json:"poster_record"`

	PosterReputation *float64 `json:"poster_reputation,omitempty"` // to strangers
	ClaimDeadline    Time     `json:"claim_deadline,omitzero"`
	// Progress is what the worker has last told of the claim.
	Progress *Progress `json:"progress,omitempty"`
	// ReviewDeadline is when a timer approves a delivered task.
	ReviewDeadline         Time   `json:"review_deadline,omitzero"`
	RejectionReason        string `json:"rejection_reason,omitempty"`
	RejectionFeedback      string `json:"rejection_feedback,omitempty"`
	RejectionCount         int    `json:"rejection_count"`
	RejectionGraceDeadline Time   `json:"rejection_grace_deadline,omitzero"`
	Rating                 int    `json:"rating,omitzero"`
	Feedback               string `json:"feedback,omitempty"`
	// PosterRating and PosterFeedback are the worker's of its poster (Rate), shown to both
	// parties; Rating and Feedback are the poster's of the work.
	PosterRating   int           `json:"poster_rating,omitzero"`
	PosterFeedback string        `json:"poster_feedback,omitempty"`
	Verification   *Verification `json:"verification,omitempty"`
	// Resolution is set on a task that an operator has ended.
	Resolution *Resolution `json:"resolution,omitempty"`
	// CreditsTakenBack is what operators have since taken back of what the worker received.
	CreditsTakenBack int64      `json:"credits_taken_back,omitempty"`
	SystemTaskType   SystemType `json:"system_task_type,omitempty"`
	ParentTaskID     TaskID     `json:"parent_task_id,omitempty"`
	// AnswerUsed says of an approved system task whether its answer had an effect;
	// Feedback says why not.
	AnswerUsed *bool `json:"answer_used,omitempty"`
	// TextsPruned says that need, context and talk are not kept any more: 7 days
	// after the task was cancelled or expired.
	TextsPruned bool `json:"texts_pruned,omitempty"`
	// Strikes and BlockedUntil are set in the answer to Abandon: the worker's
	// standing after it.
	Strikes      *int `json:"strikes,omitempty"`
	BlockedUntil Time `json:"blocked_until,omitzero"`
	// Actions are what the caller may do to the task now; not in lists. Like the rest of
	// it, a repeat has those of the first answer.
	Actions []Action `json:"actions,omitempty"`
}

// Resolution is how an operator has ended a task, and why.
type Resolution struct {
	Outcome TaskOutcome `json:"outcome"`
	Reason  string      `json:"reason"`
}

// Progress is a sign of life from the worker, with the last note and percentage.
type Progress struct {
	At      Time   `json:"at"`
	Note    string `json:"note,omitempty"`
	Percent *int   `json:"percent,omitempty"`
}

// Posted is the answer to Post. Task is set when the caller waited: the task as
// it was delivered or has ended, or as it stood when the time was up; and when the
// poster had it already, as it is now.
type Posted struct {
	TaskID TaskID `json:"task_id"`
	Status Status `json:"status"`
	Need   string `json:"need"`
	// MaxCredits is now in escrow. Balance is what that left to the poster, by its
	// account as loaded for the operation.
	MaxCredits int64 `json:"max_credits"`
	Balance    int64 `json:"balance"`
	ExpiresAt  Time  `json:"expires_at,omitzero"`
	Deadline   Time  `json:"deadline,omitzero"`
	// Existing says that the poster had this task under its external id already: status
	// and times are as they are now, Balance as it was then.
	Existing bool  `json:"existing,omitempty"`
	Task     *Task `json:"-"`
	// Actions are what the poster may do now; not in a batch.
	Actions []Action `json:"actions,omitempty"`
}

// PostedBatch has an element for each task of a batch, in its order.
type PostedBatch struct {
	Tasks []PostedItem `json:"tasks"`
	Total int          `json:"total"`
}

// PostedItem is a task of a batch as it was posted, or why it was not.
type PostedItem struct {
	Posted
	// Err is an *Error that names the element in its Field, or nil. With it there is no
	// task. It is set only with PostBatchInput.Each.
	Err error `json:"-"`
}

// TaskList is a page of tasks.
type TaskList struct {
	Tasks []Task `json:"tasks"`
	Total int    `json:"total"`
	// NextOffset is where the next page begins when this one ended early, because of
	// its size or because enough was looked through (MineQuery.Metadata), else 0.
	NextOffset int `json:"next_offset,omitempty"`
	// TotalMore says that older tasks were not put in order (MineOrder).
	TotalMore bool `json:"total_more,omitempty"`
}

// BrowseItem is an open task as it is offered to one agent.
type BrowseItem struct {
	TaskID           TaskID   `json:"task_id"`
	Need             string   `json:"need"`
	Context          string   `json:"context,omitzero"`
	MaxCredits       int64    `json:"max_credits"`
	Tags             []string `json:"tags"`
	CreatedAt        Time     `json:"created_at"`
	PosterID         AgentID  `json:"poster_id"`
	PosterReputation float64  `json:"poster_reputation"`
	IsMatched        bool     `json:"is_matched"`
	// Hired says that the agent is one of those that a direct hire asks by name.
	Hired bool `json:"hired,omitempty"`
	// MatchRank starts at 0, nil when not matched.
	MatchRank      *int `json:"match_rank"`
	RejectionCount int  `json:"rejection_count"`
	Deadline       Time `json:"deadline,omitzero"`
	// The timeouts in force; 0 for never.
	ClaimTimeout  Minutes      `json:"claim_timeout_minutes,omitzero"`
	ReviewTimeout Minutes      `json:"review_timeout_minutes,omitzero"`
	PosterRecord  PosterRecord `json:"poster_record"`
}

// BrowseList is a page of offers, best first. Total counts what the agent could
// be offered with the same filters, exactly up to 10,000; TotalMore says that
// there are more.
type BrowseList struct {
	Tasks     []BrowseItem `json:"tasks"`
	Total     int          `json:"total"`
	TotalMore bool         `json:"total_more,omitempty"`
	// Nothing says why Total is 0, if it is.
	Nothing *Nothing `json:"nothing,omitempty"`
	// NextOffset is where the next page begins when this one ended early because
	// of its size, else 0.
	NextOffset int `json:"next_offset,omitempty"`
}

// Explanation is the answer to Explain.
type Explanation struct {
	// Offered says that a pickup may give the agent the task now.
	Offered bool `json:"offered"`
	// Phase is 1 for a task that was matched to the agent and 2 for one that everybody
	// is offered; 0 when it is not offered.
	Phase int `json:"phase,omitzero"`
	// Position is the task's place among the agent's offers, 1 for the best; 0 beyond
	// the first 100.
	Position int `json:"position,omitzero"`
	// Reason says why the task is not offered: wrong_state, already_claimed, own_task,
	// role_conflict, poster_suspended, cooldown, too_many_claims, head_start, filtered.
	Reason Code `json:"reason,omitzero"`
	// Until is when that ends by itself, if it does.
	Until Time `json:"until,omitzero"`
}

// Pickup is a task that the caller has just claimed.
type Pickup struct {
	TaskID     TaskID   `json:"task_id"`
	Need       string   `json:"need"`
	Context    string   `json:"context,omitzero"`
	MaxCredits int64    `json:"max_credits"`
	PosterID   AgentID  `json:"poster_id"`
	Tags       []string `json:"tags"`
	// Metadata is the poster's.
	Metadata         map[string]string `json:"metadata,omitempty"`
	CreatedAt        Time              `json:"created_at"`
	PosterReputation float64           `json:"poster_reputation"`
	Deadline         Time              `json:"deadline,omitzero"`
	RejectionCount   int               `json:"rejection_count"`
	// ClaimedAt tells the claim from later ones of the same agent.
	ClaimedAt     Time `json:"claimed_at,omitzero"`
	ClaimDeadline Time `json:"claim_deadline,omitzero"`
	// The timeouts in force; 0 for never.
	ClaimTimeout  Minutes `json:"claim_timeout_minutes,omitzero"`
	ReviewTimeout Minutes `json:"review_timeout_minutes,omitzero"`
	// PosterRecord is nil on system tasks.
	PosterRecord   *PosterRecord `json:"poster_record"`
	SystemTaskType SystemType    `json:"system_task_type,omitempty"`
	ParentTaskID   TaskID        `json:"parent_task_id,omitempty"`
	// Actions are what the worker may do now; not where several are picked up.
	Actions []Action `json:"actions,omitempty"`
	// Nothing says why there is no task, where Pickup gives none; nil while the board is
	// loading. Over HTTP it is in headers.
	Nothing *Nothing `json:"-"`
}

// PickupList is the answer to a batch pickup; it may be empty.
type PickupList struct {
	Tasks []Pickup `json:"tasks"`
	Total int      `json:"total"`
	// Nothing says why it is empty, if it is.
	Nothing *Nothing `json:"nothing,omitempty"`
}

// Rated is the answer to Rate.
type Rated struct {
	TaskID   TaskID  `json:"task_id"`
	RatedID  AgentID `json:"rated_id"`
	Rating   int     `json:"rating"`
	Feedback string  `json:"feedback,omitempty"`
}

// Question is a question and its answer.
type Question struct {
	ID         QuestionID `json:"id"`
	TaskID     TaskID     `json:"task_id"`
	AskerID    AgentID    `json:"asker_id"`
	Question   string     `json:"question"`
	Answer     string     `json:"answer,omitzero"`
	CreatedAt  Time       `json:"created_at"`
	AnsweredAt Time       `json:"answered_at,omitzero"`
}

// QuestionList is a page of questions, oldest first.
type QuestionList struct {
	Questions []Question `json:"questions"`
	Total     int        `json:"total"`
	// NextOffset is where the next page begins when this one ended early because
	// of its size, else 0.
	NextOffset int `json:"next_offset,omitempty"`
}

// Message is a message between poster and worker.
type Message struct {
	ID        MessageID `json:"id"`
	TaskID    TaskID    `json:"task_id"`
	SenderID  AgentID   `json:"sender_id"`
	Message   string    `json:"message"`
	CreatedAt Time      `json:"created_at"`
}

// MessageList is a page of messages, oldest first.
type MessageList struct {
	Messages []Message `json:"messages"`
	Total    int       `json:"total"`
	// NextOffset is where the next page begins when this one ended early because
	// of its size, else 0.
	NextOffset int `json:"next_offset,omitempty"`
}

// LedgerEntry is an entry as its owner sees it.
type LedgerEntry struct {
	ID     EntryID   `json:"id"`
	Amount int64     `json:"amount"` // signed
	Reason EntryKind `json:"reason"`
	TaskID TaskID    `json:"task_id,omitzero"`
	// Fee is what the platform kept of a payment; Amount is net of it.
	Fee *int64 `json:"fee,omitempty"`
	// BalanceAfter is what the agent had after it.
	BalanceAfter int64  `json:"balance_after"`
	Note         string `json:"note,omitempty"`
	CreatedAt    Time   `json:"created_at"`
}

// Credits is an agent's balance and a page of its ledger, newest first.
type Credits struct {
	Balance  int64 `json:"balance"`
	Escrowed int64 `json:"escrowed"`
	// Total counts the ledger's entries.
	Total  int           `json:"total"`
	Ledger []LedgerEntry `json:"ledger"`
}

// Stats is an agent's earnings dashboard (rule 3.8).
type Stats struct {
	TotalEarned    int64         `json:"total_earned"`
	TotalSpent     int64         `json:"total_spent"`
	TotalFeesPaid  int64         `json:"total_fees_paid"`
	ApprovalRate   *float64      `json:"approval_rate"`
	AvgTaskValue   *float64      `json:"avg_task_value"`
	TasksByTag     []TagEarnings `json:"tasks_by_tag"`
	Recent7dEarned int64         `json:"recent_7d_earned"`
	Recent30d      int64         `json:"recent_30d_earned"`
}

// TagEarnings is what an agent earned with one tag, net.
type TagEarnings struct {
	Tag    string `json:"tag"`
	Count  int64  `json:"count"`
	Earned int64  `json:"earned"`
}

// TrustScore is the caller's trust in another agent.
type TrustScore struct {
	TrustedID    AgentID `json:"trusted_id"`
	Score        float64 `json:"score"`
	Interactions int64   `json:"interactions"`
	UpdatedAt    Time    `json:"updated_at"`
}

// TrustList is a page of trust scores, highest first.
type TrustList struct {
	TrustScores []TrustScore `json:"trust_scores"`
	Total       int          `json:"total"`
}

// Reported is the answer to ReportTask.
type Reported struct {
	ReportID ReportID     `json:"report_id"`
	TaskID   TaskID       `json:"task_id"`
	Reason   string       `json:"reason"`
	Status   ReportStatus `json:"status"`
}

// Report is a report as the operator sees it.
type Report struct {
	ID       ReportID     `json:"report_id"`
	Task     TaskID       `json:"task_id"`
	Reporter AgentID      `json:"reporter_id"`
	Reason   string       `json:"reason"`
	Status   ReportStatus `json:"status"`
	// Note is the operator's, written when the report is resolved.
	Note       string `json:"note,omitempty"`
	CreatedAt  Time   `json:"created_at"`
	ResolvedAt Time   `json:"resolved_at,omitzero"`
}

// ReportList is a page of reports for the operator, newest first.
type ReportList struct {
	Reports []Report `json:"reports"`
	Total   int      `json:"total"`
	// NextOffset is where the next page begins when this one ended early because
	// of its size, else 0.
	NextOffset int `json:"next_offset,omitempty"`
}

// Suspension is the answer to Suspend.
type Suspension struct {
	AgentID   AgentID `json:"agent_id"`
	Suspended bool    `json:"suspended"`
	Message   string  `json:"message"`
	Already
}

// Appointment is the answer to AppointInfra.
type Appointment struct {
	AgentID AgentID `json:"agent_id"`
	Infra   bool    `json:"infra"`
	Already
}

// Already tells an operator that an agent was already what the operator made it (rule 15.16).
type Already struct {
	Was bool `json:"was_already,omitempty"`
	// Before is the newest act that had made it so, if it is among the newest 100 about the
	// agent; nil where nobody had.
	Before *OperatorAction `json:"before,omitempty"`
	// Unchanged says that the operator's act has changed nothing; the log has no entry of it.
	Unchanged bool `json:"unchanged,omitempty"`
}

// DeadLetter is an event that could not be delivered to the agent's webhook.
type DeadLetter struct {
	EventID  string    `json:"event_id"`
	Event    EventType `json:"event"`
	TaskID   TaskID    `json:"task_id,omitempty"`
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"`
	FailedAt Time      `json:"failed_at"`
}

// DeadLetterList is a page of dead letters, newest first.
type DeadLetterList struct {
	Dead  []DeadLetter `json:"dead"`
	Total int          `json:"total"`
}

// AuditReport is what a replay of the ledger found (rule 3.10). The books
// are right when Problems is empty.
type AuditReport struct {
	OK       bool  `json:"ok"`
	Agents   int   `json:"agents"`
	Tasks    int   `json:"tasks"`
	Entries  int   `json:"entries"`
	Platform int64 `json:"platform"` // balance of the issuer
	// Issued, SystemPay and Fees are the parts of Platform, which is Fees − Issued −
	// SystemPay. Issued is bonuses and grants, SystemPay is pay for system tasks,
	// Fees is the platform's share of payments.
	Issued    int64 `json:"issued"`
	SystemPay int64 `json:"system_pay"`
	Fees      int64 `json:"fees"`
	Balances  int64 `json:"balances"` // sum over all agents
	Escrow    int64 `json:"escrow"`   // sum over all tasks
	// Sum over all accounts must be 0.
	Sum int64 `json:"sum"`
	// Problems names each account and each total that does not agree, at most 100.
	Problems []string `json:"problems,omitempty"`
}

// Overview is what the public dashboard shows in numbers.
type Overview struct {
	Open       int64 `json:"open"`
	InProgress int64 `json:"in_progress"`
	Done       int64 `json:"done"`
	Escrowed   int64 `json:"credits_in_escrow"`
	Agents     int64 `json:"agents"`
	// Tasks are the tasks that everybody is shown, by state.
	Tasks TasksByState `json:"tasks"`
}

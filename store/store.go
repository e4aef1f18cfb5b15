package store

import (
	"context"
	"errors"
	"time"
)

// The most that one call accepts. A store refuses more with ErrTooMany and then
// changes nothing.
const (
	// MaxFirst is how many Changes CommitFirst takes.
	MaxFirst = 8
	// MaxEach is how many Changes CommitEach takes.
	MaxEach = 100
	// MaxIDs is how many ids Tasks and Agents take.
	MaxIDs = 1_000
	// MaxDeadTotal is how many dead letters of all agents are counted.
	MaxDeadTotal = 10_000
	// MaxOffset is the highest offset of a page.
	MaxOffset = 1<<31 - 1
)

// ErrTooMany is the error of a call that was given more than it accepts.
var ErrTooMany = errors.New("store: more than one call takes")

// Store keeps a marketplace. It commits Changes atomically, guards them, reads
// by key and in pages, and keeps the feed; it knows no rule of the marketplace
// and asks no clock. One that several programs share may be a Relay as well. Run
// storetest.Run to see whether an implementation keeps the promises made here.
//
// All methods may be called by many goroutines and by many processes on the same marketplace at
// once. Callers pass instants in UTC and in whole microseconds, and get them back in the same
// form. Absence is a nil pointer or an empty slice, never an error. A failed guard is a
// *Conflict; ErrFeedTruncated is named below; every other error means that the store could not
// be reached or failed, and that the outcome of a commit may be unknown. Identifiers that
// differ only by case are different; one that holds NUL or is no valid UTF-8 is unknown, like
// any other that does not exist. Offsets go up to MaxOffset. Platform is not an agent: what a
// list returns for it is unspecified. What a method returns is shared and must not be changed
// by the caller.
type Store interface {
	Committer
	Reader
	FeedReader
	TimerQueue
	WebhookQueue
	Keeper
}

// Committer writes.
type Committer interface {
	// Commit writes all of the Change or nothing, in one round trip. A failed
	// guard is a *Conflict. After it returns nil, every read sees the Change.
	Commit(ctx context.Context, c *Change) (Committed, error)
	// CommitFirst tries at most MaxFirst complete Changes in order, commits the first
	// whose guards all hold, and returns its index; the others leave no trace.
	// One round trip. When none holds, index is −1, errs has each one's
	// *Conflict in order, and err is nil.
	CommitFirst(ctx context.Context, cs []*Change) (index int, done Committed, errs []error, err error)
	// CommitEach commits each Change on its own, in order; one that fails stops
	// no other. errs has an element for each: nil, a *Conflict, or a failure.
	// One round trip. At most MaxEach Changes.
	CommitEach(ctx context.Context, cs []*Change) (done []Committed, errs []error)
}

// Reader reads by key and in pages. Each method is one round trip, and its
// cost does not depend on what else is stored.
type Reader interface {
	// Load reads what one decision needs, all of it as of one instant: it never
	// returns a changed task without the idempotency record that was committed with
	// the change.
	Load(ctx context.Context, q LoadQuery) (*Loaded, error)
	// Admit finds the agent of an API key, or one by its id, and charges a rate limit.
	Admit(ctx context.Context, a Admission) (Admitted, error)
	// Tasks returns the tasks with need and context, in the order of ids;
	// unknown ids are left out. At most MaxIDs ids.
	Tasks(ctx context.Context, ids []TaskID) ([]StoredTask, error)
	// TasksOf pages through the tasks of one agent, highest Seq first. A page ends
	// early, but not before its first task, where the next one would make its
	// needs, contexts and results longer than q.MaxBytes.
	TasksOf(ctx context.Context, q TasksQuery) (TasksPage, error)
	// Agents returns the agents in the order of ids; unknown ids are left out.
	// At most MaxIDs ids.
	Agents(ctx context.Context, ids []AgentID) ([]*Agent, error)
	// Ledger pages through the entries of one agent, highest Seq first.
	Ledger(ctx context.Context, q PageQuery) (LedgerPage, error)
	// Stats returns an agent's account and statistics. q.Since are instants:
	// EarnedAt[i] is Entry.Earned of the agent's last entry (by Seq) whose At
	// is not after Since[i], or 0.
	Stats(ctx context.Context, q StatsQuery) (StatsRow, error)
	// TrustOf pages through the pairs from one agent: highest score first, then
	// the trusted agent's id ascending.
	TrustOf(ctx context.Context, q PageQuery) (TrustPage, error)
	// Events returns an agent's events with Seq > after, ascending.
	Events(ctx context.Context, agent AgentID, after int64, limit int) (EventPage, error)
	// Reports pages through reports, newest first; status "" is all of them.
	Reports(ctx context.Context, status ReportStatus, limit, offset int) (ReportPage, error)
}

// LoadQuery says what to load. Parts that are zero are not loaded.
type LoadQuery struct {
	// Now is the caller's instant; it decides what is due and expired.
	Now time.Time
	// Caller loads that agent and the ids of its due tasks.
	Caller AgentID
	// Agent loads another agent.
	Agent AgentID
	// External, when Agent is not set, loads the agent with that ExternalID as Agent.
	External string
	// Task loads a task with its parties and its relatives.
	Task TaskID
	// Text adds the task's texts, Trust the pairs between its parties, Role the
	// caller's role on it, with its lapse (on its parent, when it is a system
	// task).
	Text, Trust, Role bool
	// Results, at most MaxEach numbers of deliveries, loads those of their results that
	// are kept, in the order asked for.
	Results []int
	// Question loads one question of the task.
	Question QuestionID
	// Questions and Messages, when not nil, load a page of the task's questions or
	// messages, oldest first.
	Questions, Messages *TalkQuery
	// TrustIn loads every pair toward the caller.
	TrustIn bool
	// Idempotency loads the record under a key unless it has expired by Now: at
	// ExpiresAt it has.
	Idempotency *IdempotencyID
	// Records, at most MaxEach, loads those of further records that there are, in the
	// order asked for.
	Records []IdempotencyID
	// Report loads a report.
	Report ReportID
}

// TalkQuery is a page of questions or messages. Limit is at least 1.
type TalkQuery struct {
	Limit, Offset int
	// Worker, when set, leaves out messages of other workers' claims.
	Worker AgentID
}

// Loaded is the answer to a LoadQuery. What does not exist is nil or zero.
type Loaded struct {
	Caller, Agent *Agent
	// Due are the ids of at most 100 tasks with the caller as poster or worker
	// whose NextDue is not after Now, the longest due first.
	Due  []TaskID
	Task *Task
	Text TaskText
	// Poster and Worker are the task's parties; nil for Platform and nobody.
	// Subject is the agent that a system task is about.
	Poster, Worker, Subject *Agent
	// Parent is the parent of a system task; Children are the tasks named in
	// Task.Children.
	Parent   *Task
	Children []*Task
	// PosterTrust is poster→worker, WorkerTrust worker→poster; a pair that is not
	// stored is a NeutralPair.
	PosterTrust, WorkerTrust TrustPair
	Role                     Role
	// Lapse is the lapse stored with Role; nil when there is none.
	Lapse     *Lapse
	Results   []Result
	Question  *Question
	Questions []Question
	Messages  []Message
	// TalkTotal counts the questions or messages before paging (questions win
	// when both were asked for).
	TalkTotal   int
	TrustIn     []TrustPair
	Idempotency *IdempotencyRecord
	Records     []*IdempotencyRecord
	Report      *Report
}

// Admission asks, before a request is served, whose key it carries and whether
// its rate limit allows it.
type Admission struct {
	Now time.Time
	// Key, when set, is looked up: an agent's own key, or the one before it while
	// Profile.OldKeyUntil is after Now.
	Key *KeyDigest
	// Agent, when set and Key is not, is looked up by its id.
	Agent AgentID
	// Charge, when set, is charged. With Key or Agent it is charged to the agent found
	// (the bucket is Bucket and the agent's id, whichever of the two found it), and not
	// at all when there is no such agent.
	Charge *Charge
}

// Charge takes one unit from a bucket that refills evenly and holds Burst: the
// generic cell rate algorithm, whose whole state is one instant per bucket.
type Charge struct {
	Bucket string
	// Every is the time in which one unit comes back.
	Every time.Duration
	// Burst is how many units a full bucket holds, at least 1.
	Burst int
}

// Admitted is the answer to an Admission.
type Admitted struct {
	// Agent is nil when no agent has the key or the id.
	Agent *Agent
	// Allowed is false when the bucket was empty; then nothing was charged.
	// True when there was no charge.
	Allowed bool
	// Remaining units; RetryAfter until one is back (0 when allowed);
	// ResetAfter until the bucket is full.
	Remaining              int
	RetryAfter, ResetAfter time.Duration
}

// StoredTask is a task with its need and context.
type StoredTask struct {
	Task *Task
	Text TaskText
	// Infra are the agents with RoleInfra on the task, in no promised order.
	Infra []AgentID
	// Due is the instant at which TimerQueue.Due returns the task: its NextDue,
	// unless the store's index is wrong. Only ScanTasks sets it.
	Due time.Time
}

// TasksQuery selects the tasks of Agent as poster, as current or last worker
// (Task.Worker), or both when Role is PartyAny; and in one Status, or all when "".
type TasksQuery struct {
	Agent         AgentID
	Role          PartyRole
	Status        Status
	Limit, Offset int
	// MaxBytes bounds the texts of the page, 0 for no bound.
	MaxBytes int
	Now      time.Time
}

// PartyRole selects tasks by what the agent is to them.
type PartyRole string

// The values of TasksQuery.Role.
const (
	PartyAny    PartyRole = ""
	PartyPoster PartyRole = "poster"
	PartyWorker PartyRole = "worker"
)

// TasksPage is a page of tasks with all their texts (TaskText.Result included).
type TasksPage struct {
	Tasks []StoredTask
	// Total counts before paging, exactly.
	Total int
	// Due is as in Loaded, for the queried agent at Now.
	Due []TaskID
}

// PageQuery is a page of what belongs to one agent. Due is as in Loaded at Now.
type PageQuery struct {
	Agent         AgentID
	Limit, Offset int
	Now           time.Time
}

// LedgerPage is a page of entries with the account as it was when they were
// read; nil Account when there is no such agent.
type LedgerPage struct {
	Account *Account
	Entries []Entry
	Total   int
	Due     []TaskID
}

// StatsQuery is described at Reader.Stats.
type StatsQuery struct {
	Agent AgentID
	Since []time.Time
	Now   time.Time
}

// StatsRow is described at Reader.Stats. Agent is nil when there is none.
type StatsRow struct {
	Agent    *Agent
	Tags     []TagStat // in no promised order
	EarnedAt []int64
	Due      []TaskID
}

// TrustPage is a page of trust pairs.
type TrustPage struct {
	Pairs []TrustPair
	Total int
	Due   []TaskID
}

// EventPage is a piece of an agent's event log.
type EventPage struct {
	Events []Event
	// Oldest is the number of the oldest event kept, Head + 1 when none is.
	Oldest int64
	// Head is the number of the newest event ever written, 0 for none.
	Head int64
	// Suspended is the agent's present state; also true when the agent does not
	// exist.
	Suspended bool
}

// ReportPage is a page of reports.
type ReportPage struct {
	Reports []Report
	Total   int
}

// Position is a place in the feed. It is opaque, and means something only to
// the store that gave it.
type Position string

// ErrFeedTruncated is returned by FeedReader.Feed when items after the position
// may no longer be kept.
var ErrFeedTruncated = errors.New("store: feed position is no longer kept")

// FeedReader keeps mirrors current.
type FeedReader interface {
	// Feed returns items committed after the position, at most limit and the rest of
	// the Change that the last one belongs to, and the position after them. Items
	// come in any order and, around a position taken while others commit, more than
	// once, but none is ever left out. With after "" it returns no items and the
	// head. ErrFeedTruncated when the position is too old.
	Feed(ctx context.Context, after Position, limit int) (FeedPage, error)
	// ScanOpen pages through the posted tasks in ascending Seq, from after on
	// (exclusive), with need, context and Infra. A page may have fewer than limit; an
	// empty one ends it. Tasks written meanwhile may be missed: read the feed's head
	// first and the feed afterwards.
	ScanOpen(ctx context.Context, after int64, limit int) ([]StoredTask, error)
	// ScanTasks pages through all tasks in the same way, with Due and without texts
	// and Infra.
	ScanTasks(ctx context.Context, after int64, limit int) ([]StoredTask, error)
	// ScanEnded pages through the tasks that have ended, by Ending.At, the last one
	// first, those of one instant in any fixed order; without texts, Infra and Due. Its
	// cost grows with limit and offset only.
	ScanEnded(ctx context.Context, limit, offset int) ([]StoredTask, error)
	// ScanAgents pages through all agents in ascending id.
	ScanAgents(ctx context.Context, after AgentID, limit int) ([]*Agent, error)
}

// FeedPage is described at FeedReader.Feed.
type FeedPage struct {
	Items []FeedItem
	Next  Position
	// More is true when there are items after Next already.
	More bool
}

// TimerQueue finds the tasks that are due.
type TimerQueue interface {
	// Due returns what is due at now, and when something will be due next. Its
	// cost grows with limit only.
	Due(ctx context.Context, now time.Time, limit int) (Agenda, error)
	// Lease gives holder the named lease until then, if nobody else holds it at
	// now; the holder may renew it at any time.
	Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error)
}

// Agenda is the answer of TimerQueue.Due. It also tells an idle process how long
// it may rest.
type Agenda struct {
	// Tasks are the ids of tasks whose NextDue is not after now, the longest due
	// first.
	Tasks []TaskID
	// NextTask is the first NextDue after now; zero when there is none.
	NextTask time.Time
	// NextWebhook is when the first delivery in the queue is due, leased ones
	// included. It may be in the past; zero when there is none.
	NextWebhook time.Time
}

// WebhookQueue holds the events that wait to be delivered to webhooks.
type WebhookQueue interface {
	// LeaseWebhooks takes deliveries that are due at now, oldest first, and makes
	// each due again at until, so that only one process holds it until then, and a
	// crash only delays it. Deliveries of suspended agents and of agents whose
	// WebhookURL is gone are dropped.
	LeaseWebhooks(ctx context.Context, now, until time.Time, limit int) ([]WebhookJob, error)
	// FinishWebhook writes the outcome of a leased delivery. It does nothing
	// and returns false when the lease is no longer the newest.
	FinishWebhook(ctx context.Context, job WebhookJob, out WebhookOutcome) (bool, error)
	// DeadWebhooks pages through an agent's failed deliveries, newest first; with q.Agent
	// "" through those of all agents, of which Total counts MaxDeadTotal at most.
	DeadWebhooks(ctx context.Context, q PageQuery) (DeadPage, error)
	// RedeliverWebhook makes a dead letter due at now, with its count of attempts
	// back at 0. False when the agent has no such dead letter.
	RedeliverWebhook(ctx context.Context, agent AgentID, seq int64, now time.Time) (bool, error)
}

// WebhookJob is one delivery under lease.
type WebhookJob struct {
	Event  Event
	URL    string
	Secret string
	// OldSecret is the secret before a change while that still counts: while
	// Profile.OldSecretUntil is after the now of the lease.
	OldSecret string
	// Attempts made before this one.
	Attempts int
	// Lease tells this lease from later ones.
	Lease int64
}

// WebhookOutcome says how an attempt to deliver ended.
type WebhookOutcome struct {
	// Delivered removes the delivery. Otherwise it is retried at RetryAt, or
	// kept as a dead letter when RetryAt is zero.
	Delivered bool
	RetryAt   time.Time
	// Error says what went wrong, in words that may be shown to the webhook's
	// owner.
	Error string
	// Gone says that the endpoint asked not to be called again. It is for the
	// Market: a store ignores it.
	Gone bool
	At   time.Time
}

// DeadWebhook is a dead letter: a delivery that failed for good.
type DeadWebhook struct {
	Event    Event
	Attempts int
	Error    string
	FailedAt time.Time
}

// DeadPage is a page of dead letters.
type DeadPage struct {
	Dead  []DeadWebhook
	Total int
}

// Keeper is for audits, pruning and the operator's pages.
type Keeper interface {
	// Entries pages through all ledger entries of the marketplace, those
	// without an agent included, each once, in any fixed order; after is "" or
	// the cursor returned before. An empty cursor ends it. With task set, only
	// the entries of that task (in one page).
	Entries(ctx context.Context, task TaskID, after string, limit int) (entries []Entry, next string, err error)
	// EventLog returns the events of all agents with a number above after, ascending.
	// It never returns one while an event with a lower number may still appear, so
	// who has read up to a number has all up to there. Its cost grows with limit only.
	EventLog(ctx context.Context, after int64, limit int) (LogPage, error)
	// Prune deletes a bounded batch of what is older than the query says:
	// events (never their numbering; in the order of the marketplace's log, up to the
	// first that is not older), ended tasks with their texts, talk, roles
	// and reports, feed items and dead deliveries; and of what has ended by Now:
	// idempotency records and rate buckets that are full again. Ledger entries and
	// statistics stay.
	Prune(ctx context.Context, q PruneQuery) (Pruned, error)
	// Totals are for a dashboard; they may be 5 seconds old.
	Totals(ctx context.Context) (Totals, error)
	// Ping answers nil when the store can serve. It reports the server's clock
	// when it has one, else the zero time.
	Ping(ctx context.Context) (time.Time, error)
}

// LogPage is a piece of the log of all agents' events.
type LogPage struct {
	Events []LoggedEvent
	// Pruned is the highest number of an event that was deleted, 0 for none.
	Pruned int64
	// Head is the number after which a reader begins who wants what comes from now
	// on: the event with it, or one with a higher number, was there or is deleted, and
	// whatever was committed after the call has a higher one. 0 when there was none yet.
	Head int64
	// Held is true when events after these are there, and not returned since one with
	// a lower number may still appear.
	Held bool
}

// LoggedEvent is an event with its number in the log of all agents. The numbers
// ascend in the order in which the events happened: each agent's own order is kept,
// and what was committed before another commit began comes first. Some numbers may
// belong to no event.
type LoggedEvent struct {
	Number int64
	Event
}

// PruneQuery says what may be deleted; a zero instant keeps everything of its
// kind. Limit bounds each kind.
type PruneQuery struct {
	Now          time.Time
	EventsBefore time.Time
	// EndedBefore is compared to Task.Ending.At.
	EndedBefore time.Time
	FeedBefore  time.Time
	// DeadBefore is compared to DeadWebhook.FailedAt.
	DeadBefore time.Time
	Limit      int
}

// Pruned counts what Prune deleted, which is not what a store has let go by itself.
// More is true when a limit was reached.
type Pruned struct {
	Events  int  `json:"events"`
	Tasks   int  `json:"tasks"`
	Records int  `json:"idempotency_records"`
	Feed    int  `json:"feed"`
	Dead    int  `json:"dead_letters"`
	More    bool `json:"-"`
}

// Totals are numbers over the whole marketplace. System tasks are left out of
// Tasks and Escrowed, and out of Tasks those that are not Task.Counted.
type Totals struct {
	Tasks map[Status]int64
	// Sealed are the tasks that are Task.Sealed; nil where data of an earlier version
	// was not counted.
	Sealed   map[Status]int64
	Escrowed int64
	Agents   int64
	// Platform sums the amounts that moved to or from the platform's account, by kind;
	// nil where data of an earlier version was not counted.
	Platform map[EntryKind]int64
	// Seq is at least the highest Task.Seq ever assigned.
	Seq int64
}

// All are the tasks by status, the sealed ones too.
func (t *Totals) All() map[Status]int64 {
	all := make(map[Status]int64, len(t.Tasks))
	for _, status := range Statuses() {
		all[status] = t.Tasks[status] + t.Sealed[status]
	}
	return all
}

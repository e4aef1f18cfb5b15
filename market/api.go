package market

import (
	"context"
	"iter"
	"time"
)

// AgentAPI is the marketplace as one agent sees it: what Market.As returns and
// what the HTTP client satisfies, so that a program moves from one to the
// other by changing one line. Every error is an *Error or the context's.
//
// WithIdempotencyKey makes the operations that change something safe to repeat.
type AgentAPI interface {
	// ID is the agent's own id.
	ID() AgentID

	// Me returns the agent's own profile.
	Me(ctx context.Context) (Me, error)
	// UpdateMe changes the fields that are set.
	UpdateMe(ctx context.Context, in UpdateInput) (Me, error)
	// RotateKey gives the agent another key, beside which the one before works for a
	// while. It takes no idempotency key.
	RotateKey(ctx context.Context, in RotateInput) (KeyRotation, error)
	// Credits returns the balance and a page of the ledger, newest first; limit
	// 1–100, default 50.
	Credits(ctx context.Context, p Page) (Credits, error)
	// Stats returns the earnings dashboard.
	Stats(ctx context.Context) (Stats, error)
	// Trust returns the agent's trust in others, highest first; limit 1–100,
	// default 100.
	Trust(ctx context.Context, p Page) (TrustList, error)

	// Post delegates a task and escrows its max_credits. With in.Wait it
	// returns when the task is delivered or the time is up, whichever is first;
	// once the task is posted, it never fails.
	Post(ctx context.Context, in PostInput) (Posted, error)
	// PostBatch delegates 1–100 tasks with one commit: all or none, or with in.Each
	// those that can be posted.
	PostBatch(ctx context.Context, in PostBatchInput) (PostedBatch, error)
	// Estimate says what tasks like a draft have cost lately. It posts nothing.
	Estimate(ctx context.Context, in EstimateInput) (Estimate, error)
	// Browse lists what Pickup would offer, best first (rule 6.12).
	Browse(ctx context.Context, q BrowseQuery) (BrowseList, error)
	// Explain says whether Pickup with this filter offers a task, and where among its
	// offers, or why not.
	Explain(ctx context.Context, id TaskID, f Filter) (Explanation, error)
	// Mine lists the agent's own tasks, newest first.
	Mine(ctx context.Context, q MineQuery) (TaskList, error)
	// Task returns a task. If wait is above 0 (at most 5 minutes) and the agent is
	// the task's poster or worker, it returns only when the task is delivered or
	// has ended, or when the time is up.
	Task(ctx context.Context, id TaskID, wait time.Duration) (Task, error)
	// Pickup claims the best task on offer; ok is false when there is none, and
	// p.Nothing says why.
	Pickup(ctx context.Context, f Filter) (p Pickup, ok bool, err error)
	// PickupTask claims one task.
	PickupTask(ctx context.Context, id TaskID) (Pickup, error)
	// PickupBatch claims up to in.Count tasks, each atomically.
	PickupBatch(ctx context.Context, in BatchInput) (PickupList, error)
	// Deliver submits the result of a claimed task.
	Deliver(ctx context.Context, id TaskID, in DeliverInput) (Task, error)
	// Approve pays the worker of a delivered task.
	Approve(ctx context.Context, id TaskID, in ApproveInput) (Task, error)
	// Reject sends a delivery back to its worker.
	Reject(ctx context.Context, id TaskID, in RejectInput) (Task, error)
	// Cancel takes back a posted task and refunds it.
	Cancel(ctx context.Context, id TaskID) (Task, error)
	// Abandon gives back a claimed task.
	Abandon(ctx context.Context, id TaskID) (Task, error)
	// Progress tells that the agent is at work on a task that it has claimed: the
	// claim timeout counts from then.
	Progress(ctx context.Context, id TaskID, in ProgressInput) (Task, error)
	// Rate rates the poster of an approved task.
	Rate(ctx context.Context, id TaskID, in RateInput) (Rated, error)
	// ReportTask tells the operator about a task; reason is 1–5,000 characters.
	ReportTask(ctx context.Context, id TaskID, reason string) (Reported, error)

	// Ask asks a question about a posted task, 1–1,000 characters.
	Ask(ctx context.Context, id TaskID, question string) (Question, error)
	// Answer answers a question about one of the agent's own tasks, once, in
	// 1–5,000 characters.
	Answer(ctx context.Context, id TaskID, q QuestionID, answer string) (Question, error)
	// Questions lists the questions about a task, oldest first; limit 1–1,000,
	// default 1,000.
	Questions(ctx context.Context, id TaskID, p Page) (QuestionList, error)
	// SendMessage writes to the other party, 1–5,000 characters.
	SendMessage(ctx context.Context, id TaskID, text string) (Message, error)
	// Messages lists the conversation, oldest first; limit 1–1,000, default 1,000.
	Messages(ctx context.Context, id TaskID, p Page) (MessageList, error)

	// Events yields the agent's events from after on: an id that was yielded
	// before, or "" for now. When events after that id are no longer kept, one
	// store.EventGap comes first. It ends with the context, or with one error.
	Events(ctx context.Context, after string) iter.Seq2[StreamEvent, error]
	// DeadLetters lists webhook deliveries that failed for good; limit 1–100,
	// default 20.
	DeadLetters(ctx context.Context, p Page) (DeadLetterList, error)
	// Redeliver puts a dead letter back into the queue.
	Redeliver(ctx context.Context, eventID string) error

	// Agent returns a public profile.
	Agent(ctx context.Context, id AgentID) (PublicProfile, error)
	// Agents searches the public profiles.
	Agents(ctx context.Context, q AgentQuery) (AgentList, error)
	// Tags tells which tags are in demand.
	Tags(ctx context.Context, q TagQuery) (TagList, error)
}

// StreamEvent is an event with the opaque id to resume after.
type StreamEvent struct {
	// ID is "" for store.EventGap.
	ID string
	Event
}

type idempotencyKey struct{}

// WithIdempotencyKey returns a context under which one operation that changes
// something runs at most once: the same key and input within 24 hours give the
// first outcome again. Keys are 1–255 characters, scoped to agent and
// operation. Another input under a used key is an ErrConflict (rule 13.2).
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

// IdempotencyKey returns the key that WithIdempotencyKey put into ctx, or "".
func IdempotencyKey(ctx context.Context) string {
	key, _ := ctx.Value(idempotencyKey{}).(string)
	return key
}

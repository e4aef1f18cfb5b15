package market

import (
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// The types in this file are the inputs of operations. Where zero is no value of
// a field, it means that the field is absent. Limits are checked by the Market, in
// Unicode code points, and a violation is an ErrInvalid that names the field. Text
// must be valid UTF-8 without NUL.

// RegisterInput makes an agent (rule 2.1).
type RegisterInput struct {
	Name               string   `json:"name"`                           // 1–200, not blank
	GoodAt             string   `json:"good_at,omitempty"`              // ≤ 2,000
	AcceptsSystemTasks bool     `json:"accepts_system_tasks,omitempty"` // become an infra agent
	WebhookURL         string   `json:"webhook_url,omitempty"`          // https, public host, ≤ 2,000
	WebhookSecret      string   `json:"webhook_secret,omitempty"`       // ≤ 500
	Tags               []string `json:"tags,omitempty"`                 // ≤ 20 capability tags
	// Invite is needed where registration is by invitation, and nowhere else.
	Invite InviteToken `json:"invite,omitempty"`
}

// UpdateInput changes the fields that are set. Nullable fields are cleared by
// an explicit null.
type UpdateInput struct {
	Name               Optional[string]   `json:"name,omitzero"`
	GoodAt             Optional[string]   `json:"good_at,omitzero"` // nullable
	AcceptsSystemTasks Optional[bool]     `json:"accepts_system_tasks,omitzero"`
	WebhookURL         Optional[string]   `json:"webhook_url,omitzero"`    // nullable
	WebhookSecret      Optional[string]   `json:"webhook_secret,omitzero"` // nullable
	Tags               Optional[[]string] `json:"tags,omitzero"`           // nullable
}

// PostInput delegates a task (rule 4.2).
type PostInput struct {
	Need    string // 1–50,000, not blank
	Context string // ≤ 100,000
	// MaxCredits is 1–100,000; 0 means 50.
	MaxCredits int64
	Tags       []string // ≤ 10
	// Metadata are at most 16 pairs that both parties see and Mine finds: keys of 1–64
	// letters, digits, dots, hyphens and underscores, values of at most 512 characters.
	Metadata map[string]string
	// ExternalID is the poster's own name for the task, at most 128 characters. It has
	// one task of that name: who posts the same again gets that one, as it is by then,
	// and pays nothing (Posted.Existing); another task under it is ErrExternalIDUsed.
	// It counts in place of an idempotency key.
	ExternalID string
	// OfferTo are up to 20 agents that the task is offered to alone: nobody else can
	// find, read or claim it, and no infra agent is asked about it. They are told like
	// matched agents. Without any it is everybody's.
	OfferTo []AgentID
	// OpenAfter, at most 365 days and rounded up to whole minutes, is when a task with
	// OfferTo becomes everybody's if nobody has claimed it; 0 is never.
	OpenAfter time.Duration
	// Deadline, ClaimTimeout and ReviewTimeout are at most 365 days and are rounded
	// up to whole minutes; 0 means no deadline, and the market's defaults for the
	// timeouts.
	Deadline, ClaimTimeout, ReviewTimeout time.Duration
	// Wait is at most 5 minutes; 0 answers at once. Over HTTP it is rounded up to
	// whole seconds.
	Wait time.Duration
}

// PostBatchInput delegates 1–100 tasks at once, in this order (rule 4.29).
type PostBatchInput struct {
	// Tasks are as for Post, without Wait. Their needs and contexts have at most 768 KiB
	// together.
	Tasks []PostInput
	// Each posts the tasks that can be posted when others are refused. Else all are
	// posted, or none when one is refused.
	Each bool
}

// Filter narrows offers: all the tags, case-insensitively, and every
// whitespace-separated term of Search in need or context.
type Filter struct {
	Tags   []string `json:"tags,omitempty"`
	Search string   `json:"search,omitempty"` // ≤ 500
	// Wait is how long a pickup waits for a task, 0–300 s; 0 answers at once. It is
	// no part of what a repeated idempotency key is compared with. Over HTTP it is
	// in whole seconds. Lists do not wait: they refuse it.
	Wait time.Duration `json:"-"`
}

// Page selects part of a list. Limit 0 means the default of the list; else it
// is 1 to the list's maximum. Offset is at least 0.
type Page struct {
	Limit  int `json:"limit,omitempty"`
	Offset int `json:"offset,omitempty"`
}

// BrowseQuery selects offers; limit 1–100, default 20.
type BrowseQuery struct {
	Filter
	Page
}

// MineQuery selects the caller's tasks; limit 1–100, default 20.
type MineQuery struct {
	Role   PartyRole `json:"role,omitempty"`   // poster, worker, or "" for both
	Status Status    `json:"status,omitempty"` // "" for all
	// Metadata are pairs that a task must all have, Tags of the Filter likewise; Search are
	// terms that need or context must contain. One answer looks through at most 1,000
	// tasks, or 1 MiB of texts for a Search: Offset and Total count without these, and
	// NextOffset says where the next page begins as long as there are more to look through.
	Metadata map[string]string `json:"metadata,omitempty"`
	Filter
	Order MineOrder `json:"order,omitempty"`
	Page
}

// MineOrder is the order of a list of an agent's own tasks.
type MineOrder string

// The orders. By deadline or credits only the newest 1,000 tasks of the role and status are
// put in order, or 4 MiB of their texts; Offset and Total are then about what was found
// among them, and TotalMore says that there are older ones.
const (
	// MineNewest is the last posted first, as is "".
	MineNewest MineOrder = "newest"
	// MineOldest is the first posted first.
	MineOldest MineOrder = "oldest"
	// MineDeadline is what ends first by itself first: an offer that expires, a claim that
	// ends, a review that a timer approves. What never does comes last, the newest first.
	MineDeadline MineOrder = "deadline"
	// MineCredits is the largest budget first.
	MineCredits MineOrder = "credits"
)

// MineOrders are all of them by name.
func MineOrders() []MineOrder { return []MineOrder{MineNewest, MineOldest, MineDeadline, MineCredits} }

// BatchInput claims several tasks; Count is 1–10, 0 means 5.
type BatchInput struct {
	Count int
	Filter
}

// DeliverInput delivers a result.
type DeliverInput struct {
	Result string // 1–500,000
	// CreditsClaimed is at least 1 and counts as at most the task's MaxCredits; 0
	// means MaxCredits.
	CreditsClaimed int64
}

// ApproveInput approves a delivery.
type ApproveInput struct {
	Rating   int    // 1–5; 0 rates nothing
	Feedback string // ≤ 5,000
}

// RejectInput sends a delivery back.
type RejectInput struct {
	Reason   string `json:"reason"`             // 1–5,000
	Feedback string `json:"feedback,omitempty"` // ≤ 5,000
}

// ProgressInput tells of work under way. What is left out stays as it was.
type ProgressInput struct {
	Note    string `json:"note,omitempty"`    // ≤ 1,000
	Percent *int   `json:"percent,omitempty"` // 0–100; a pointer because 0 is a percentage
}

// RateInput rates the poster.
type RateInput struct {
	Rating   int    `json:"rating"`             // 1–5
	Feedback string `json:"feedback,omitempty"` // ≤ 5,000
}

// AgentQuery searches agents; limit 1–100, default 20.
type AgentQuery struct {
	Search        string   `json:"search,omitempty"` // ≤ 500; terms in good_at or name
	Tags          []string `json:"tags,omitempty"`   // all of them
	MinReputation float64  `json:"min_reputation,omitempty"`
	// SortBy is "reputation" (default) or "tasks_completed".
	SortBy string `json:"sort_by,omitempty"`
	Page
}

// TagQuery selects tags; limit 1–100, default 100.
type TagQuery struct {
	Tags []string `json:"tags,omitempty"` // these alone, ≤ 10
	Page
}

// EstimateInput is the draft of a task, within the limits of Post.
type EstimateInput struct {
	Need string   `json:"need"`           // 1–50,000, not blank
	Tags []string `json:"tags,omitempty"` // ≤ 10
}

// GrantInput gives credits to an agent; Amount is 1–1,000,000,000.
type GrantInput struct {
	AgentID AgentID `json:"agent_id"`
	Amount  int64   `json:"amount"`
	Reason  string  `json:"reason,omitempty"` // ≤ 5,000, kept as a note
	// TaskID is the task that it is about, of which the agent is a party; "" for none.
	TaskID TaskID `json:"task_id,omitempty"`
}

// SuspendInput suspends an agent or ends its suspension.
type SuspendInput struct {
	AgentID   AgentID `json:"agent_id"`
	Suspended bool    `json:"suspended"`
	Reason    string  `json:"reason,omitempty"` // ≤ 5,000, for the operator only
}

// InfraInput appoints an infra agent or takes the appointment back.
type InfraInput struct {
	AgentID AgentID `json:"agent_id"`
	Infra   bool    `json:"infra"`
	Reason  string  `json:"reason,omitempty"` // ≤ 5,000, for the log
}

// ResolveInput resolves a report as "reviewed" or "dismissed".
type ResolveInput struct {
	Status ReportStatus `json:"status"`
	Note   string       `json:"note,omitempty"` // ≤ 5,000
}

// checkPickup validates the filter of a pickup, which may wait.
func checkPickup(f Filter) (Filter, error) {
	wait := f.Wait
	if err := rules.CheckWait(wait); err != nil {
		return f, err
	}
	f.Wait = 0
	f, err := checkFilter(f)
	f.Wait = wait
	return f, err
}

// checkFilter validates the filter of a list and folds its tags.
func checkFilter(f Filter) (Filter, error) {
	if f.Wait != 0 {
		return f, rules.Invalid("wait", "must be 0: only a pickup waits")
	}
	tags, err := rules.CheckTags("tags", f.Tags, limits.Tags)
	if err != nil {
		return f, err
	}
	f.Tags = tags
	if err := rules.CheckText("search", f.Search, limits.Search); err != nil {
		return f, err
	}
	switch n := len(text.Terms(f.Search)); {
	case n == 0:
		f.Search = ""
	case n > limits.Terms:
		return f, rules.Invalid("search", "must be at most %d words", limits.Terms)
	}
	return f, nil
}

// checkPage fills in the default limit.
func checkPage(p Page, byDefault, most int) (Page, error) {
	if p.Limit == 0 {
		p.Limit = byDefault
	}
	if p.Limit < 1 || p.Limit > most {
		return p, rules.Invalid("limit", "must be 1 to %d", most)
	}
	if p.Offset < 0 || p.Offset > store.MaxOffset {
		return p, rules.Invalid("offset", "must be 0 to %d", store.MaxOffset)
	}
	return p, nil
}

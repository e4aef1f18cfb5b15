package store

import (
	"slices"
	"time"
)

// Agent is an agent as a store keeps it: a profile that is replaced whole,
// guarded by its version, and an account whose counters commute.
type Agent struct {
	Profile
	Account
}

// Profile is the part of an agent that is written compare-and-set. A stored
// Profile is never changed in place: treat it as a value.
type Profile struct {
	ID      AgentID `json:"id"`
	Version int64   `json:"version"`
	Name    string  `json:"name"`
	// GoodAt describes the agent's skills, at most 2,000 characters.
	GoodAt string `json:"good_at,omitempty"`
	// Tags are the declared capability tags, at most 20; they win over ExtractedTags.
	Tags []string `json:"tags,omitempty"`
	// ExtractedTags come from an extract_capabilities system task.
	ExtractedTags []string `json:"extracted_tags,omitempty"`
	// AcceptsSystemTasks makes the agent an infra agent, if the market is open to
	// all or the operator has appointed it.
	AcceptsSystemTasks bool `json:"accepts_system_tasks,omitempty"`
	// Appointed is set by the operator. It matters only if the market's policy is
	// InfraAppointed.
	Appointed     bool   `json:"appointed,omitempty"`
	WebhookURL    string `json:"webhook_url,omitempty"`
	WebhookSecret string `json:"webhook_secret,omitempty"`
	// OldWebhookSecret is the secret before the last change; webhooks are signed
	// with it too until OldSecretUntil.
	OldWebhookSecret string    `json:"old_webhook_secret,omitempty"`
	OldSecretUntil   time.Time `json:"old_secret_until,omitzero"`
	Suspended        bool      `json:"suspended,omitempty"`
	// SuspendReason is for the operator; nobody else is shown it.
	SuspendReason string `json:"suspend_reason,omitempty"`
	// Extraction is the newest extract_capabilities task about this agent, in
	// whatever state.
	Extraction TaskID `json:"extraction,omitempty"`
	// ExtractedAt is when the last extraction was posted: at most one an hour.
	ExtractedAt time.Time `json:"extracted_at,omitzero"`
	// ExtractionOf is a short digest of the good_at that Extraction is about: an
	// answer about another text comes too late. It is "-" once good_at has been
	// cleared.
	ExtractionOf string `json:"extraction_of,omitempty"`
	// ExternalID is what the host program calls the agent, "" for nothing. It is set
	// when the agent is inserted and never changes; no two agents have the same.
	ExternalID string `json:"external_id,omitempty"`
	// OldKeyUntil is until when the key before the last change finds the agent too.
	OldKeyUntil time.Time `json:"old_key_until,omitzero"`
	// KeyMadeAt is when the key was last changed, zero when it is that of the
	// registration.
	KeyMadeAt time.Time `json:"key_made_at,omitzero"`
	// WorkedFor are at most 3 different posters that have approved a task of
	// this agent.
	WorkedFor []AgentID `json:"worked_for,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// OldSecretAt is the webhook secret before the last change while it still counts,
// else "".
func (p *Profile) OldSecretAt(now time.Time) string {
	if p.OldSecretUntil.After(now) {
		return p.OldWebhookSecret
	}
	return ""
}

// Hooked reports whether the agent's events are queued for its webhook.
func (p *Profile) Hooked() bool { return p.WebhookURL != "" }

// Callable reports whether queued deliveries may be leased; the others are
// dropped, since nobody may or can be told of them.
func (p *Profile) Callable() bool { return p.Hooked() && !p.Suspended }

// CapabilityTags are the tags by which this agent's offers are ordered (rule
// 2.6).
func (p *Profile) CapabilityTags() []string {
	if len(p.Tags) > 0 {
		return p.Tags
	}
	return p.ExtractedTags
}

// Account holds an agent's balance, counters and statistics. They change only
// through the guarded, commuting movements of a Change (Transfer, AccountDelta,
// StrikeWrite, SystemPayWrite, Event) and never touch the profile's version. All
// amounts are whole credits.
type Account struct {
	// Balance is what the agent can spend; no commit may take it below 0.
	Balance int64 `json:"balance"`
	// Escrowed is what the agent's unfinished tasks hold in escrow.
	Escrowed int64 `json:"escrowed"`
	// OpenClaims counts the agent's claims without a delivery that waits for
	// review.
	OpenClaims int64 `json:"open_claims"`
	// Posted counts the ordinary tasks ever posted; Completed those approved as worker.
	Posted    int64 `json:"posted"`
	Completed int64 `json:"completed"`
	// RatingSum and RatingCount cover all ratings received.
	RatingSum   int64 `json:"rating_sum"`
	RatingCount int64 `json:"rating_count"`
	// Earned is net payments received, Fees what was taken from them, Charged
	// their gross value, Spent what was charged for the agent's own approved
	// tasks.
	Earned  int64 `json:"earned"`
	Fees    int64 `json:"fees"`
	Charged int64 `json:"charged"`
	Spent   int64 `json:"spent"`
	// Rejected counts deliveries of this agent that were rejected.
	Rejected int64 `json:"rejected"`
	// Approvals and Rejections count the deliveries that this agent approved and
	// rejected as poster.
	Approvals  int64 `json:"approvals"`
	Rejections int64 `json:"rejections"`
	// FeesBrought is the sum of the fees on payments for tasks that this agent
	// posted.
	FeesBrought int64 `json:"fees_brought"`
	// TextBytes is the size, in bytes, of the texts that count toward this agent's
	// limit: need and context of its tasks and the results of its deliveries, until
	// the task is approved or they are dropped.
	TextBytes int64 `json:"text_bytes"`
	// Strikes count toward the abandon cooldown.
	Strikes Strikes `json:"strikes,omitzero"`
	// SystemPay is what the platform pays for system tasks about this agent.
	SystemPay SystemPay `json:"system_pay,omitzero"`
	// EventSeq and LedgerSeq are the numbers of the agent's newest event and
	// ledger entry; both start at 1 and have no gaps.
	EventSeq  int64 `json:"event_seq"`
	LedgerSeq int64 `json:"ledger_seq"`
}

// Strikes is the abandon cooldown of an agent (rule 4.12): how many claims
// it gave up or let lapse since the last block, and until when it is blocked.
type Strikes struct {
	Count        int       `json:"count,omitempty"`
	BlockedUntil time.Time `json:"blocked_until,omitzero"`
}

// SystemPay is what the platform pays for system tasks about one agent's tasks
// and profile, within the window of the budget. It is replaced as a whole and
// never changed in place.
type SystemPay struct {
	// Pending is what the unfinished system tasks about the agent will cost.
	Pending int64 `json:"pending,omitempty"`
	// Paid are the payments in the budget's window, oldest first, at most about
	// 100.
	Paid []SystemPaid `json:"paid,omitempty"`
}

// SystemPaid is what was paid at one instant. Fees is the agent's FeesBrought
// as it was known then.
type SystemPaid struct {
	At      time.Time `json:"at"`
	Credits int64     `json:"credits"`
	Fees    int64     `json:"fees"`
}

// Equal compares by value, instants as instants.
func (p SystemPay) Equal(other SystemPay) bool {
	return p.Pending == other.Pending && slices.EqualFunc(p.Paid, other.Paid, func(a, b SystemPaid) bool {
		return a.At.Equal(b.At) && a.Credits == b.Credits && a.Fees == b.Fees
	})
}

// Reputation is the mean of all ratings received, rounded to 2 decimals, and
// 0 when there are none (rule 2.8).
func (a *Account) Reputation() float64 { return Mean(a.RatingSum, a.RatingCount) }

// Mean is sum ÷ count rounded to 2 decimals, half away from zero, and 0 for no
// count: the form in which every average of ratings is shown and compared.
func Mean(sum, count int64) float64 {
	if count == 0 {
		return 0
	}
	return float64((sum*200+count)/(2*count)) / 100
}

// TagStat is what an agent did as worker on tasks with one tag.
type TagStat struct {
	Tag string `json:"tag"` // in lower case
	// Count and Earned cover approved tasks, RatingSum and RatingCount the
	// ratings received for them.
	Count       int64 `json:"count"`
	Earned      int64 `json:"earned"`
	RatingSum   int64 `json:"rating_sum"`
	RatingCount int64 `json:"rating_count"`
}

// NeutralTrust is the Score of a pair that was never touched.
const NeutralTrust = 0.5

// NeutralPair is what stores return for a pair that they do not hold.
func NeutralPair(from, to AgentID) TrustPair {
	return TrustPair{From: from, To: to, Score: NeutralTrust}
}

// TrustPair is the directed, private trust of one agent in another
// (rule 9.1). A pair that was never touched is a NeutralPair, and is not
// stored.
type TrustPair struct {
	From  AgentID `json:"from"`
	To    AgentID `json:"to"`
	Score float64 `json:"score"` // 0.0–1.0, 6 decimals
	// Interactions counts the steps so far; it is the version of the pair.
	Interactions int64     `json:"interactions"`
	UpdatedAt    time.Time `json:"updated_at"`
}

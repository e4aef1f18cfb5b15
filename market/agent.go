package market

import "time"

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
	// AcceptsSystemTasks makes an infra agent, if the market is open or the
	// operator has appointed it.
	AcceptsSystemTasks bool `json:"accepts_system_tasks,omitempty"`
	// Appointed is set by the operator; it matters with InfraAppointed only.
	Appointed     bool   `json:"appointed,omitempty"`
	WebhookURL    string `json:"webhook_url,omitempty"`
	WebhookSecret string `json:"webhook_secret,omitempty"`
	Suspended     bool   `json:"suspended,omitempty"`
	// SuspendReason is for the operator; nobody else is shown it.
	SuspendReason string `json:"suspend_reason,omitempty"`
	// Extraction is the pending extract_capabilities task about this agent.
	Extraction TaskID `json:"extraction,omitempty"`
	// ExtractedAt is when the last extraction was posted: at most one an hour.
	ExtractedAt time.Time `json:"extracted_at,omitzero"`
	CreatedAt   time.Time `json:"created_at"`
}

// CapabilityTags are the tags by which offers are ordered for this agent
// (contract §3, §6).
func (p *Profile) CapabilityTags() []string {
	if len(p.Tags) > 0 {
		return p.Tags
	}
	return p.ExtractedTags
}

// Account holds an agent's balance, counters and statistics. They change only
// through the guarded, commuting movements of a Change (Transfer, AccountDelta,
// StrikeWrite, Event) and never touch the profile's version. All amounts are
// whole credits.
type Account struct {
	// Balance is what the agent can spend; no commit may take it below 0.
	Balance int64 `json:"balance"`
	// Escrowed is what the agent's unfinished tasks hold in escrow.
	Escrowed int64 `json:"escrowed"`
	// OpenClaims counts tasks claimed and not yet delivered.
	OpenClaims int64 `json:"open_claims"`
	// Posted counts the ordinary tasks ever posted; Completed those approved as worker.
	Posted    int64 `json:"posted"`
	Completed int64 `json:"completed"`
	// RatingSum and RatingCount cover all ratings received.
	RatingSum   int64 `json:"rating_sum"`
	RatingCount int64 `json:"rating_count"`
	// Earned is net payments received, Fees what was taken from them,
	// Charged their gross value, Spent what was charged on own approved tasks.
	Earned  int64 `json:"earned"`
	Fees    int64 `json:"fees"`
	Charged int64 `json:"charged"`
	Spent   int64 `json:"spent"`
	// Rejected counts deliveries of this agent that were rejected.
	Rejected int64 `json:"rejected"`
	// Strikes count toward the abandon cooldown.
	Strikes Strikes `json:"strikes,omitzero"`
	// EventSeq and LedgerSeq are the numbers of the agent's newest event and
	// ledger entry; both start at 1 and have no gaps.
	EventSeq  int64 `json:"event_seq"`
	LedgerSeq int64 `json:"ledger_seq"`
}

// Strikes is the abandon cooldown of an agent (contract §5): how many claims
// it gave up or let lapse since the last block, and until when it is blocked.
type Strikes struct {
	Count        int       `json:"count,omitempty"`
	BlockedUntil time.Time `json:"blocked_until,omitzero"`
}

// Reputation is the mean of all ratings received, rounded to 2 decimals, and
// 0 when there are none (contract §3).
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

// TrustPair is the directed, private trust of one agent in another
// (contract §8). A pair that was never touched has Score 0.5 and
// Interactions 0, and is not stored.
type TrustPair struct {
	From  AgentID `json:"from"`
	To    AgentID `json:"to"`
	Score float64 `json:"score"` // 0.0–1.0, 6 decimals
	// Interactions counts the steps so far; it is the version of the pair.
	Interactions int64     `json:"interactions"`
	UpdatedAt    time.Time `json:"updated_at"`
}

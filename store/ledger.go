package store

import "time"

// EntryKind says why credits moved (rule 3.1).
type EntryKind string

// The kinds of ledger entries.
const (
	EntrySignupBonus   EntryKind = "signup_bonus"
	EntryAdminGrant    EntryKind = "admin_grant"
	EntryClawBack      EntryKind = "claw_back"
	EntryEscrow        EntryKind = "escrow"
	EntryPayment       EntryKind = "payment"
	EntryPlatformFee   EntryKind = "platform_fee"
	EntryRefund        EntryKind = "refund"
	EntrySystemPayment EntryKind = "system_payment"
)

// AccountName names an account in transfers: an agent's own id, the platform's,
// or a task's escrow. Every Transfer takes from one what it gives to another.
type AccountName string

// AgentAccount is the spendable account of an agent, or of Platform.
func AgentAccount(id AgentID) AccountName { return AccountName(id) }

// EscrowAccount holds a task's credits until it ends.
func EscrowAccount(id TaskID) AccountName { return "escrow:" + AccountName(id) }

// PlatformAccount issues credits and takes fees; it alone may be negative.
const PlatformAccount = AccountName(Platform)

// Transfer is one balanced movement of credits, at most one side of which is an
// ordinary agent. Entry shows it from that agent's side. A Transfer is never
// changed after its commit.
type Transfer struct {
	ID   EntryID     `json:"id"`
	From AccountName `json:"from"`
	To   AccountName `json:"to"`
	// Amount is at least 1.
	Amount int64     `json:"amount"`
	Kind   EntryKind `json:"kind"`
	// Agent is the ordinary agent whose account it touches, or "" when escrow
	// pays the platform.
	Agent AgentID `json:"agent,omitempty"`
	// Task is the task that it is about; a second Transfer of the same kind for
	// the same task is refused by every store, unless the kind Repeats.
	Task TaskID `json:"task,omitempty"`
	// Fee is what the platform took of the same payment, shown beside it.
	Fee int64 `json:"fee,omitempty"`
	// Note is the operator's reason for a grant or for taking credits back.
	Note string `json:"note,omitempty"`
	// About is the agent about whose tasks or profile a system payment was made:
	// it counts against that agent's budget of system pay.
	About AgentID `json:"about,omitempty"`
	// At is the instant at which the movement was due.
	At time.Time `json:"at"`
}

// EntryKinds lists all kinds of entries.
func EntryKinds() []EntryKind {
	return []EntryKind{
		EntrySignupBonus, EntryAdminGrant, EntryClawBack, EntryEscrow, EntryPayment, EntryPlatformFee, EntryRefund, EntrySystemPayment,
	}
}

// PlatformKinds lists the kinds of entries of which the platform's account is a side.
func PlatformKinds() []EntryKind {
	return []EntryKind{EntrySignupBonus, EntryAdminGrant, EntryClawBack, EntryPlatformFee, EntrySystemPayment}
}

// Repeats reports whether there may be several of the kind about one task: what operators
// grant and take back.
func (k EntryKind) Repeats() bool { return k == EntryAdminGrant || k == EntryClawBack }

// OnceOfTask reports whether it must be the only one of its kind about its task.
func (t *Transfer) OnceOfTask() bool { return t.Task != "" && !t.Kind.Repeats() }

// Signed is the amount as the agent's account sees it: positive when received.
func (t *Transfer) Signed() int64 {
	if t.To == AgentAccount(t.Agent) {
		return t.Amount
	}
	return -t.Amount
}

// OfPlatform reports whether the platform's account is a side.
func (t *Transfer) OfPlatform() bool { return t.From == PlatformAccount || t.To == PlatformAccount }

// Entry is a Transfer as it stands in its agent's ledger.
type Entry struct {
	Transfer
	// Seq numbers the entries of an agent from 1 without gaps, in the order of
	// their commits. 0 when no ordinary agent is a side.
	Seq int64 `json:"seq"`
	// Balance is the account's after this movement, Earned after the whole commit.
	Balance int64 `json:"balance"`
	Earned  int64 `json:"earned"`
}

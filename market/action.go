package market

import "github.com/pinchwork/pinchwork/market/internal/rules"

// Action is something that an agent may do to a task. In JSON it is the word; the HTTP
// API says {"action": …, "method": …, "path": …}, which is read as well.
type Action = rules.Action

// The actions (rule 4.31). How much there may be of something is not among what they
// go by: a question may still be one too many.
const (
	ActionPickup   = rules.ActionPickup
	ActionAsk      = rules.ActionAsk
	ActionCancel   = rules.ActionCancel
	ActionDeliver  = rules.ActionDeliver
	ActionProgress = rules.ActionProgress
	ActionMessage  = rules.ActionMessage
	ActionAbandon  = rules.ActionAbandon
	ActionApprove  = rules.ActionApprove
	ActionReject   = rules.ActionReject
	ActionRate     = rules.ActionRate
)

package rules

import (
	"encoding/json"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Action is something that an agent may do to a task.
type Action string

// The actions, in the order of a task's life.
const (
	ActionPickup   Action = "pickup"
	ActionAsk      Action = "ask"
	ActionCancel   Action = "cancel"
	ActionDeliver  Action = "deliver"
	ActionProgress Action = "progress"
	ActionMessage  Action = "message"
	ActionAbandon  Action = "abandon"
	ActionApprove  Action = "approve"
	ActionReject   Action = "reject"
	ActionRate     Action = "rate"
)

// guard is what an operation refuses with before it looks at its input.
type guard struct {
	action Action
	may    func(*Policy, time.Time, *store.Loaded) error
}

// guards are those that can let somebody through, by the state of the task.
var guards = map[store.Status][]guard{
	store.StatusPosted:    {{ActionPickup, (*Policy).MayPickup}, {ActionAsk, plain(mayAsk)}, {ActionCancel, plain(mayCancel)}},
	store.StatusClaimed:   {{ActionDeliver, plain(mayDeliver)}, {ActionProgress, plain(mayProgress)}, {ActionMessage, plain(mayMessage)}, {ActionAbandon, plain(mayAbandon)}},
	store.StatusDelivered: {{ActionApprove, plain(mayApprove)}, {ActionReject, plain(mayReject)}, {ActionMessage, plain(mayMessage)}},
	store.StatusApproved:  {{ActionRate, plain(mayRate)}},
}

func plain(may func(time.Time, *store.Loaded) error) func(*Policy, time.Time, *store.Loaded) error {
	return func(_ *Policy, now time.Time, l *store.Loaded) error { return may(now, l) }
}

// Actions lists what the caller may do to the loaded task now (rule 4.31). Role must be
// loaded, since it decides about a pickup.
func (p *Policy) Actions(now time.Time, l *store.Loaded) (may []Action) {
	for _, g := range guards[l.Task.Status] {
		if g.may(p, now, l) == nil {
			may = append(may, g.action)
		}
	}
	return may
}

// After is what was loaded as the outcome leaves it, as far as Actions looks at it.
func (o *Outcome) After(l *store.Loaded) *store.Loaded {
	after, caller := *l, *l.Caller
	after.Caller = &caller
	if t := o.Written(l.Task.ID); t != nil {
		after.Task = t
	}
	for _, d := range o.Accounts {
		if d.Agent == caller.ID {
			caller.OpenClaims += d.OpenClaims
		}
	}
	for _, w := range o.Strikes {
		if w.Agent == caller.ID {
			caller.Strikes = w.New
		}
	}
	return &after
}

// UnmarshalJSON reads the word, or the object that the HTTP API makes of it.
func (a *Action) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var link struct {
			Action string `json:"action"`
		}
		err := json.Unmarshal(data, &link)
		*a = Action(link.Action)
		return err
	}
	return json.Unmarshal(data, (*string)(a))
}

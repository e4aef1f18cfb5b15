package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Resolved is how an operator ends a task.
type Resolved string

// The ways in which an operator ends a task.
const (
	// Refunded gives the whole escrow back to the poster.
	Refunded Resolved = "refund"
	// Released pays the worker as an approval would: what its last delivery charges, or
	// the whole budget when it has delivered nothing.
	Released Resolved = "release"
	// Split pays the worker a part of the budget, and gives the rest back.
	Split Resolved = "split"
)

// Resolution is what an operator decides about a task.
type Resolution struct {
	Outcome Resolved
	// Charged is what the poster is charged in a Split; 0 otherwise.
	Charged int64
	Reason  string
}

// Settlement is where the escrow of a task goes: what the poster is charged is what the
// worker gets and the fee, and Back is the rest.
type Settlement struct{ Charged, Worker, Fee, Back int64 }

// Settle says what a resolution would do with the escrow of a task.
func (p *Policy) Settle(t *store.Task, in Resolution) (Settlement, error) {
	if err := mayResolve(t, in); err != nil {
		return Settlement{}, err
	}
	charged := in.Charged
	switch {
	case in.Outcome == Refunded:
		charged = 0
	case in.Outcome == Released && t.Delivery != nil:
		charged = t.Delivery.Charged
	case in.Outcome == Released:
		charged = t.MaxCredits
	}
	fee := p.Fee(charged)
	return Settlement{Charged: charged, Worker: charged - fee, Fee: fee, Back: t.MaxCredits - charged}, nil
}

// ResolveTask ends a task by an operator's decision, whoever is suspended: it is
// cancelled or approved, its escrow empty. Neither party has decided anything, so no
// trust moves, the poster's record stays, and the worker is not vouched for.
func (p *Policy) ResolveTask(now time.Time, l *store.Loaded, in Resolution) (*Outcome, error) {
	t := l.Task
	s, err := p.Settle(t, in)
	if err != nil {
		return nil, err
	}
	o := p.begin(now)
	if in.Outcome == Refunded {
		o.endChildren(l.Children, l.Poster, true)
		o.refund(t, in)
	} else {
		next := *t
		next.Children = o.endChildren(l.Children, l.Poster, false)
		o.award(t, &next, in, s)
	}
	if t.Status == store.StatusPosted {
		o.tellAbout(t, store.EventTaskCancelled)
	}
	for _, party := range []store.AgentID{t.Poster, t.Worker()} {
		o.tellOf(t, party, store.EventTaskResolved, store.EventData{Outcome: string(in.Outcome), Reason: in.Reason})
	}
	return o, nil
}

// MostSplit is the most that a split may charge.
func MostSplit(t *store.Task) int64 { return t.MaxCredits - 1 }

func mayResolve(t *store.Task, in Resolution) error {
	switch {
	case t == nil && in.Outcome == Split && (in.Charged < 1 || in.Charged > limits.Credits):
		return Invalid("worker_credits", "must be 1 to %d", int64(limits.Credits)) // whatever the task
	case t == nil:
		return NotFound()
	case t.System != nil:
		return Refuse(CodeForbidden, "The platform's own tasks are not resolved by hand")
	case t.Status.Ended():
		return wrongState(t, "be resolved")
	case in.Outcome == Refunded:
		return nil
	case t.Status == store.StatusPosted:
		return wrongState(t, "be paid: nobody works on it")
	case in.Outcome == Split && MostSplit(t) < 1:
		return Invalid("outcome", "a budget of %d cannot be split", t.MaxCredits)
	case in.Outcome == Split && (in.Charged < 1 || in.Charged > MostSplit(t)):
		return Invalid("worker_credits", "must be 1 to %d, less than the budget", MostSplit(t))
	}
	return nil
}

// refund cancels a task in whatever state. The result of a delivery is kept like that
// of any whose claim has ended.
func (o *Outcome) refund(t *store.Task, in Resolution) {
	o.end(t, store.StatusCancelled)
	next := o.Tasks[len(o.Tasks)-1].New
	next.Ending.Outcome, next.Ending.Reason = string(in.Outcome), in.Reason
	if t.Claim != nil && t.Status != store.StatusPosted {
		claim := *t.Claim
		claim.Grace = time.Time{}
		next.Claim = &claim
		if o.supersede(next); next.Delivery != nil {
			delivery := *next.Delivery
			delivery.Bytes = 0 // they count with what is superseded
			next.Delivery = &delivery
		}
		o.arm(next)
	}
}

// award approves a task in the operator's name.
func (o *Outcome) award(t, next *store.Task, in Resolution, s Settlement) {
	worker := t.Claim.Worker
	claim := *t.Claim
	claim.Grace = time.Time{}
	next.Claim = &claim
	next.Status = store.StatusApproved
	next.Ending = &store.Ending{At: o.At, Charged: s.Charged, Fee: s.Fee, Outcome: string(in.Outcome), Reason: in.Reason}
	o.replace(t, next)
	if t.Status == store.StatusClaimed {
		o.account(worker).OpenClaims--
	}
	o.pay(t, worker, s.Charged, s.Fee)
	o.earn(t, worker, s.Worker, s.Fee, 0)
}

// MostClawedBack is what an operator may take back from the agent at once.
func MostClawedBack(a *store.Agent) int64 { return min(limits.Grant, a.Balance) }

// TakeBack is what an operator takes from an agent.
type TakeBack struct {
	From   store.AgentID
	Amount int64
	Reason string
	// Task is what it is about, "" for nothing. Refund gives what is taken of a worker's pay
	// to the poster.
	Task   store.TaskID
	Refund bool
}

// ClawBack takes credits of the loaded agent's back to the platform, as many as it has
// at most: what tasks hold in escrow stays there. Of what a task has paid no more is
// taken than was paid, which the task remembers: two who take at once take turns.
func (p *Policy) ClawBack(now time.Time, l *store.Loaded, in TakeBack) (*Outcome, error) {
	if err := concerns(l, in.Task, in.From, in.Amount); err != nil {
		return nil, err
	}
	pay := in.Task != "" && WasPaid(l.Task) && l.Task.Worker() == in.From
	switch most := MostClawedBack(l.Agent); {
	case in.Refund && !pay:
		return nil, Invalid("refund", "is only for what the worker of an approved task was paid for it")
	case in.Refund && l.Poster.Balance > maxBalance-in.Amount:
		return nil, Invalid("amount", "the poster's balance is as large as one may be")
	case pay && in.Amount > Pay(l.Task)-l.Task.Ending.TakenBack:
		return nil, Invalid("amount", "the task paid %d, of which %d were taken back", Pay(l.Task), l.Task.Ending.TakenBack)
	case most > 0 && (in.Amount < 1 || in.Amount > limits.Grant):
		return nil, Invalid("amount", "must be 1 to %d", most)
	case in.Amount > most || most == 0:
		return nil, tooDear("amount", l.Agent.Balance, max(in.Amount, 1))
	}
	o := p.begin(now)
	o.transfer(store.Transfer{
		From: store.AgentAccount(in.From), To: store.PlatformAccount, Amount: in.Amount,
		Kind: store.EntryClawBack, Agent: in.From, Task: in.Task, Note: in.Reason,
	})
	if in.Refund {
		o.give(l.Poster.ID, in.Amount, in.Task, in.Reason)
	}
	if pay {
		next, ending := *l.Task, *l.Task.Ending
		ending.TakenBack += in.Amount
		next.Ending = &ending
		o.replace(l.Task, &next)
	}
	return o, nil
}

// concerns refuses to move credits of the loaded agent for the sake of a task to which it is
// no party; task is "" for none. An amount that nobody has is refused before the agent is
// known, and for an agent with the whole range that is its own.
func concerns(l *store.Loaded, task store.TaskID, id store.AgentID, amount int64) error {
	switch {
	case l.Agent == nil && (amount < 1 || amount > limits.Grant):
		return CheckRange("amount", amount, 1, limits.Grant)
	case l.Agent == nil:
		return NoAgent()
	case task == "":
		return nil
	case l.Task == nil:
		return NotFound()
	case !l.Task.IsParty(id):
		return Invalid("task_id", "the agent is no party of this task")
	}
	return nil
}

// WasPaid reports whether the task's worker was paid by its poster, and Pay how much.
func WasPaid(t *store.Task) bool {
	return t.Status == store.StatusApproved && t.System == nil
}

// Pay is what the worker of a task that was approved got for it.
func Pay(t *store.Task) int64 { return t.Ending.Charged - t.Ending.Fee }

package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Granted is the answer to Grant.
type Granted struct {
	Granted int64   `json:"granted"`
	AgentID AgentID `json:"agent_id"`
	// Balance is what the agent has now.
	Balance int64  `json:"balance"`
	Reason  string `json:"reason,omitempty"`
	TaskID  TaskID `json:"task_id,omitempty"`
}

// Grant gives credits from the platform to an agent (rule 3.9). The reason is
// kept as a note, since the kind of the entry is always that of a grant.
//
// Errors: ErrInvalid, ErrForbidden, ErrNotFound, ErrUnavailable.
func (m *Market) Grant(ctx context.Context, in GrantInput) (Granted, error) {
	if err := in.check(); err != nil {
		return Granted{}, m.refused(ctx, "grant", err)
	}
	return recorded[Granted](ctx, m, operation{
		name: "grant", input: in, anonymous: true, load: in.load(),
		deed: &deed{entry: func(l *store.Loaded, _ *rules.Outcome) OperatorAction {
			a := OperatorAction{Action: ActionGrant, AgentID: in.AgentID, Amount: in.Amount, Reason: in.Reason}
			a.about(l.Task)
			return a
		}},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) { return m.grant(now, l, in) },
		outcome: func(l *store.Loaded, _ *rules.Outcome) any {
			return Granted{Granted: in.Amount, AgentID: in.AgentID, Balance: l.Agent.Balance + in.Amount, Reason: in.Reason, TaskID: in.TaskID}
		},
	})
}

func (in *GrantInput) check() error {
	return rules.CheckText("reason", in.Reason, limits.Reason)
}

func (in *GrantInput) load() store.LoadQuery {
	return store.LoadQuery{Agent: in.AgentID, Task: in.TaskID}
}

func (m *Market) grant(now time.Time, l *store.Loaded, in GrantInput) (*rules.Outcome, error) {
	return m.rules.Grant(now, l, in.AgentID, in.Amount, in.TaskID, in.Reason)
}

// ClawBackInput takes credits back from an agent; Amount is 1–1,000,000,000, and at most the
// agent's balance.
type ClawBackInput struct {
	AgentID AgentID `json:"agent_id"`
	Amount  int64   `json:"amount"`
	Reason  string  `json:"reason"` // 1–5,000, kept as a note in the agent's ledger
	// TaskID is the task that it is about, of which the agent is a party; "" for none. From
	// the worker of an approved task no more is taken than it was paid.
	TaskID TaskID `json:"task_id,omitempty"`
	// Refund gives what is taken from the worker of an approved task to its poster, at once.
	Refund bool `json:"refund,omitempty"`
}

// ClawedBack is the answer to ClawBack.
type ClawedBack struct {
	ClawedBack int64   `json:"clawed_back"`
	AgentID    AgentID `json:"agent_id"`
	// Balance is what the agent has left.
	Balance int64  `json:"balance"`
	Reason  string `json:"reason"`
	TaskID  TaskID `json:"task_id,omitempty"`
	// Refunded went to PosterID, which has PosterBalance now.
	Refunded      int64   `json:"refunded,omitempty"`
	PosterID      AgentID `json:"poster_id,omitempty"`
	PosterBalance int64   `json:"poster_balance,omitempty"`
}

// ClawBack takes credits of an agent's balance back to the platform, or with Refund to
// the poster of the task that paid them, in one step (rules 3.9 and 3.11): never more than
// there are, and what tasks hold in escrow is not touched.
//
// Errors: ErrInvalid, ErrForbidden, ErrNotFound, ErrInsufficientCredits, ErrUnavailable.
func (m *Market) ClawBack(ctx context.Context, in ClawBackInput) (ClawedBack, error) {
	err := in.check()
	if err == nil {
		err = rules.CheckRequired("reason", in.Reason, limits.Reason)
	}
	if err != nil {
		return ClawedBack{}, m.refused(ctx, "clawback", err)
	}
	return recorded[ClawedBack](ctx, m, operation{
		name: "clawback", input: in, anonymous: true, load: in.load(),
		deed: &deed{entry: func(l *store.Loaded, _ *rules.Outcome) OperatorAction {
			a := OperatorAction{Action: ActionClawBack, AgentID: in.AgentID, Amount: in.Amount, Reason: in.Reason}
			a.about(l.Task)
			if in.Refund {
				a.PosterGetsBack = in.Amount
			}
			return a
		}},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) { return m.clawBack(now, l, in) },
		outcome: func(l *store.Loaded, _ *rules.Outcome) any {
			back := ClawedBack{ClawedBack: in.Amount, AgentID: in.AgentID, Balance: l.Agent.Balance - in.Amount, Reason: in.Reason, TaskID: in.TaskID}
			if in.Refund {
				back.Refunded, back.PosterID, back.PosterBalance = in.Amount, l.Poster.ID, l.Poster.Balance+in.Amount
			}
			return back
		},
	})
}

func (in *ClawBackInput) check() error {
	if in.Refund && in.TaskID == "" {
		return rules.Invalid("refund", "needs a task_id: the task that paid")
	}
	return rules.CheckText("reason", in.Reason, limits.Reason)
}

func (in *ClawBackInput) load() store.LoadQuery {
	return store.LoadQuery{Agent: in.AgentID, Task: in.TaskID}
}

func (m *Market) clawBack(now time.Time, l *store.Loaded, in ClawBackInput) (*rules.Outcome, error) {
	return m.rules.ClawBack(now, l, rules.TakeBack{From: in.AgentID, Amount: in.Amount, Reason: in.Reason, Task: in.TaskID, Refund: in.Refund})
}

// about notes the task that an entry is about, nil for none, and its parties.
func (a *OperatorAction) about(t *store.Task) {
	if t != nil {
		a.TaskID, a.PosterID, a.WorkerID = t.ID, t.Poster, t.Worker()
	}
}

// Foreseen is what a grant or a claw-back would do now.
type Foreseen struct {
	AgentID AgentID
	Amount  int64
	// Balance is what the agent has, After what it would have.
	Balance, After int64
	// PosterID is who would get what is taken, with what it has and would have; "" for nobody.
	PosterID                   AgentID
	PosterBalance, PosterAfter int64
	// Issued is what agents have got so far with registrations and from operators, less what
	// was taken back; 0 where nobody has counted it. Unusual is a grant of more than that.
	Issued  int64
	Unusual bool
}

// ForeseeGrant says what Grant would do now.
//
// Errors: those of Grant.
func (m *Market) ForeseeGrant(ctx context.Context, in GrantInput) (f Foreseen, err error) {
	finish := m.meter.operation(&ctx, "foresee grant")
	defer func() { finish(err) }()
	if err := in.check(); err != nil {
		return f, err
	}
	l, err := m.foresee(ctx, in.load(), func(now time.Time, l *store.Loaded) (*rules.Outcome, error) { return m.grant(now, l, in) })
	if err != nil {
		return f, err
	}
	totals, err := m.store.Totals(ctx)
	if err != nil {
		return f, known(ctx, err)
	}
	f = Foreseen{AgentID: in.AgentID, Amount: in.Amount, Balance: l.Agent.Balance, After: l.Agent.Balance + in.Amount, Issued: moneyOf(&totals).Issued()}
	f.Unusual = in.Amount > f.Issued && totals.Platform != nil
	return f, nil
}

// ForeseeClawBack says what ClawBack would do now.
//
// Errors: those of ClawBack.
func (m *Market) ForeseeClawBack(ctx context.Context, in ClawBackInput) (f Foreseen, err error) {
	finish := m.meter.operation(&ctx, "foresee clawback")
	defer func() { finish(err) }()
	if err := in.check(); err != nil {
		return f, err
	}
	l, err := m.foresee(ctx, in.load(), func(now time.Time, l *store.Loaded) (*rules.Outcome, error) { return m.clawBack(now, l, in) })
	if err != nil {
		return f, err
	}
	f = Foreseen{AgentID: in.AgentID, Amount: in.Amount, Balance: l.Agent.Balance, After: l.Agent.Balance - in.Amount}
	if in.Refund {
		f.PosterID, f.PosterBalance, f.PosterAfter = l.Poster.ID, l.Poster.Balance, l.Poster.Balance+in.Amount
	}
	return f, nil
}

// foresee decides, and commits nothing.
func (m *Market) foresee(ctx context.Context, q store.LoadQuery, decide func(time.Time, *store.Loaded) (*rules.Outcome, error)) (*store.Loaded, error) {
	q.Now = m.now()
	l, err := m.store.Load(ctx, q)
	if err != nil {
		return nil, known(ctx, err)
	}
	_, err = decide(q.Now, l)
	return l, err
}

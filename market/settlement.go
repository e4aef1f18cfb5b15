package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Settlement is where the escrow of a task goes when an operator ends it: the poster is
// charged what the worker gets and the fee, and the rest comes back.
type Settlement struct {
	Outcome        TaskOutcome `json:"outcome"`
	Escrow         int64       `json:"escrow"`
	Charged        int64       `json:"charged"`
	WorkerReceives int64       `json:"worker_receives"`
	Fee            int64       `json:"fee"`
	PosterGetsBack int64       `json:"poster_gets_back"`
}

// Settlement returns what ResolveTask would do with the escrow of a task, and does
// nothing. The reason may be absent.
//
// Errors: ErrInvalid, ErrForbidden, ErrNotFound, ErrConflict for a task that cannot end so,
// ErrUnavailable.
func (m *Market) Settlement(ctx context.Context, id TaskID, in ResolveTaskInput) (s Settlement, err error) {
	in.Reason = "to be said"
	if err := in.check(); err != nil {
		return s, m.refused(ctx, "settlement", err)
	}
	_, err = m.operate(ctx, operation{
		name: "settlement " + string(id), anonymous: true, load: store.LoadQuery{Task: id},
		decide: func(_ time.Time, l *store.Loaded) (_ *rules.Outcome, err error) {
			s, err = m.settlement(l.Task, in)
			return nil, err
		},
	})
	return s, err
}

func (m *Market) settlement(t *store.Task, in ResolveTaskInput) (Settlement, error) {
	s, err := m.rules.Settle(t, rules.Resolution{Outcome: in.Outcome, Charged: in.WorkerCredits})
	if err != nil {
		return Settlement{}, err
	}
	return Settlement{
		Outcome: in.Outcome, Escrow: t.MaxCredits, Charged: s.Charged, WorkerReceives: s.Worker, Fee: s.Fee, PosterGetsBack: s.Back,
	}, nil
}

// settlements are those that are possible now, with a split in the middle.
func (m *Market) settlements(t *store.Task) []Settlement {
	list := []Settlement{}
	for _, in := range []ResolveTaskInput{{Outcome: OutcomeRefund}, {Outcome: OutcomeRelease}, {Outcome: OutcomeSplit, WorkerCredits: t.MaxCredits / 2}} {
		if s, err := m.settlement(t, in); err == nil && (in.Outcome != OutcomeSplit || in.WorkerCredits > 0) {
			list = append(list, s)
		}
	}
	return list
}

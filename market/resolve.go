package market

import (
	"context"
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// ResolveTaskInput is what an operator decides about a task.
type ResolveTaskInput struct {
	// Outcome is refund, release or split.
	Outcome TaskOutcome `json:"outcome"`
	// WorkerCredits is what the poster is charged in a split, at least 1 and less than
	// the budget; the worker gets it less the fee. 0 with the other outcomes.
	WorkerCredits int64 `json:"worker_credits,omitempty"`
	// Reason is 1–5,000 characters; both parties are told.
	Reason string `json:"reason"`
}

// ResolveTask ends a posted, claimed or delivered task by an operator's decision
// (rule 15.11): with OutcomeRefund it is cancelled and the poster gets everything back,
// with the others it is approved and the worker paid, less the fee.
//
// Errors: ErrInvalid, ErrForbidden, ErrNotFound, ErrConflict for a task that has ended,
// or that nobody works on; ErrUnavailable.
func (m *Market) ResolveTask(ctx context.Context, id TaskID, in ResolveTaskInput) (Task, error) {
	if err := in.check(); err != nil {
		return Task{}, m.refused(ctx, "settle", err)
	}
	var act *OperatorAction
	d, err := m.operate(ctx, operation{
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			if l.Task != nil && l.Task.Ending != nil && l.Task.Ending.Outcome != "" {
				act, err = m.lastAct(ctx, ActionQuery{TaskID: id}, ActionResolveTask)
			}
			return err
		},
		name: "settle " + string(id), input: in, anonymous: true, load: store.LoadQuery{Task: id, Text: true},
		deed: &deed{entry: func(l *store.Loaded, o *rules.Outcome) OperatorAction {
			t := o.Written(id)
			a := OperatorAction{
				Action: ActionResolveTask, TaskID: id, PosterID: t.Poster, WorkerID: t.Worker(),
				Amount: t.Ending.Charged, Outcome: string(in.Outcome), Reason: in.Reason,
			}
			a.WorkerReceives, a.PosterGetsBack = a.Amount-m.rules.Fee(a.Amount), t.MaxCredits-a.Amount
			return a
		}},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			o, err := m.rules.ResolveTask(now, l, rules.Resolution{Outcome: in.Outcome, Charged: in.WorkerCredits, Reason: in.Reason})
			return o, endedBefore(l.Task, act, err)
		},
		outcome: func(_ *store.Loaded, o *rules.Outcome) any { return o.Written(id) },
	})
	if err != nil {
		return Task{}, err
	}
	if d.replay != nil {
		return m.replayResolved(d)
	}
	return m.taskView(d.outcome.Written(id), d.loaded.Text, recordOf(d.loaded.Poster)), nil
}

// endedBefore says in a refusal how the task has ended: act is the decision, if it was one.
func endedBefore(t *store.Task, act *OperatorAction, err error) error {
	refusal, is := errors.AsType[*Error](err)
	if !is || t == nil || t.Ending == nil || refusal.Code != CodeWrongState {
		return err
	}
	said := *refusal
	switch at := t.Ending.At.UTC().Format("2006-01-02 15:04:05 UTC"); {
	case act != nil:
		said.Message += ": it was ended (" + act.Outcome + ") " + act.Told()
	case t.Status == StatusExpired || t.Ending.Auto:
		said.Message += ": a timer ended it at " + at
	default:
		said.Message += ": its poster ended it at " + at
	}
	return &said
}

func (in *ResolveTaskInput) check() error {
	if err := rules.CheckRequired("reason", in.Reason, limits.Reason); err != nil {
		return err
	}
	switch in.Outcome {
	case OutcomeSplit:
		return nil // the budget bounds it
	case OutcomeRefund, OutcomeRelease:
		if in.WorkerCredits != 0 {
			return rules.Invalid("worker_credits", "is for a split alone")
		}
		return nil
	}
	return rules.Invalid("outcome", "must be refund, release or split")
}

// replayResolved is the task as it was resolved, unless its texts have been deleted.
func (m *Market) replayResolved(d done) (Task, error) {
	t, err := recall[*store.Task](d.replay)
	if err != nil {
		return Task{}, err
	}
	if d.loaded.Text.Need == "" {
		return Task{}, textsGone()
	}
	return m.taskView(t, d.loaded.Text, recordOf(d.loaded.Poster)), nil
}

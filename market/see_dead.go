package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// ActionSeeDead is that an operator has seen the dead webhooks until the instant that is
// the entry's Subject.
const ActionSeeDead = "see_dead"

// SeeDeadInput says which dead webhooks of all agents wait for nobody any more.
type SeeDeadInput struct {
	// Until is when the newest of them failed, as the list has it: what fails later waits
	// again, and so does one of them that is delivered again and fails again.
	Until  Time   `json:"until"`
	Reason string `json:"reason"` // 1–5,000, for the log
}

// SeenDead is the answer to SeeDead.
type SeenDead struct {
	Until  Time   `json:"until"`
	Reason string `json:"reason"`
}

// SeeDead marks dead webhooks as seen by an operator (rule 15.15): the overview and the
// metric count the others. Nothing is kept but the entry in the log, of which the newest
// counts, and the dead letters stay where they are.
//
// Errors: ErrInvalid, ErrForbidden, ErrConflict when as many are seen, ErrUnavailable.
func (m *Market) SeeDead(ctx context.Context, in SeeDeadInput) (SeenDead, error) {
	in.Until = NewTime(in.Until.Truncate(time.Microsecond))
	if err := rules.CheckRequired("reason", in.Reason, limits.Reason); err != nil {
		return SeenDead{}, m.refused(ctx, "see dead", err)
	}
	var seen Time
	_, err := m.operate(ctx, operation{
		name: "see dead", input: in, anonymous: true,
		deed: does(OperatorAction{Action: ActionSeeDead, Subject: in.Until.String(), Reason: in.Reason}),
		learn: func(ctx context.Context, _ *store.Loaded) (err error) {
			seen, err = m.deadSeen(ctx)
			return err
		},
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.SeeDead(now, in.Until.Time, seen.Time)
		},
		outcome: func(*store.Loaded, *rules.Outcome) any { return SeenDead(in) },
	})
	if err != nil {
		return SeenDead{}, err
	}
	return SeenDead(in), nil
}

// deadSeen is until when operators have seen the dead webhooks, zero for never.
func (m *Market) deadSeen(ctx context.Context) (seen Time, err error) {
	entries, err := m.actions(ctx, ActionQuery{Action: ActionSeeDead, Page: Page{Limit: 1}})
	if err != nil || len(entries.Actions) == 0 {
		return seen, err
	}
	if err := seen.UnmarshalText([]byte(entries.Actions[0].Subject)); err != nil {
		return seen, unavailable(err)
	}
	return seen, nil
}

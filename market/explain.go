package market

import (
	"context"
	"errors"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/rules"
)

// maxPosition is how many offers Explain looks through: as many as a page of Browse
// may have.
const maxPosition = 100

// Explain says whether a pickup with this filter offers the task to the agent now, and
// where it comes, or else why not (rule 6.13). What ranks for Pickup and Browse
// answers it.
//
// Errors: ErrInvalid, ErrNotFound for tasks that the agent may not see, system tasks
// among them, ErrUnavailable, with the code warming while the board is loading.
func (h *Handle) Explain(ctx context.Context, id TaskID, f Filter) (e Explanation, err error) {
	if f, err = checkFilter(f); err != nil {
		return e, h.m.refused(ctx, "explain", err)
	}
	op := h.looking("explain " + string(id))
	op.load.Task, op.load.Role = id, true
	op.commit = func(ctx context.Context, d *done) (again bool, err error) {
		e, err = h.explained(ctx, d, f)
		return false, err
	}
	_, err = h.m.operate(ctx, op)
	return e, err
}

// explained asks the rules of a claim by id first, and then the board.
func (h *Handle) explained(ctx context.Context, d *done, f Filter) (e Explanation, err error) {
	if err := rules.Visible(d.now, d.loaded); err != nil {
		return e, err
	}
	var refusal *Error
	if errors.As(h.m.rules.MayPickup(d.now, d.loaded), &refusal) {
		if e.Reason = refusal.Code; e.Reason == CodeCooldown {
			e.Until = NewTime(d.loaded.Caller.Strikes.BlockedUntil)
		}
		return e, nil
	}
	query := h.query(d.loaded.Caller, f, d.now)
	s, err := h.m.standingOf(ctx, query, d.loaded.Task.ID)
	if err != nil {
		return e, err
	}
	if e.Offered = s.Hindrance == board.Offered; e.Offered {
		e.Phase, e.Position = s.Phase, s.Position
		return e, nil
	}
	e.Reason, e.Until = reasonOf[s.Hindrance], NewTime(s.Until)
	return e, nil
}

// standingOf asks the board, which is read to the store's head first if it does not
// know the task yet.
func (m *Market) standingOf(ctx context.Context, q board.Query, id TaskID) (s board.Standing, err error) {
	ask := func() { s = m.mirror.Board.Explain(q, string(id), maxPosition) }
	if err = m.consult(ctx, ask); err != nil || s.Hindrance != board.Unknown {
		return s, err
	}
	if err = m.mirror.CatchUp(ctx); err != nil {
		return s, known(ctx, err)
	}
	return s, m.consult(ctx, ask)
}

// reasonOf names what keeps a task from an agent. A task that has left the board since
// it was loaded is in another state.
var reasonOf = map[board.Hindrance]Code{
	board.Unknown: CodeWrongState, board.Own: CodeOwnTask, board.Conflict: CodeRoleConflict,
	board.PosterSuspended: CodePosterSuspended, board.HeadStart: CodeHeadStart, board.Filtered: CodeFiltered,
}

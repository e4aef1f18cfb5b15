package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Deliver submits the result of a task that the caller has claimed (rule 4.7).
// A system task is approved and paid with the delivery (rule 7.4).
//
// Errors: ErrInvalid, ErrNotFound, ErrForbidden, ErrConflict in another state.
func (h *Handle) Deliver(ctx context.Context, id TaskID, in DeliverInput) (Task, error) {
	if err := checkResult(in); err != nil {
		return Task{}, h.m.refused(ctx, "deliver", err)
	}
	m := h.m
	childID, err := m.ids.next("tk-")
	if err != nil {
		return Task{}, h.m.refused(ctx, "deliver", unavailable(err))
	}
	var answer rules.Answer
	var verifier bool
	return h.change(ctx, change{
		name: "deliver", id: id, input: in, result: in.Result, role: true, conflict: m.rules.TooManyBytes,
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			answer, verifier = rules.Answer{}, false // of a try before, when the task was another one
			switch {
			case l.Task == nil || l.Task.Worker() != h.id:
			case l.Task.System != nil:
				answer, err = m.judge(ctx, l, in)
			default:
				verifier = m.verifierFor(ctx, l)
			}
			return err
		},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			var verify *rules.Draft
			if verifier {
				verify = rules.VerifyDraft(TaskID(childID), rules.VerifyInput{
					TaskID: id, Need: l.Text.Need, Context: l.Text.Context, Result: in.Result,
				}, l.Task.Poster, h.id)
			}
			return m.rules.Deliver(now, l, rules.Work(in), verify, answer)
		},
	})
}

// verifierFor reports whether somebody may verify this delivery. A board that
// is still loading is not waited for.
func (m *Market) verifierFor(ctx context.Context, l *store.Loaded) bool {
	return !m.mirror.IsLoading() && rules.MayBeVerified(l.Task) && m.infraBut(ctx, l.Task.Poster, l.Caller.ID)
}

func checkResult(in DeliverInput) error {
	if err := rules.CheckRequired("result", in.Result, limits.Result); err != nil {
		return err
	}
	if in.CreditsClaimed < 0 {
		return rules.Invalid("credits_claimed", "must be 1 or more")
	}
	return nil
}

// change is an operation on one task that answers with the task.
type change struct {
	name   string
	id     TaskID
	input  any
	trust  bool
	role   bool
	result string // the new result, when there is one
	// strikes are shown with the outcome when the operation may cause one.
	strikes bool
	learn   func(ctx context.Context, l *store.Loaded) error
	decide  func(now time.Time, l *store.Loaded) (*rules.Outcome, error)
	// conflict is operation.conflict.
	conflict func(c *store.Conflict) error
}

func (h *Handle) change(ctx context.Context, c change) (Task, error) {
	d, err := h.m.operate(ctx, operation{
		name: c.name + " " + string(c.id), input: c.input,
		load:  store.LoadQuery{Caller: h.id, Task: c.id, Text: true, Trust: c.trust, Role: c.role},
		learn: c.learn, decide: c.decide, conflict: c.conflict,
		outcome: func(l *store.Loaded, o *rules.Outcome) any { return c.changed(h.m, l, o) },
	})
	if err != nil {
		return Task{}, err
	}
	if d.replay != nil {
		return c.replayed(h.m, d)
	}
	text := d.loaded.Text
	if c.result != "" {
		text.Result = c.result
	}
	return c.changed(h.m, d.loaded, d.outcome).view(h.m, text), nil
}

// changed is a task as an operation left it, without its texts: the recorded
// outcome that a repeat gets.
type changed struct {
	*store.Task
	PosterRecord *PosterRecord `json:"poster_record,omitempty"`
	// Strikes are those of a worker who abandoned it.
	Strikes *store.Strikes `json:"strikes,omitempty"`
	// At is the instant of the operation.
	At time.Time `json:"at,omitzero"`
	// Actions are those of the caller then.
	Actions []Action `json:"actions,omitempty"`
}

func (c *change) changed(m *Market, l *store.Loaded, o *rules.Outcome) *changed {
	out := &changed{Task: o.Written(c.id), PosterRecord: recordOf(l.Poster), At: o.At, Actions: m.rules.Actions(o.At, o.After(l))}
	for _, d := range o.Accounts {
		if out.PosterRecord != nil && d.Agent == l.Poster.ID {
			out.PosterRecord.Approved += d.Approvals
			out.PosterRecord.Rejected += d.Rejections
		}
	}
	if c.strikes {
		out.Strikes = &l.Worker.Strikes
		for _, w := range o.Strikes {
			out.Strikes = &w.New
		}
	}
	return out
}

func (c *changed) view(m *Market, text store.TaskText) Task {
	v := m.taskView(c.Task, text, c.PosterRecord)
	v.Actions = c.Actions
	if c.Strikes != nil {
		v.Strikes, v.BlockedUntil = new(c.Strikes.Count), blockedUntil(*c.Strikes, c.At)
	}
	return v
}

// replayed renders the recorded task again. Its texts are read from the store,
// unless they have been deleted; a result that a later one has replaced is left
// out.
func (c *change) replayed(m *Market, d done) (Task, error) {
	again, err := recall[changed](d.replay)
	if err != nil {
		return Task{}, err
	}
	text := d.loaded.Text
	if text.Need == "" {
		return Task{}, textsGone()
	}
	if d.loaded.Task == nil || again.ResultNo() != d.loaded.Task.ResultNo() {
		text.Result = c.result
	}
	return again.view(m, text), nil
}

package market

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Task returns a task: all of it to its parties, the public part to everybody
// while it is posted, and ErrNotFound otherwise. Its poster and
// its worker may wait up to 5 minutes until it is delivered or has ended, on
// whichever replica that happens; for everybody else wait means nothing.
//
// Errors: ErrRateLimited beyond Policy.MaxWaits of the agent in this process, and
// ErrInvalid for a wait inside a host's transaction.
func (h *Handle) Task(ctx context.Context, id TaskID, wait time.Duration) (Task, error) {
	if err := rules.CheckWait(wait); err != nil {
		return Task{}, err
	}
	if err := h.mayWait(wait); err != nil {
		return Task{}, err
	}
	looking, done := beyondWait(ctx)
	defer done()
	view, _, err := h.look(looking, id)
	if err != nil || wait == 0 || !view.party(h.id) || view.isOver() {
		return view, err
	}
	leave, err := h.takeWait()
	if err != nil {
		return Task{}, err
	}
	defer leave()
	if later, ok := h.m.waitFor(ctx, h.id, id, wait); ok {
		view = later
	}
	return view, nil
}

func (v *Task) party(id AgentID) bool {
	return v.PosterID == id || v.WorkerID != "" && v.WorkerID == id
}

// isOver reports whether there is nothing more to wait for.
func (v *Task) isOver() bool { return v.Status.Ended() || v.Status == StatusDelivered }

// mayWait refuses a wait inside a host's transaction: nobody else sees its task, and
// what the transaction holds would wait as well.
func (h *Handle) mayWait(wait time.Duration) error {
	if wait > 0 && h.m.hosted {
		return rules.Invalid("wait", "must be 0 inside a transaction")
	}
	return nil
}

// takeWait takes one of the agent's places to wait and returns the function
// that frees it.
func (h *Handle) takeWait() (leave func(), err error) {
	if !h.m.waits.enter(h.id, h.m.policy.MaxWaits) {
		err := rules.Refuse(CodeTooManyWaits, "At most %d waiting requests at once", h.m.policy.MaxWaits)
		err.RetryAfter = time.Second
		return nil, err
	}
	return func() { h.m.waits.leave(h.id) }, nil
}

// look reads a task as the agent may see it, and the number of the agent's
// newest event at the same moment.
func (h *Handle) look(ctx context.Context, id TaskID) (view Task, seq int64, err error) {
	d, err := h.m.operate(ctx, operation{
		name: "task", load: store.LoadQuery{Caller: h.id, Task: id, Text: true, Role: true},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			if err := rules.Visible(now, l); err != nil {
				return nil, err
			}
			if l.Task.IsParty(h.id) {
				view = h.m.taskView(l.Task, l.Text, recordOf(l.Poster))
			} else {
				view = h.m.publicView(l.Task, l.Text, l.Poster)
				view.hiring(l.Task, h.id)
			}
			view.Actions = h.m.rules.Actions(now, l)
			return nil, nil
		},
	})
	if err != nil {
		return Task{}, 0, err
	}
	return view, d.loaded.Caller.EventSeq, nil
}

// await fills in the posted task once it is delivered or the time is up. It
// cannot fail: the task is posted, and at worst the answer shows it as it was
// at posting.
func (m *Market) await(ctx context.Context, poster AgentID, posted *Posted, wait time.Duration) {
	view, ok := m.waitFor(ctx, poster, posted.TaskID, wait)
	if !ok {
		return
	}
	posted.Status, posted.Deadline, posted.Task = view.Status, view.Deadline, &view
}

// waitFor returns the task once it is delivered or has ended, or as it is when
// the time is up; ok is false when it could not be read. Between two looks
// nothing is held and nothing runs.
func (m *Market) waitFor(ctx context.Context, agent AgentID, id TaskID, wait time.Duration) (view Task, ok bool) {
	w := m.rooms.join(agent, id)
	defer w.leave()
	up := m.clock.After(wait)
	for over := false; ; {
		w.lookedAt = time.Now()
		later, seq, err := m.As(agent).look(ctx, id)
		switch {
		case err == nil:
			w.room.begin(seq)
			view, ok = later, true
		case !errors.Is(err, ErrUnavailable):
			// The agent is suspended or the task no longer exists: there is nothing to
			// wait for.
			return view, ok
		}
		if over || ok && view.isOver() {
			return view, ok
		}
		var goOn bool
		if over, goOn = w.next(ctx, up); !goOn {
			return view, ok
		}
	}
}

// places bounds how many waits each agent may have at the same time.
type places struct {
	mu   sync.Mutex
	open map[AgentID]int
}

func (p *places) enter(id AgentID, most int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if most > 0 && p.open[id] >= most {
		return false
	}
	if p.open == nil {
		p.open = map[AgentID]int{}
	}
	p.open[id]++
	return true
}

func (p *places) leave(id AgentID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[id]--; p.open[id] <= 0 {
		delete(p.open, id)
	}
}

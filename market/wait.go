package market

import (
	"context"
	"time"
)

// Task returns a task: all of it to its parties, the public part to everybody
// while it is posted, and ErrNotFound otherwise (contract §5). Its poster may
// wait up to 5 minutes for the delivery or the end; what ends the wait is an
// event, on whichever replica it happens.
func (h *Handle) Task(ctx context.Context, id TaskID, wait time.Duration) (TaskView, error) {
	if wait < 0 || wait > MaxWaitSeconds*time.Second {
		return TaskView{}, invalid("wait", "must be 1 to %d seconds", MaxWaitSeconds)
	}
	view, err := h.look(ctx, id)
	if err != nil || wait == 0 || view.PosterID != h.id {
		return view, err
	}
	if later, ok := h.m.waitFor(ctx, h.id, id, wait); ok {
		view = later
	}
	return view, nil
}

// look reads a task as the agent may see it.
func (h *Handle) look(ctx context.Context, id TaskID) (view TaskView, err error) {
	_, err = h.m.operate(ctx, operation{
		name: "task", load: LoadQuery{Caller: h.id, Task: id, Text: true},
		decide: func(_ time.Time, l *Loaded) (*outcome, error) {
			if err := visible(l); err != nil {
				return nil, err
			}
			if l.Task.IsParty(h.id) {
				view = taskView(l.Task, l.Text)
			} else {
				view = publicView(l.Task, l.Text, l.Poster)
			}
			return nil, nil
		},
	})
	return view, err
}

// await fills in what became of a posted task when the time is up or it is
// delivered. It cannot fail: the task is posted.
func (m *Market) await(ctx context.Context, poster AgentID, posted *Posted, wait time.Duration) {
	view, ok := m.waitFor(ctx, poster, posted.TaskID, wait)
	if !ok {
		return
	}
	posted.Status, posted.Deadline = view.Status, view.Deadline
	if view.Status == StatusDelivered || view.Status == StatusApproved {
		posted.Task = &view
	}
}

// waitFor returns the task once it is delivered or has ended, or as it is when
// the time is up; ok is false when it could not be read. Each event of the
// poster is a reason to look again; between them nothing is held and nothing
// runs.
func (m *Market) waitFor(ctx context.Context, poster AgentID, id TaskID, wait time.Duration) (view TaskView, ok bool) {
	wake, stop := m.notifier.Listen(poster)
	defer stop()
	up := m.clock.After(wait)
	for over := false; ; {
		later, err := m.As(poster).look(ctx, id)
		if err == nil {
			view, ok = later, true
			if view.Status.Ended() || view.Status == StatusDelivered {
				return view, true
			}
		}
		if over {
			return view, ok
		}
		select {
		case <-wake:
		case <-up:
			over = true
		case <-ctx.Done():
			return view, ok
		}
	}
}

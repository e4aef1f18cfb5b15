package market

import (
	"context"
	"errors"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// checkTimers looks through all tasks, a piece at a time, for those that the
// store's queue of timers has lost, for example in a partial restore, and puts them
// back. Without it they would wait until one of their parties acts.
func (m *Market) checkTimers(ctx context.Context) error {
	after := int64(0)
	for ctx.Err() == nil {
		var err error
		if after, err = m.rearmLost(ctx, after); err != nil {
			return err
		}
		rest := checkEvery
		if after == 0 {
			rest = checkQuiet
		}
		pause(ctx, rest)
	}
	return nil
}

// rearmLost checks the tasks after a number and returns where the next piece
// starts: at the beginning again when there are no more.
func (m *Market) rearmLost(ctx context.Context, after int64) (next int64, err error) {
	page, err := m.store.ScanTasks(ctx, after, checkBatch)
	if err != nil || len(page) == 0 {
		return 0, err
	}
	for i := range page {
		if err := m.rearm(ctx, &page[i]); err != nil {
			return after, err
		}
	}
	return page[len(page)-1].Task.Seq, nil
}

// rearm writes a lost task again unchanged, which puts it back into the queue. If
// somebody else changes the task meanwhile, that puts it back as well.
func (m *Market) rearm(ctx context.Context, st *store.StoredTask) error {
	if !rules.IsLost(st) {
		return nil
	}
	l, err := m.store.Load(ctx, store.LoadQuery{Now: m.now(), Task: st.Task.ID, Text: true})
	if err != nil || l.Task == nil {
		return err
	}
	m.log.WarnContext(ctx, "the store had lost a timer, which is set again", "task", l.Task.ID, "due", l.Task.NextDue)
	o := m.rules.Rearm(m.now(), l.Task, st.Due)
	committed, err := m.store.Commit(ctx, &o.Change)
	var conflict *store.Conflict
	if errors.As(err, &conflict) {
		return nil
	}
	if err == nil {
		m.applied(o, committed, l)
	}
	return err
}

package market

import (
	"context"
	"sort"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Prunable counts what Prune would delete now, and deletes nothing: events by the
// policy's retention, and tasks that ended before the given instant (none for the zero
// instant). The other kinds, which a server deletes by itself, are left 0. It reads every
// such event; of tasks it reads about 40, by their place in the order in which they ended.
func (m *Market) Prunable(ctx context.Context, endedBefore time.Time) (_ Pruned, err error) {
	finish := m.meter.operation(&ctx, "prunable")
	defer func() { finish(err) }()
	now := m.now()
	var n Pruned
	if n.Events, err = m.oldEvents(ctx, m.old(now, 1).EventsBefore); err != nil {
		return Pruned{}, known(ctx, err)
	}
	if n.Tasks, err = m.endedTasks(ctx, keptUntil(now, endedBefore)); err != nil {
		return Pruned{}, known(ctx, err)
	}
	return n, nil
}

// oldEvents counts the events before the first that is not older.
func (m *Market) oldEvents(ctx context.Context, before time.Time) (n int, err error) {
	for after := int64(0); ; {
		page, err := m.store.EventLog(ctx, after, pruneBatch)
		if err != nil || len(page.Events) == 0 {
			return n, err
		}
		for i := range page.Events {
			if !page.Events[i].At.Before(before) {
				return n, nil
			}
			n++
		}
		after = page.Events[len(page.Events)-1].Number
	}
}

// endedTasks counts the tasks that ended before an instant: those between its place in
// the order of endings and the end of it.
func (m *Market) endedTasks(ctx context.Context, before time.Time) (int, error) {
	if before.IsZero() {
		return 0, nil
	}
	first, err := m.firstEnded(ctx, func(t *store.Task) bool { return t.Ending.At.Before(before) })
	if err != nil {
		return 0, err
	}
	all, err := m.firstEnded(ctx, func(*store.Task) bool { return false })
	return max(all-first, 0), err
}

// firstEnded is the place of the first task, the last to end first, that is old; the
// number of tasks when none is.
func (m *Market) firstEnded(ctx context.Context, old func(*store.Task) bool) (place int, err error) {
	reached := func(offset int) bool {
		if err != nil {
			return true
		}
		var page []store.StoredTask
		page, err = m.store.ScanEnded(ctx, 1, offset)
		return err != nil || len(page) == 0 || old(page[0].Task)
	}
	bound := 1
	for !reached(bound-1) && bound < store.MaxOffset/2 {
		bound *= 2
	}
	return sort.Search(bound, reached), err
}

// keptUntil is the instant from which on ended tasks stay, whatever is asked for.
func keptUntil(now, endedBefore time.Time) time.Time {
	if settled := now.Add(-KeepEnded); endedBefore.After(settled) {
		return settled
	}
	return endedBefore
}

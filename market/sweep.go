package market

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	sweepBatch   = 200
	sweepWorkers = 8
	// fewDue are settled one after the other, in the order of their instants.
	fewDue = 16
)

// Sweep settles everything that is due at the market's present instant and
// returns the number of steps taken. Run does so all the time; tests on a fake
// clock call it after moving the clock. A task that fails stops no other: the
// errors are joined.
func (m *Market) Sweep(ctx context.Context) (steps int, err error) {
	finish := m.meter.operation(&ctx, "sweep")
	defer func() { finish(err) }()
	return m.sweep(ctx, m.now())
}

func (m *Market) sweep(ctx context.Context, until time.Time) (steps int, err error) {
	failed := map[TaskID]error{}
	idle := map[TaskID]bool{}
	for {
		agenda, err := m.store.Due(ctx, until, sweepBatch+len(failed)+len(idle))
		if err != nil {
			return steps, errors.Join(known(ctx, err), joined(failed))
		}
		fresh := agenda.Tasks[:0:0]
		for _, id := range agenda.Tasks {
			if failed[id] == nil && !idle[id] {
				fresh = append(fresh, id)
			}
		}
		if len(fresh) == 0 {
			return steps, joined(failed)
		}
		steps += m.settleMany(ctx, fresh, until, failed, idle)
		if ctx.Err() != nil {
			return steps, errors.Join(context.Cause(ctx), joined(failed))
		}
	}
}

func joined(failed map[TaskID]error) error {
	errs := make([]error, 0, len(failed))
	for _, err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// settleMany settles tasks, several at a time when there are many, and notes
// those that fail, and those where nothing was to do: a sweep that met these
// again and again would never end.
func (m *Market) settleMany(ctx context.Context, ids []TaskID, until time.Time, failed map[TaskID]error, idle map[TaskID]bool) (steps int) {
	workers := sweepWorkers
	if len(ids) <= fewDue {
		workers = 1
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	next := make(chan TaskID)
	for range workers {
		wait.Go(func() {
			for id := range next {
				n, err := m.settleSafely(ctx, id, until)
				mu.Lock()
				steps += n
				switch {
				case err != nil:
					failed[id] = fmt.Errorf("market: settling %s: %w", id, err)
				case n == 0:
					idle[id] = true
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		next <- id
	}
	close(next)
	wait.Wait()
	return steps
}

// settleSafely keeps one bad row from stopping the others.
func (m *Market) settleSafely(ctx context.Context, id TaskID, until time.Time) (steps int, err error) {
	return guarded(func() (int, error) { return m.settleTask(ctx, id, until) })
}

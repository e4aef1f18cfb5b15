package postgres

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// EventLog returns a piece of the log of all agents; see store.Keeper. A transaction of
// a host's own that has told of something holds back what was numbered after that
// until it ends; no other transaction does.
//
// Numbers are given while transactions run, and show when they end: a number that is
// missing may still appear, or never. It never does once all have ended that were
// writing events when a higher number was seen, and those are known by their locks.
func (s *Store) EventLog(ctx context.Context, after int64, limit int) (store.LogPage, error) {
	r := logReading{began: s.log.begin()}
	err := s.inSteps(ctx, "reading the log of events", func(b *batch) {
		r.writers, r.events = nil, nil
		b.row("log_state", nil, &r.top, &r.writers)
		collect(b, &r.events, scanLoggedEvent, "log", after, max(limit, 0))
		b.row("log_pruned", nil, &r.pruned)
	})
	if err != nil {
		return store.LogPage{}, err
	}
	return r.page(after, s.log.end(&r)), nil
}

// logReading is one read of the log. The state comes before the events, so that
// they show what those have written that are not among the writers any more;
// what was pruned is asked last.
type logReading struct {
	began   settling
	top     int64
	writers []string
	events  []store.LoggedEvent
	pruned  int64
}

func scanLoggedEvent(row pgx.CollectableRow) (e store.LoggedEvent, err error) {
	var r eventRow
	if err = row.Scan(append(r.targets(), &e.Number)...); err != nil {
		return e, err
	}
	e.Event, err = r.decode()
	return e, err
}

// page returns the events up to the settled number, and those that follow without
// a gap.
func (r *logReading) page(after, settled int64) store.LogPage {
	next := max(after, settled, r.pruned) + 1
	kept := len(r.events)
	for i := range r.events {
		n := r.events[i].Number
		if n > settled && n != next {
			kept = i
			break
		}
		next = max(next, n+1)
	}
	return store.LogPage{Events: r.events[:kept:kept], Pruned: r.pruned, Head: max(settled, r.pruned), Held: kept < len(r.events)}
}

// settledLog remembers up to which number no event can appear any more.
type settledLog struct {
	mu  sync.Mutex
	now settling
}

// settling is what is known: all is settled up to one number, and up to top once
// the writers have ended.
type settling struct {
	settled, top int64
	writers      []string
}

func (l *settledLog) begin() settling {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// end takes in what a read has found, and returns up to which number its events are
// settled: what another read has learned meanwhile says nothing about them.
func (l *settledLog) end(r *logReading) int64 {
	settled := r.began.settled
	switch {
	case len(r.writers) == 0:
		settled = max(settled, r.top)
	case !slices.ContainsFunc(r.began.writers, func(w string) bool { return slices.Contains(r.writers, w) }):
		settled = max(settled, r.began.top)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.settled = max(l.now.settled, settled)
	if l.now.settled >= l.now.top {
		l.now.top, l.now.writers = r.top, r.writers
	}
	return settled
}

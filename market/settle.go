package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// settleAll settles tasks in the order given, which is that of their due
// instants, and returns the number of steps.
func (m *Market) settleAll(ctx context.Context, ids []TaskID, now time.Time) (steps int, err error) {
	for _, id := range ids {
		n, err := m.settleTask(ctx, id, now)
		steps += n
		if err != nil {
			return steps, err
		}
	}
	return steps, nil
}

// settleTask takes all steps of a task that are due, one commit each. Every
// replica may do so at the same time: a step is guarded like any other change.
func (m *Market) settleTask(ctx context.Context, id TaskID, now time.Time) (steps int, err error) {
	for {
		d := done{now: now}
		if err := m.attempt(ctx, m.timer(id, now), &d); err != nil || d.outcome == nil {
			return steps, err
		}
		steps++
		m.meter.settled(ctx, now.Sub(d.outcome.At))
	}
}

// timer is the operation that takes one due step of a task.
func (m *Market) timer(id TaskID, now time.Time) operation {
	var found rules.Ranking
	var again *rules.Draft
	return operation{
		name: "settle", anonymous: true, timer: true,
		load: store.LoadQuery{Now: now, Task: id, Text: true, Trust: true},
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			if !rules.IsDue(l, now) {
				return nil
			}
			if t := l.Task; t.Status == StatusPosted && t.Matching != nil && t.Matching.State == store.MatchDeferred {
				found = rules.Ranking(m.match(ctx, t, l.Text))
			}
			again, err = m.againDraft(ctx, l, now)
			return err
		},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Timer(now, l, found, again), nil
		},
	}
}

// againDraft drafts the extraction that follows one, when that is due.
func (m *Market) againDraft(ctx context.Context, l *store.Loaded, now time.Time) (*rules.Draft, error) {
	if l.Task.System == nil || l.Subject == nil || !rules.Passed(l.Task.System.Again, now) {
		return nil, nil
	}
	return m.extraction(ctx, l.Subject.Profile)
}

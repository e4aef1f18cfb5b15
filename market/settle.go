package market

import (
	"context"
	"errors"
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
	for try := 0; try < maxTries; try++ {
		l, err := m.store.Load(ctx, store.LoadQuery{Now: now, Task: id, Text: true, Trust: true})
		if err != nil {
			return steps, known(ctx, err)
		}
		if l.Task == nil || !rules.Passed(l.Task.NextDue, now) {
			return steps, nil
		}
		done, err := m.step(ctx, l, now)
		if err != nil {
			return steps, err
		}
		if done {
			steps++
			continue
		}
		if err := backOff(ctx, try); err != nil {
			return steps, err
		}
	}
	return steps, unavailable(errors.New("settling lost every race"))
}

// againDraft drafts the extraction that follows one, when that is due.
func (m *Market) againDraft(ctx context.Context, l *store.Loaded, now time.Time) (*rules.Draft, error) {
	if l.Task.System == nil || l.Subject == nil || !rules.Passed(l.Task.System.Again, now) {
		return nil, nil
	}
	return m.extraction(ctx, l.Subject.Profile)
}

// step commits one due step; false when somebody else was faster.
func (m *Market) step(ctx context.Context, l *store.Loaded, now time.Time) (bool, error) {
	var deferred rules.Ranking
	if t := l.Task; t.Status == StatusPosted && t.Matching != nil && t.Matching.State == store.MatchDeferred {
		deferred = rules.Ranking(m.match(ctx, t, l.Text))
	}
	draft, err := m.againDraft(ctx, l, now)
	if err != nil {
		return false, err
	}
	o := m.rules.Timer(l, now, deferred, draft)
	if err := m.number(&o.Change); err != nil {
		return false, err
	}
	committed, err := m.store.Commit(ctx, &o.Change)
	var conflict *store.Conflict
	if errors.As(err, &conflict) {
		m.meter.conflict(ctx, conflict.Guard)
		return false, nil
	}
	if err != nil {
		return false, known(ctx, err)
	}
	m.meter.settled(ctx, now.Sub(o.At))
	m.applied(o, committed, l)
	return true, nil
}

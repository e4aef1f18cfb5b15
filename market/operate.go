package market

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// operation is one call of an agent: what to load, and how to decide. Every
// operation runs through operate: load, settle what is due, decide, commit.
type operation struct {
	// name is the operation as telemetry and idempotency keys know it, with
	// the task it is about.
	name string
	// load is completed with the instant and the idempotency key.
	load store.LoadQuery
	// input is what the caller sent; a repeated key must bring the same.
	input any
	// learn, when not nil, finds out what the decision needs beside what is
	// loaded, once for each load: decide asks nobody.
	learn func(ctx context.Context, l *store.Loaded) error
	// decide is pure. It may run several times.
	decide func(now time.Time, l *store.Loaded) (*rules.Outcome, error)
	// conflict, when not nil, may turn a failed guard into a refusal; else the
	// operation starts over and decides on what it then finds.
	conflict func(c *store.Conflict) error
	// outcome is what a repeat under the same key gets back; nil for nothing.
	outcome func(l *store.Loaded, o *rules.Outcome) any
	// anonymous operations have no calling agent.
	anonymous bool
}

// done is what came of an operation.
type done struct {
	now       time.Time
	loaded    *store.Loaded
	outcome   *rules.Outcome
	committed store.Committed
	// replay is the recorded outcome when the key had been used before. Then
	// loaded is of no use: what the outcome is about may be gone.
	replay []byte
}

const (
	// maxTries bounds the times an operation decides again because somebody
	// was faster. Each time somebody made progress.
	maxTries = 64
	// maxSettle bounds the due tasks that one call settles on its way.
	maxSettle = 10_000
)

// operate runs an operation to its end. Under an idempotency key that was used
// before, it ends with the first outcome, whatever became of things since.
func (m *Market) operate(ctx context.Context, op operation) (d done, err error) {
	finish := m.meter.operation(&ctx, op.name)
	defer func() { finish(err) }()
	request, err := m.prepare(ctx, &op)
	if err != nil {
		return d, err
	}
	leave, err := m.underWay.enter(ctx, op.load.Idempotency)
	if err != nil {
		return d, err
	}
	defer leave()
	d.now = m.now()
	op.load.Now = d.now
	if d, err = m.attempt(ctx, op, request, d); err == nil {
		return d, nil
	}
	record, failed := m.firstOutcome(ctx, op.load, err)
	switch {
	case failed != nil:
		return d, failed
	case record != nil:
		d.replay, err = replay(record, request)
	}
	return d, err
}

// attempt loads, settles, decides and commits, again when somebody was faster.
func (m *Market) attempt(ctx context.Context, op operation, request [32]byte, d done) (_ done, err error) {
	settled := 0
	for try := 0; ; {
		if d.loaded, err = m.store.Load(ctx, op.load); err != nil {
			return d, known(ctx, err)
		}
		if err := op.admit(d.loaded); err != nil {
			return d, err
		}
		if record := d.loaded.Idempotency; record != nil {
			d.replay, err = replay(record, request)
			return d, err
		}
		n, err := m.settleLoaded(ctx, d.loaded, d.now)
		if err != nil {
			return d, err
		}
		if settled += n; n > 0 && settled < maxSettle {
			continue
		}
		if op.learn != nil {
			if err := op.learn(ctx, d.loaded); err != nil {
				return d, err
			}
		}
		if again, err := m.decideAndCommit(ctx, op, request, &d); !again {
			return d, err
		}
		if try++; try == maxTries {
			return d, &Error{Kind: ErrUnavailable, Code: CodeContended, Message: "Too many others change the same things, try again", RetryAfter: time.Second}
		}
		if err := backOff(ctx, try); err != nil {
			return d, err
		}
	}
}

// decideAndCommit reports whether the operation has to start over because
// something changed between its load and its commit.
func (m *Market) decideAndCommit(ctx context.Context, op operation, request [32]byte, d *done) (again bool, err error) {
	d.outcome, err = op.decide(d.now, d.loaded)
	if err != nil || d.outcome == nil {
		return false, err
	}
	if err := m.complete(op, request, d); err != nil {
		return false, err
	}
	d.committed, err = m.store.Commit(ctx, &d.outcome.Change)
	var conflict *store.Conflict
	if errors.As(err, &conflict) {
		m.meter.conflict(ctx, conflict.Guard)
		if op.conflict != nil {
			if err := op.conflict(conflict); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if err != nil {
		return false, known(ctx, err)
	}
	m.applied(d.outcome, d.committed, d.loaded)
	return false, nil
}

// complete gives the outcome its ids and its idempotency record.
func (m *Market) complete(op operation, request [32]byte, d *done) error {
	if err := m.number(&d.outcome.Change); err != nil {
		return err
	}
	if op.load.Idempotency == nil {
		return nil
	}
	record, err := newRecord(*op.load.Idempotency, request, op.outcome(d.loaded, d.outcome), d.now)
	d.outcome.Idempotency = record
	return err
}

// number gives ids to the transfers.
func (m *Market) number(c *store.Change) error {
	for i := range c.Transfers {
		id, err := m.ids.next("le-")
		if err != nil {
			return unavailable(err)
		}
		c.Transfers[i].ID = EntryID(id)
	}
	return nil
}

// admit refuses callers that do not exist or are suspended.
func (op *operation) admit(l *store.Loaded) error {
	if op.anonymous {
		return nil
	}
	return admitted(l.Caller)
}

func admitted(a *store.Agent) error {
	switch {
	case a == nil:
		return rules.Refuse(CodeUnauthorized, "Unknown agent")
	case a.Suspended:
		return rules.Refuse(CodeSuspended, "Agent suspended")
	}
	return nil
}

// settleLoaded settles the due tasks that the operation addresses and those to
// which the caller is a party, and returns how many steps that took.
func (m *Market) settleLoaded(ctx context.Context, l *store.Loaded, now time.Time) (int, error) {
	n, err := m.settleAll(ctx, l.Due, now)
	if err != nil {
		return n, err
	}
	if l.Task != nil && rules.Passed(l.Task.NextDue, now) && !contains(l.Due, l.Task.ID) {
		k, err := m.settleTask(ctx, l.Task.ID, now)
		return n + k, err
	}
	return n, nil
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// backOff waits a random moment after lost races, longer each time. It is real
// time on purpose: it gives other goroutines and processes the processor, and
// no fake clock should have to be moved for that.
func backOff(ctx context.Context, try int) error {
	if try < 2 {
		return nil
	}
	limit := min(time.Duration(try)*500*time.Microsecond, 20*time.Millisecond)
	timer := time.NewTimer(rand.N(limit) + 1)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

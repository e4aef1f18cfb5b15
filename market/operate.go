package market

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// operation is one call: what to load, and how to decide and commit. Every one of
// them runs through operate: load, settle what is due, decide, commit.
type operation struct {
	// name is the operation's name in telemetry and idempotency keys, with the
	// task it is about.
	name string
	// load is completed with the instant and the idempotency key.
	load store.LoadQuery
	// input is what the caller sent; a repeated key must come with the same input.
	input any
	// learn, when not nil, finds out what the decision needs besides what is
	// loaded, such as a matcher's ranking. It runs once after each load, since
	// decide must be pure.
	learn func(ctx context.Context, l *store.Loaded) error
	// decide is pure. It may run several times.
	decide func(now time.Time, l *store.Loaded) (*rules.Outcome, error)
	// commit, when not nil, decides over several outcomes and lets the store choose,
	// instead of decide and the commit of its one outcome. again starts the operation
	// over; errNothing says that there was nothing to choose from.
	commit func(ctx context.Context, d *done) (again bool, err error)
	// conflict, when not nil, may turn a failed guard into a refusal; else the
	// operation starts over and decides on what it then finds.
	conflict func(c *store.Conflict) error
	// outcome is what a repeat under the same key gets back. An operation without it
	// takes no key, unless it is keyed: then its commit writes the record.
	outcome func(l *store.Loaded, o *rules.Outcome) any
	keyed   bool
	// external, when not "", is the caller's own name for what the operation makes. It
	// is an idempotency key that is kept for good and fits any input.
	external string
	// record, when not nil, is a record that the operation looks at, which has no key of
	// its caller's.
	record *store.IdempotencyID
	// anonymous operations have no calling agent.
	anonymous bool
	// deed, when not nil, makes it an operator's.
	deed *deed
	// timer operations are what settling consists of: they settle nothing first.
	timer bool
}

// done is the result of an operation.
type done struct {
	now       time.Time
	loaded    *store.Loaded
	outcome   *rules.Outcome
	committed store.Committed
	// key is the idempotency key of the call, if it has one, and request the digest of
	// its input.
	key     *store.IdempotencyID
	request [32]byte
	// replay is the recorded outcome when the key had been used before. Then
	// loaded must not be used: what the outcome is about may be gone.
	replay []byte
}

// errNothing ends an operation that found nothing to choose from. It is not a
// failure.
var errNothing = errors.New("market: there was nothing to choose from")

const (
	// maxTries bounds the times an operation decides again because somebody
	// was faster. Each time somebody made progress.
	maxTries = 64
	// maxSettle bounds how many due tasks one call settles before it decides.
	maxSettle = 10_000
	// maxBeaten bounds how often an operation loads again because others had already
	// settled what was due. It protects against a store whose timer queue names tasks
	// that are not due.
	maxBeaten = 4
)

// operate runs an operation to its end. Under an idempotency key that was used
// before, it ends with the first outcome, whatever has changed since.
func (m *Market) operate(ctx context.Context, op operation) (d done, err error) {
	finish := m.meter.operation(&ctx, op.name)
	defer func() { finish(err) }()
	if err = op.deed.allow(OperatorOf(ctx)); err != nil {
		return d, err
	}
	if d.key, d.request, err = prepare(ctx, &op); err != nil {
		return d, err
	}
	leave, err := m.underWay.enter(ctx, d.key)
	if err != nil {
		return d, err
	}
	defer leave()
	d.now = m.now()
	op.load.Now, op.load.Idempotency = d.now, d.key
	if d.key == nil && op.record != nil {
		op.load.Idempotency = op.record
		err = m.attempt(ctx, op, &d)
		return d, err
	}
	if err = m.attempt(ctx, op, &d); err == nil {
		return d, nil
	}
	// A repeat may be refused, or find nothing, because of what the first request
	// under the key has done.
	err = m.instead(&op, &d, err)
	record, failed := m.firstOutcome(ctx, op.load, err)
	switch {
	case failed != nil:
		return d, failed
	case record != nil:
		d.replay, err = replay(d.key, record, d.request)
	case errors.Is(err, errNothing):
		err = nil
	}
	return d, err
}

// attempt loads, settles, decides and commits, again when somebody was faster. It
// is the one loop in which anything is changed.
func (m *Market) attempt(ctx context.Context, op operation, d *done) (err error) {
	for settled, beaten, try := 0, 0, 0; ; {
		if d.loaded, err = m.store.Load(ctx, op.load); err != nil {
			return known(ctx, err)
		}
		if err := op.admit(d.loaded); err != nil {
			return err
		}
		if record := d.loaded.Idempotency; record != nil && d.key != nil {
			d.replay, err = replay(d.key, record, d.request)
			return err
		}
		due, n, err := m.settleLoaded(ctx, op, d)
		if err != nil {
			return err
		}
		if n == 0 {
			beaten++ // somebody else has settled it since the load
		}
		if settled += n; due && settled < maxSettle && beaten < maxBeaten {
			continue
		}
		if again, err := m.act(ctx, op, d); !again {
			return err
		}
		if try++; try == maxTries {
			return &Error{Kind: ErrUnavailable, Code: CodeContended, Message: "Too many others change the same things, try again", RetryAfter: time.Second}
		}
		if err := m.backOff(ctx, try); err != nil {
			return err
		}
	}
}

// act decides and commits. It reports whether the operation has to start over
// because something changed between its load and its commit.
func (m *Market) act(ctx context.Context, op operation, d *done) (again bool, err error) {
	if op.learn != nil {
		if err := op.learn(ctx, d.loaded); err != nil {
			return false, err
		}
	}
	if op.commit != nil {
		return op.commit(ctx, d)
	}
	if d.outcome, err = op.decide(d.now, d.loaded); err != nil || d.outcome == nil {
		return false, err
	}
	if op.deed != nil {
		if err := m.enter(ctx, op.deed, d); err != nil {
			return false, err
		}
	}
	if err := m.complete(op, d); err != nil {
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
func (m *Market) complete(op operation, d *done) (err error) {
	c := &d.outcome.Change
	for i := range c.Transfers {
		id, err := m.ids.next("le-")
		if err != nil {
			return unavailable(err)
		}
		c.Transfers[i].ID = EntryID(id)
	}
	if d.key != nil {
		c.Idempotency, err = d.record(op.outcome(d.loaded, d.outcome))
	}
	return err
}

// record is the idempotency record of the call; nil for a call without a key.
func (d *done) record(outcome any) (*store.IdempotencyRecord, error) {
	if d.key == nil {
		return nil, nil
	}
	return newRecord(*d.key, d.request, outcome, d.now)
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
// which the caller is a party. It reports whether any were due, in which case
// what was loaded is out of date, and returns how many steps were taken.
func (m *Market) settleLoaded(ctx context.Context, op operation, d *done) (due bool, steps int, err error) {
	if op.timer {
		return false, 0, nil
	}
	ids := d.loaded.Due
	if rules.IsDue(d.loaded, d.now) && !slices.Contains(ids, d.loaded.Task.ID) {
		ids = append(slices.Clone(ids), d.loaded.Task.ID)
	}
	steps, err = m.settleAll(ctx, ids, d.now)
	return len(ids) > 0, steps, err
}

// backOff waits a random moment after lost races, longer each time. It waits in
// real time on purpose: the wait lets other goroutines and processes run, and
// no test should have to move a fake clock for that.
func (m *Market) backOff(ctx context.Context, try int) error {
	if try < 2 {
		return nil
	}
	limit := min(time.Duration(try)*500*time.Microsecond, 20*time.Millisecond)
	jitter, err := m.ids.below(int64(limit))
	if err != nil {
		return unavailable(err)
	}
	timer := time.NewTimer(time.Duration(jitter) + 1)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

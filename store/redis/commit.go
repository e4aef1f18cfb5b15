package redis

import (
	"context"
	"fmt"

	"github.com/pinchwork/pinchwork/store"
)

// Commit implements store.Committer.
func (s *Store) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	u := &unit{mode: each, changes: []*store.Change{c}}
	if err := s.commit(ctx, u); err != nil {
		return store.Committed{}, err
	}
	return u.done[0], u.errs[0]
}

// CommitFirst implements store.Committer.
func (s *Store) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	switch {
	case len(cs) == 0:
		return -1, store.Committed{}, nil, nil
	case len(cs) > store.MaxFirst:
		return -1, store.Committed{}, nil, store.ErrTooMany
	}
	u := &unit{mode: first, changes: cs}
	if err := s.commit(ctx, u); err != nil {
		return -1, store.Committed{}, nil, err
	}
	last := len(u.done) - 1
	if u.errs[last] == nil {
		return last, u.done[last], u.errs[:last], nil
	}
	return -1, store.Committed{}, u.errs, nil
}

// CommitEach implements store.Committer.
func (s *Store) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	if len(cs) == 0 {
		return nil, nil
	}
	u, err := &unit{mode: each, changes: cs}, store.ErrTooMany
	if len(cs) <= store.MaxEach {
		err = s.commit(ctx, u)
	}
	if err == nil {
		return u.done, u.errs
	}
	errs := make([]error, len(cs))
	for i := range errs {
		errs[i] = err
	}
	return make([]store.Committed, len(cs)), errs
}

// The modes of a unit.
var (
	each  any = "each"  // all Changes
	first any = "first" // up to the first that is committed
)

// unit is what one caller wants committed, and the result of each Change that was
// tried.
type unit struct {
	mode    any
	changes []*store.Change
	program *program
	told    []compiled
	landed  chan landing
	done    []store.Committed
	errs    []error
}

// commit returns when each Change has been tried, or an error when the outcome
// is unknown.
func (s *Store) commit(ctx context.Context, u *unit) error {
	u.compile(s.keys, s.feedLength)
	reply, err := s.travel(ctx, u)
	if err != nil {
		return err
	}
	return u.read(list(reply))
}

// compiled is what is needed to read the result of a Change: the conflict of
// each guard, in order, and how many tasks the Change inserts.
type compiled struct {
	conflicts []store.Conflict
	tasks     int
}

// compile makes the unit's program.
func (u *unit) compile(k keyspace, feedLength int64) {
	p := newProgram(k)
	p.args = append(p.args, u.mode, 0, 0)
	u.program, u.told = p, make([]compiled, len(u.changes))
	for i, c := range u.changes {
		p.told = &u.told[i]
		p.compile(c, feedLength)
	}
	p.args[1], p.args[2] = len(p.keys), len(p.args)-3
}

func (u *unit) read(replies []any) error {
	if len(replies) == 0 || len(replies) > len(u.changes) {
		return fmt.Errorf("redis: commit answered %d of %d changes", len(replies), len(u.changes))
	}
	u.done, u.errs = make([]store.Committed, len(replies)), make([]error, len(replies))
	for i, reply := range replies {
		u.done[i], u.errs[i] = u.told[i].outcome(reply)
	}
	return nil
}

func (t *compiled) outcome(reply any) (store.Committed, error) {
	switch reply := reply.(type) {
	case []any:
		return t.committed(reply), nil
	case int64:
		if reply >= 1 && int(reply) <= len(t.conflicts) {
			return store.Committed{}, &t.conflicts[reply-1]
		}
	case string:
		return store.Committed{}, fmt.Errorf("redis: %s", reply)
	}
	return store.Committed{}, fmt.Errorf("redis: commit failed an unknown guard")
}

func (t *compiled) committed(reply []any) store.Committed {
	c := store.Committed{Text: store.TaskText{Need: text(at(reply, 1)), Context: text(at(reply, 2))}}
	numbers := list(at(reply, 0))
	for _, n := range numbers[:min(t.tasks, len(numbers))] {
		c.Seqs = append(c.Seqs, number(n))
	}
	return c
}

// compile adds a Change: all guards, then all writes.
func (p *program) compile(c *store.Change, feedLength int64) {
	p.reset()
	p.guardAgents(c)
	p.guardTasks(c)
	p.guardTalk(c)
	p.guardMoney(c)
	p.writeAgents(c)
	p.writeTasks(c)
	p.writeTalk(c)
	p.writeMoney(c)
	p.writeEvents(c)
	p.writeFeed(c, feedLength)
	p.writeRecord(c)
	p.dropTexts(c)
	if c.WantText != "" {
		p.step("texts", p.task(c.WantText))
	}
	p.end()
}

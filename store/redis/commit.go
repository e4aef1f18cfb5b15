package redis

import (
	"context"
	"fmt"

	"github.com/pinchwork/pinchwork/store"
)

// Commit implements store.Committer.
func (s *Store) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	done, errs, err := s.commit(ctx, "each", []*store.Change{c})
	if err != nil {
		return store.Committed{}, err
	}
	return done[0], errs[0]
}

// CommitFirst implements store.Committer.
func (s *Store) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	if len(cs) == 0 {
		return -1, store.Committed{}, nil, nil
	}
	done, errs, err := s.commit(ctx, "first", cs)
	if err != nil {
		return -1, store.Committed{}, nil, err
	}
	last := len(done) - 1
	if errs[last] == nil {
		return last, done[last], errs[:last], nil
	}
	return -1, store.Committed{}, errs, nil
}

// CommitEach implements store.Committer.
func (s *Store) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	if len(cs) == 0 {
		return nil, nil
	}
	done, errs, err := s.commit(ctx, "each", cs)
	if err == nil {
		return done, errs
	}
	errs = make([]error, len(cs))
	for i := range errs {
		errs[i] = err
	}
	return make([]store.Committed, len(cs)), errs
}

// commit runs the Changes and returns an outcome for each that was tried.
func (s *Store) commit(ctx context.Context, mode any, cs []*store.Change) ([]store.Committed, []error, error) {
	p := newProgram(s.keys, mode)
	defer p.release()
	for _, c := range cs {
		p.compile(c, s.feedLength)
	}
	reply, err := s.run(ctx, commitScript, p.keys, p.args...)
	if err != nil {
		return nil, nil, err
	}
	return p.outcomes(list(reply))
}

func (p *program) outcomes(replies []any) ([]store.Committed, []error, error) {
	if len(replies) == 0 || len(replies) > len(p.changes) {
		return nil, nil, fmt.Errorf("redis: commit answered %d of %d changes", len(replies), len(p.changes))
	}
	done, errs := make([]store.Committed, len(replies)), make([]error, len(replies))
	for i, reply := range replies {
		failed, isFailed := reply.(int64)
		conflicts := p.changes[i].conflicts
		switch {
		case !isFailed:
			done[i] = committed(reply)
		case failed >= 1 && int(failed) <= len(conflicts):
			errs[i] = &conflicts[failed-1]
		default:
			errs[i] = fmt.Errorf("redis: commit failed an unknown guard")
		}
	}
	return done, errs, nil
}

func committed(reply any) store.Committed {
	c := store.Committed{Text: store.TaskText{Need: text(at(reply, 1)), Context: text(at(reply, 2))}}
	for _, n := range list(at(reply, 0)) {
		c.Seqs = append(c.Seqs, number(n))
	}
	return c
}

// compile adds a Change: all guards, then all writes. Accounts come before
// transfers, whose entries show the earnings after the commit, and agents
// before events, which ask them for their webhook.
func (p *program) compile(c *store.Change, feedLength int64) {
	header := p.begin()
	p.guardAgents(c)
	p.guardTasks(c)
	p.guardTalk(c)
	p.guardMoney(c)
	p.guarded(header)
	p.writeAgents(c)
	p.writeTasks(c)
	p.writeTalk(c)
	p.writeMoney(c)
	p.writeEvents(c)
	p.writeFeed(c, feedLength)
	p.writeRecord(c)
	p.dropTexts(c)
	if c.WantText != "" {
		p.write("texts", p.task(c.WantText))
	}
	p.end(header)
}

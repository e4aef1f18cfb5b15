package postgres

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// committed is what a commit function answers.
type committed struct {
	// refusal is empty, or guard, task and agent.
	refusal       []string
	seqs          []int64
	need, context *string
}

// targets are where the columns of commit_change go.
func (c *committed) targets() []any { return []any{&c.refusal, &c.seqs, &c.need, &c.context} }

func (c *committed) done() store.Committed {
	return store.Committed{Seqs: c.seqs, Text: store.TaskText{Need: orEmpty(c.need), Context: orEmpty(c.context)}}
}

func (c *committed) outcome() (store.Committed, error) {
	if c.refusal != nil {
		return store.Committed{}, conflict(c.refusal)
	}
	return c.done(), nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// conflict makes an error of guard, task and agent.
func conflict(refusal []string) *store.Conflict {
	return &store.Conflict{
		Guard: store.Guard(refusal[0]), Task: store.TaskID(refusal[1]), Agent: store.AgentID(refusal[2]),
	}
}

// Commit writes all of the Change or nothing; see store.Committer.
func (s *Store) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var e encoder
	w, err := e.change(c)
	if err != nil {
		return store.Committed{}, err
	}
	p, err := postingOf(w, &e)
	switch {
	case err != nil:
		return store.Committed{}, err
	case p != nil:
		return s.post(ctx, p)
	}
	doc, err := inJSON(w)
	if err != nil {
		return store.Committed{}, err
	}
	return s.commit(ctx, doc, e.texts)
}

// commit runs again after a deadlock, which undid everything.
func (s *Store) commit(ctx context.Context, doc string, texts []string) (store.Committed, error) {
	for try := 0; ; try++ {
		var c committed
		err := s.db().QueryRow(ctx, s.sql["commit_change"], doc, texts).Scan(c.targets()...)
		if err == nil {
			return c.outcome()
		}
		if !s.again(ctx, err, try) {
			return store.Committed{}, failure("committing", err)
		}
	}
}

// CommitFirst writes the first Change whose guards hold; see store.Committer.
func (s *Store) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var e encoder
	docs := make([]string, len(cs))
	for i, c := range cs {
		var err error
		if docs[i], err = e.document(c); err != nil {
			return -1, store.Committed{}, nil, err
		}
	}
	return s.commitFirst(ctx, docs, e.texts)
}

func (s *Store) commitFirst(ctx context.Context, docs, texts []string) (int, store.Committed, []error, error) {
	for try := 0; ; try++ {
		var c committed
		var chosen int
		err := s.db().QueryRow(ctx, s.sql["commit_first"], docs, texts).
			Scan(append([]any{&chosen}, c.targets()...)...)
		if err == nil {
			return chosen, c.done(), conflicts(c.refusal), nil
		}
		if !s.again(ctx, err, try) {
			return -1, store.Committed{}, nil, failure("committing", err)
		}
	}
}

// conflicts makes errors of a flat list of refusals.
func conflicts(refusals []string) (errs []error) {
	for ; len(refusals) >= 3; refusals = refusals[3:] {
		errs = append(errs, conflict(refusals))
	}
	return errs
}

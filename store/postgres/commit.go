package postgres

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// Commit writes all of the Change or nothing; see store.Committer.
func (s *Store) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	done := s.dispatch(ctx, [][]*store.Change{{c}})[0]
	if done.err == nil && done.index < 0 {
		done.err = done.errs[0]
	}
	return done.committed, done.err
}

// CommitFirst writes the first Change whose guards hold; see store.Committer.
func (s *Store) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	switch {
	case len(cs) == 0:
		return -1, store.Committed{}, nil, nil
	case len(cs) > store.MaxFirst:
		return -1, store.Committed{}, nil, store.ErrTooMany
	}
	done := s.dispatch(ctx, [][]*store.Change{cs})[0]
	return done.index, done.committed, done.errs, done.err
}

// CommitEach writes each Change on its own; see store.Committer.
func (s *Store) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	choices := make([][]*store.Change, len(cs))
	for i, c := range cs {
		choices[i] = []*store.Change{c}
	}
	done, errs := make([]store.Committed, len(cs)), make([]error, len(cs))
	if len(cs) > store.MaxEach {
		for i := range errs {
			errs[i] = store.ErrTooMany
		}
		return done, errs
	}
	for i, out := range s.dispatch(ctx, choices) {
		done[i], errs[i] = out.committed, out.err
		if out.err == nil && out.index < 0 {
			errs[i] = out.errs[0]
		}
	}
	return done, errs
}

// outcome is the result of a ticket, a commit that waits in the queue.
type outcome struct {
	// index is which of the alternatives was committed, −1 for none; errs are the
	// conflicts of those before it.
	index     int
	committed store.Committed
	errs      []error
	err       error
}

func failed(err error) outcome { return outcome{index: -1, err: err} }

// dispatch commits the first possible Change of each choice, each choice on its own.
func (s *Store) dispatch(ctx context.Context, choices [][]*store.Change) []outcome {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	out := make([]outcome, len(choices))
	// A context that has already ended is refused here, where it is certain that
	// nothing was written.
	if err := ctx.Err(); err != nil {
		for i := range out {
			out[i] = failed(failure("committing", err))
		}
		return out
	}
	tickets := make([]*ticket, 0, len(choices))
	for i, choice := range choices {
		t, err := newTicket(ctx, choice)
		if err != nil {
			out[i] = failed(err)
			t = nil
		}
		tickets = append(tickets, t)
	}
	if s.host != nil {
		s.inside(ctx, tickets, out)
		return out
	}
	s.queue.enter(tickets)
	for i, t := range tickets {
		if t != nil {
			out[i] = s.queue.await(ctx, t)
		}
	}
	return out
}

// inside commits within the host's transaction, where nobody else is: one
// after the other, and a failure of the server ends them all.
func (s *Store) inside(ctx context.Context, tickets []*ticket, out []outcome) {
	l := &lane{store: s}
	for i, t := range tickets {
		if t == nil {
			continue
		}
		out[i] = l.alone(ctx, t)
	}
}

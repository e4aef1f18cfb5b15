package sqlite

import (
	"context"

	"github.com/pinchwork/pinchwork/store"
)

// Commit writes all of the Change or nothing; see store.Committer.
func (s *Store) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	out := newChoice([]*store.Change{c})
	if err := s.commit(ctx, out); err != nil {
		return store.Committed{}, err
	}
	if out.index < 0 {
		return store.Committed{}, out.errs[0]
	}
	return out.done, nil
}

// CommitFirst writes the first Change whose guards hold; see store.Committer.
func (s *Store) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	switch {
	case len(cs) == 0:
		return -1, store.Committed{}, nil, nil
	case len(cs) > store.MaxFirst:
		return -1, store.Committed{}, nil, store.ErrTooMany
	}
	out := newChoice(cs)
	if err := s.commit(ctx, out); err != nil {
		return -1, store.Committed{}, nil, err
	}
	if out.index >= 0 {
		return out.index, out.done, nil, nil
	}
	return -1, store.Committed{}, out.errs, nil
}

// CommitEach writes each Change on its own; see store.Committer. All of them travel
// together.
func (s *Store) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	done, errs := make([]store.Committed, len(cs)), make([]error, len(cs))
	if len(cs) > store.MaxEach {
		for i := range errs {
			errs[i] = store.ErrTooMany
		}
		return done, errs
	}
	choices := make([]*choice, len(cs))
	for i, c := range cs {
		choices[i] = newChoice([]*store.Change{c})
	}
	for i, err := range s.commitAll(ctx, choices) {
		out := choices[i]
		switch {
		case err != nil:
			errs[i] = err
		case out.index < 0:
			errs[i] = out.errs[0]
		default:
			done[i] = out.done
		}
	}
	return done, errs
}

// choice commits the first of its Changes whose guards hold.
type choice struct {
	from []*prepared
	// wrong is why they could not be encoded.
	wrong error
	// index is which of them was committed, −1 for none; errs are the conflicts of
	// those before it.
	index int
	done  store.Committed
	errs  []error
}

func newChoice(cs []*store.Change) *choice {
	from, err := prepareAll(cs)
	return &choice{from: from, wrong: err}
}

func (x *choice) take(w *writing) error {
	x.index, x.done, x.errs = -1, store.Committed{}, nil
	for i, c := range x.from {
		err := w.check(c.Change)
		switch {
		case err == nil:
			x.index = i
			x.done, err = w.apply(c)
			return err
		case !refused(err):
			return err
		}
		x.errs = append(x.errs, err)
	}
	return nil
}

func (s *Store) commit(ctx context.Context, x *choice) error {
	if x.wrong != nil {
		return failure("committing", x.wrong)
	}
	return s.write(ctx, "committing", &ticket{do: x.take})
}

// commitAll sends all at once, and waits for each.
func (s *Store) commitAll(ctx context.Context, choices []*choice) []error {
	errs := make([]error, len(choices))
	if s.tx != nil || s.closed.Load() || ctx.Err() != nil {
		for i, x := range choices {
			errs[i] = s.commit(ctx, x)
		}
		return errs
	}
	ctx, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	tickets := make([]*ticket, 0, len(choices))
	for _, x := range choices {
		if x.wrong == nil {
			tickets = append(tickets, &ticket{do: x.take})
		}
	}
	w := s.place.file.writer
	w.send(tickets...)
	for i, x := range choices {
		if errs[i] = x.wrong; errs[i] == nil {
			errs[i] = s.told("committing", w.await(ctx, tickets[0]))
			tickets = tickets[1:]
		}
	}
	return errs
}

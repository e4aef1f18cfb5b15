package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/pinchwork/pinchwork/store"
)

// Store is a store.Store in one file. It is safe for use by many goroutines, and
// with others that have opened the same file, in this process or another.
type Store struct {
	options
	place  *place
	closed *atomic.Bool
	// tx is the host's transaction in a store made by InTx.
	tx *sql.Tx
}

var _ store.Store = (*Store)(nil)

// Open opens the marketplace in a file, makes it where there is none, and brings an
// older one up to date. Close releases it.
//
// What keeps a file from being opened matches ErrReadOnly, ErrDamaged, ErrNewerSchema,
// ErrNetwork or ErrFull, where it is one of these.
func Open(ctx context.Context, path string, opts ...Option) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := named(path); err != nil {
		return nil, failure("opening", err)
	}
	p, err := hold(path, o)
	if err != nil {
		return nil, failure("opening "+path, err)
	}
	return &Store{options: o, place: p, closed: new(atomic.Bool)}, nil
}

// named refuses what other libraries understand as something else than a path.
func named(path string) error {
	switch {
	case path == "":
		return errors.New("the file has no name")
	case path == ":memory:":
		return errors.New("the store that keeps nothing is package store/memory")
	case strings.HasPrefix(path, "file:"):
		return errors.New("a path is wanted, and no URI")
	}
	return nil
}

// Close waits for what is under way, and closes the file unless it was opened more
// often than closed. A store made by InTx has nothing to close.
func (s *Store) Close() error {
	if s.tx != nil || s.closed.Swap(true) {
		return nil
	}
	return s.place.release()
}

// Path is where the file really is.
func (s *Store) Path() string { return s.place.path }

// Migrated is the version of the schema that this program found when it opened the file,
// 0 for a new one, and the version that it has now. Both are the same when there was
// nothing to do.
func (s *Store) Migrated() (from, to int) { return s.place.file.found, s.place.file.left }

// read runs do on a reading connection, or in the host's transaction.
func (s *Store) read(ctx context.Context, what string, do func(c *conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	var err error
	switch {
	case s.tx != nil:
		err = s.inside(ctx, do)
	case s.closed.Load():
		err = ErrClosed
	default:
		err = s.place.file.readers.read(ctx, do)
	}
	return s.told(what, err)
}

// write runs do in a transaction that writes, in company or the host's own.
func (s *Store) write(ctx context.Context, what string, t *ticket) error {
	ctx, cancel := context.WithTimeout(ctx, s.callTimeout)
	defer cancel()
	var err error
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case s.tx != nil:
		err = s.writeInside(ctx, t)
	case s.closed.Load():
		err = ErrClosed
	default:
		err = s.place.file.writer.write(ctx, t)
	}
	return s.told(what, err)
}

// told leaves refusals and the seam's own errors as they are.
func (s *Store) told(what string, err error) error {
	if err == nil || refused(err) || errors.Is(err, store.ErrFeedTruncated) {
		return err
	}
	return s.place.noted(failure(what, s.whyFailed(s.place.path, err)))
}

// refused reports whether an error is a guard's.
func refused(err error) bool {
	var conflict *store.Conflict
	return errors.As(err, &conflict)
}

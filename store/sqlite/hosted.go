package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/ncruces/go-sqlite3"
)

// withinName is a function that every connection has, of whichever pool: through it a
// store gets at the connection of a host's transaction, and works on it while
// database/sql holds it for that one call.
const withinName = "pinchwork_within"

func init() {
	sqlite3.AutoExtension(func(c *sqlite3.Conn) error {
		return c.CreateFunction(withinName, 1, sqlite3.DIRECTONLY, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
			if do, ok := arg[0].Pointer().(func(*sqlite3.Conn)); ok {
				do(ctx.Conn())
			}
		})
	})
}

// InTx returns a store that does everything inside the host's transaction: what it
// commits becomes real, events included, when the host commits. Bind a market to it
// with market.Market.Hosted:
//
//	m.Hosted(store.InTx(tx)).As(shop).Post(ctx, …)
//
// The transaction comes from a sql.DB of github.com/ncruces/go-sqlite3/driver on the
// same file, and has to be one that writes from its beginning, as those of that
// driver are unless _txlock says otherwise. A refusal of the market leaves it usable,
// and undoes only what the refused operation wrote. An error that matches ErrRetry
// does not: roll back and run the transaction again.
//
// Nobody else writes to the file until the transaction ends, so use the market last
// and end soon; what is asked of the market itself, and not of the one bound to the
// store, waits for that too. Like the transaction, the store is for one goroutine at
// a time.
func (s *Store) InTx(tx *sql.Tx) *Store {
	bound := *s
	bound.tx = tx
	return &bound
}

// Transact runs do in a new transaction on the store's file, with the store of that
// transaction (InTx), and commits unless do returns an error. Other writers of this
// process take their turn before and after it; when another process is in the way for
// longer than a call may take, the error matches ErrRetry.
//
//	err := kept.Transact(ctx, func(tx *sql.Tx, within *sqlite.Store) error {
//		_, err := m.Hosted(within).As(shop).Post(ctx, …)
//		return err
//	})
func (s *Store) Transact(ctx context.Context, do func(tx *sql.Tx, within *Store) error) error {
	if s.closed.Load() {
		return failure("transacting", ErrClosed)
	}
	db, err := s.place.file.host()
	if err != nil {
		return failure("transacting", err)
	}
	turn := s.place.file.writer.turn
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return failure("transacting", ctx.Err())
	}
	defer func() { <-turn }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return failure("transacting", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx, s.InTx(tx)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return failure("transacting", err)
	}
	return nil
}

// inside runs do on the connection of the host's transaction, and leaves nothing on it.
func (s *Store) inside(ctx context.Context, do func(c *conn) error) error {
	err := errForeign
	run := func(db *sqlite3.Conn) {
		c := newConn(db)
		defer c.forget()
		// Once begun it is done: a write that was cut short could not be taken back.
		defer db.SetInterrupt(db.SetInterrupt(context.Background()))
		if err = s.same(c); err == nil {
			err = do(c)
		}
	}
	var nothing any
	if failed := s.tx.QueryRowContext(ctx, "select "+withinName+"(?)", sqlite3.Pointer(run)).Scan(&nothing); failed != nil {
		return errors.Join(failed, ctx.Err())
	}
	return err
}

var errForeign = errors.New("the transaction is on another driver's connection")

// same refuses a transaction on another file.
func (s *Store) same(c *conn) error {
	info, err := os.Stat(c.db.Filename("main").Database())
	if err != nil {
		return err
	}
	if !os.SameFile(info, s.place.info) {
		return fmt.Errorf("the transaction is on %s", c.db.Filename("main").Database())
	}
	return nil
}

// writeInside writes in the host's transaction, where nobody else is. What is refused
// or fails leaves no trace.
func (s *Store) writeInside(ctx context.Context, t *ticket) error {
	return s.inside(ctx, func(c *conn) error {
		if err := c.run("savepoint pinchwork"); err != nil {
			return err
		}
		w := newWriting(c)
		err := t.do(w)
		if err == nil {
			err = w.flush()
		}
		if err != nil {
			err = errors.Join(err, c.run("rollback to pinchwork"))
		}
		return errors.Join(err, c.run("release pinchwork"))
	})
}

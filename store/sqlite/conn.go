package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// conn is a connection with the statements that it has prepared. One goroutine at a
// time uses it.
type conn struct {
	db    *sqlite3.Conn
	stmts map[string]*sqlite3.Stmt
}

func newConn(db *sqlite3.Conn) *conn { return &conn{db: db, stmts: make(map[string]*sqlite3.Stmt)} }

// row is a row of a result; its columns are numbered from 0.
type row = *sqlite3.Stmt

// forget ends all statements: a host's connection is to be as it was.
func (c *conn) forget() {
	for _, s := range c.stmts {
		_ = s.Close()
	}
	clear(c.stmts)
}

func (c *conn) close() error {
	c.forget()
	return c.db.Close()
}

func (c *conn) prepare(sql string) (*sqlite3.Stmt, error) {
	if s := c.stmts[sql]; s != nil {
		return s, nil
	}
	s, _, err := c.db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	if err != nil {
		return nil, err
	}
	c.stmts[sql] = s
	return s, nil
}

// run executes a statement that returns nothing.
func (c *conn) run(sql string, args ...any) error {
	return c.each(sql, func(row) error { return nil }, args...)
}

// each calls visit for each row. The visitor may run other statements, not this one.
func (c *conn) each(sql string, visit func(r row) error, args ...any) (err error) {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	if err := bind(s, args); err != nil {
		return err
	}
	for s.Step() {
		if err = visit(s); err != nil {
			break
		}
	}
	// A step that did not begin, because the context has ended, is known to Err alone.
	return cmp.Or(err, s.Err(), s.Reset())
}

// one reads the first row, and reports whether there is one.
func (c *conn) one(sql string, read func(r row) error, args ...any) (found bool, err error) {
	err = c.each(sql, func(r row) error {
		found = true
		return read(r)
	}, args...)
	return found, err
}

// has reports whether there is a row.
func (c *conn) has(sql string, args ...any) (bool, error) {
	return c.one(sql, func(row) error { return nil }, args...)
}

// number reads one integer, 0 for no row.
func (c *conn) number(sql string, args ...any) (n int64, err error) {
	_, err = c.one(sql, func(r row) error {
		n = r.ColumnInt64(0)
		return nil
	}, args...)
	return n, err
}

func bind(s *sqlite3.Stmt, args []any) (err error) {
	for i, arg := range args {
		switch v := arg.(type) {
		case nil:
			err = s.BindNull(i + 1)
		case string:
			err = s.BindText(i+1, v)
		case int64:
			err = s.BindInt64(i+1, v)
		case int:
			err = s.BindInt64(i+1, int64(v))
		case bool:
			err = s.BindBool(i+1, v)
		case float64:
			err = s.BindFloat(i+1, v)
		case time.Time:
			err = s.BindInt64(i+1, v.UnixMicro())
		case []byte:
			err = bindBytes(s, i+1, v)
		default:
			err = fmt.Errorf("no argument: %T", arg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bindBytes binds no bytes as such and not as null.
func bindBytes(s *sqlite3.Stmt, i int, b []byte) error {
	if len(b) == 0 {
		return s.BindZeroBlob(i, 0)
	}
	return s.BindBlob(i, b)
}

// within runs do in a transaction that sees one instant.
func (c *conn) within(ctx context.Context, do func(c *conn) error) error {
	c.db.SetInterrupt(ctx)
	err := c.run("begin")
	if err == nil {
		err = do(c)
	}
	c.db.SetInterrupt(context.Background())
	return c.end(cmp.Or(interrupted(ctx, err), err))
}

// interrupted is why the driver says that it was interrupted.
func interrupted(ctx context.Context, err error) error {
	if errors.Is(err, sqlite3.INTERRUPT) {
		return ctx.Err()
	}
	return nil
}

// end commits, or rolls back what has failed.
func (c *conn) end(err error) error {
	if err == nil {
		err = c.run("commit")
	}
	if err != nil && !c.db.GetAutocommit() {
		_ = c.run("rollback")
	}
	return err
}

// orNull is null for the zero time.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// textOrNull is null for no text.
func textOrNull[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// instant reads a column; null is the zero time.
func instant(r row, column int) time.Time {
	if r.ColumnType(column) == sqlite3.NULL {
		return time.Time{}
	}
	return time.UnixMicro(r.ColumnInt64(column)).UTC()
}

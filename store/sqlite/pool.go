package sqlite

import (
	"context"
	"errors"

	"github.com/ncruces/go-sqlite3"
)

// pool has the connections that read. They are opened when they are first needed: a
// nil one in it stands for one that may be opened.
type pool struct {
	size int
	free chan *conn
	open func() (*conn, error)
}

func newPool(size int, open func() (*conn, error)) *pool {
	p := &pool{size: size, free: make(chan *conn, size), open: open}
	for range size {
		p.free <- nil
	}
	return p
}

// read runs do on a connection, in a transaction that sees one instant.
func (p *pool) read(ctx context.Context, do func(c *conn) error) error {
	select {
	case c := <-p.free:
		return p.use(ctx, c, do)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pool) use(ctx context.Context, c *conn, do func(c *conn) error) (err error) {
	defer func() { p.free <- c }()
	if c == nil {
		if c, err = p.open(); err != nil {
			c = nil
			return err
		}
		if err = c.db.Exec("pragma query_only = on"); err != nil {
			return err
		}
	}
	err = c.within(ctx, do)
	if broken(err) {
		_ = c.close()
		c = nil
	}
	return err
}

// broken reports whether a connection may have been left in disorder.
func broken(err error) bool {
	for _, code := range []error{sqlite3.IOERR, sqlite3.CORRUPT, sqlite3.NOTADB, sqlite3.CANTOPEN, sqlite3.MISUSE, sqlite3.NOMEM} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// close waits for the reads under way.
func (p *pool) close() {
	for range p.size {
		if c := <-p.free; c != nil {
			_ = c.close()
		}
	}
}

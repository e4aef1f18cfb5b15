package sqlite

import (
	"context"
	"runtime"

	"github.com/ncruces/go-sqlite3"

	"github.com/pinchwork/pinchwork/store"
)

// Through names the VFS through which a file is opened.
func Through(vfs string) Option { return func(o *options) { o.vfs = vfs } }

// CheckpointAfter bounds the pages of the log after which it is brought into the file.
func CheckpointAfter(pages int) Option { return func(o *options) { o.checkpoint = pages } }

// On says which network file system all folders are on.
func On(name string) Option {
	return func(o *options) { o.network = func(string) string { return name } }
}

// Room says whether all disks have room.
func Room(has func() bool) Option {
	return func(o *options) { o.room = func(string) bool { return has() } }
}

// Prepared calls visit with the statements that the connections of a store have
// prepared so far, and one of them.
func (s *Store) Prepared(visit func(db *sqlite3.Conn, sql string)) {
	f := s.place.file
	f.writer.turn <- struct{}{}
	defer func() { <-f.writer.turn }()
	for sql := range f.writer.conn.stmts {
		visit(f.writer.conn.db, sql)
	}
	for range f.readers.size {
		c := <-f.readers.free
		if c != nil {
			for sql := range c.stmts {
				visit(c.db, sql)
			}
		}
		defer func() { f.readers.free <- c }()
	}
}

// SameWriter reports whether two stores write through one connection.
func SameWriter(a, b *Store) bool { return a.place.file.writer == b.place.file.writer }

// Gathered waits until so many writes wait.
func Gathered(s *Store, n int) {
	w := s.place.file.writer
	for {
		w.mu.Lock()
		waiting := len(w.waiting)
		w.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// LoadUnder is Load under the context itself, without a time limit of the store's.
func (s *Store) LoadUnder(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	l := new(store.Loaded)
	return l, s.place.file.readers.read(ctx, func(c *conn) error { return load(c, l, &q) })
}

// RunInside runs statements in the host's transaction, as one write under the context
// itself.
func (s *Store) RunInside(ctx context.Context, statements ...string) error {
	return s.writeInside(ctx, &ticket{do: func(w *writing) error {
		for _, sql := range statements {
			if err := w.run(sql); err != nil {
				return err
			}
		}
		return nil
	}})
}

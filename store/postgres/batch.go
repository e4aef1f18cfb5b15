package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// batch collects the statements of one read, which travel together.
type batch struct {
	pgx.Batch
	store *Store
}

// read runs what queue puts together, in one round trip. It may call queue
// again after a failure, so queue has to reset its results.
func (s *Store) read(ctx context.Context, what string, queue func(b *batch)) error {
	return s.send(ctx, what, "", queue)
}

// The transactions in which the statements of a read may stand.
const (
	oneMoment  = "begin isolation level repeatable read read only"
	stepByStep = "begin isolation level read committed read only"
)

// inSteps is a read each statement of which sees what had been committed when it
// began, whatever isolation the database has as its default.
func (s *Store) inSteps(ctx context.Context, what string, queue func(b *batch)) error {
	if s.host != nil {
		return s.send(ctx, what, "", queue)
	}
	return s.send(ctx, what, stepByStep, queue)
}

// consistent is a read whose statements all see the same moment. Inside a
// host's transaction it is the host who has chosen the isolation.
func (s *Store) consistent(ctx context.Context, what string, queue func(b *batch)) error {
	if s.host != nil {
		return s.send(ctx, what, "", queue)
	}
	return s.send(ctx, what, oneMoment, queue)
}

func (s *Store) send(ctx context.Context, what, begin string, queue func(b *batch)) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	for try := 0; ; try++ {
		b := &batch{store: s}
		b.open(begin)
		queue(b)
		if begin != "" {
			b.Queue("commit")
		}
		err := s.sendBatch(ctx, &b.Batch)
		if err == nil {
			return nil
		}
		if !s.again(ctx, err, try) {
			return failure(what, err)
		}
	}
}

func (s *Store) sendBatch(ctx context.Context, b *pgx.Batch) error {
	if s.host == nil {
		return s.pool.SendBatch(ctx, b).Close()
	}
	return s.host(ctx, func(on session) error { return on.SendBatch(ctx, b).Close() })
}

// Queue adds a statement. Ids may come from anybody, and the server refuses
// characters that it cannot keep.
func (b *batch) Queue(query string, args ...any) *pgx.QueuedQuery {
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			args[i] = storable(arg)
		case []string:
			args[i] = allStorable(arg)
		case *string:
			if arg != nil {
				kept := storable(*arg)
				args[i] = &kept
			}
		}
	}
	return b.Batch.Queue(query, args...)
}

func (b *batch) open(begin string) {
	if begin != "" {
		b.Queue(begin)
	}
	if b.store.host == nil && (!b.store.own || b.store.Pooled()) {
		// Our own connections are set up once; a host's transaction is not ours
		// to set up.
		b.Queue(b.store.sql["set_planner"])
	}
}

// row queues a statement whose one row goes to the targets; they stay as they
// are when it returns none.
func (b *batch) row(name string, args []any, targets ...any) {
	b.Queue(b.store.sql[name], args...).Query(func(rows pgx.Rows) error {
		if rows.Next() {
			if err := rows.Scan(targets...); err != nil {
				return err
			}
		}
		rows.Close()
		return rows.Err()
	})
}

// collect queues a statement all rows of which go to the slice.
func collect[T any](b *batch, into *[]T, scan pgx.RowToFunc[T], name string, args ...any) {
	b.Queue(b.store.sql[name], args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.AppendRows((*into)[:0:0], rows, scan)
		return err
	})
}

func scanID[T ~string](row pgx.CollectableRow) (id T, err error) {
	var s string
	err = row.Scan(&s)
	return T(s), err
}

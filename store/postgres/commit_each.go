package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pinchwork/pinchwork/store"
)

var errNoAnswer = errors.New("the server did not answer")

// each is one of several Changes that are committed on their own.
type each struct {
	doc   string
	texts []string
	done  store.Committed
	err   error
}

// CommitEach writes each Change in a transaction of its own; see
// store.Committer. Those that met a deadlock are tried again afterwards, one
// by one.
func (s *Store) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	all, err := encodeEach(cs)
	switch {
	case err != nil:
		failAll(all, err)
	case len(all) == 0:
	case s.tx != nil:
		s.commitEachInside(ctx, all)
	default:
		s.commitEach(ctx, all)
	}
	return split(all)
}

func encodeEach(cs []*store.Change) ([]each, error) {
	all := make([]each, len(cs))
	for i, c := range cs {
		var e encoder
		var err error
		if all[i].doc, err = e.document(c); err != nil {
			return all, err
		}
		all[i].texts = e.texts
	}
	return all, nil
}

func split(all []each) ([]store.Committed, []error) {
	done, errs := make([]store.Committed, len(all)), make([]error, len(all))
	for i := range all {
		done[i], errs[i] = all[i].done, all[i].err
	}
	return done, errs
}

func failAll(all []each, err error) {
	for i := range all {
		all[i].err = err
	}
}

// commitEach sends all Changes in one go and fills in what became of each.
func (s *Store) commitEach(ctx context.Context, all []each) {
	failAll(all, errNoAnswer)
	if err := s.pipeline(ctx, all); err != nil {
		for i := range all {
			if errors.Is(all[i].err, errNoAnswer) {
				all[i].err = failure("committing", err)
			}
		}
		return
	}
	for i := range all {
		if c := &all[i]; s.again(ctx, c.err, 0) {
			c.done, c.err = s.commit(ctx, c.doc, c.texts)
		}
	}
}

// pipeline puts a synchronization point after each statement: each is a
// transaction of its own, and the answers come back together.
func (s *Store) pipeline(ctx context.Context, all []each) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	types := conn.Conn().TypeMap()
	p := conn.Conn().PgConn().StartPipeline(ctx)
	for i := range all {
		texts, err := types.Encode(pgtype.TextArrayOID, pgtype.BinaryFormatCode, all[i].texts, nil)
		if err != nil {
			return errors.Join(err, p.Close())
		}
		p.SendQueryParams(s.sql["commit_change"], [][]byte{[]byte(all[i].doc), texts},
			[]uint32{pgtype.JSONBOID, pgtype.TextArrayOID},
			[]int16{pgtype.TextFormatCode, pgtype.BinaryFormatCode}, []int16{pgtype.BinaryFormatCode})
		p.SendPipelineSync()
	}
	if err := p.Flush(); err != nil {
		return errors.Join(err, p.Close())
	}
	for i := range all {
		if all[i].answer(p, types); errors.Is(all[i].err, errNoAnswer) {
			break
		}
	}
	return p.Close()
}

// answer reads the results up to the next synchronization point.
func (c *each) answer(p *pgconn.Pipeline, types *pgtype.Map) {
	for {
		results, err := p.GetResults()
		var refused *pgconn.PgError
		switch r := results.(type) {
		case *pgconn.ResultReader:
			c.done, c.err = read(r, types)
		case *pgconn.PipelineSync:
			return
		default:
			if !errors.As(err, &refused) {
				// The connection is gone; nothing more will come.
				c.err = errNoAnswer
				return
			}
			c.err = failure("committing", err)
		}
	}
}

func read(r *pgconn.ResultReader, types *pgtype.Map) (store.Committed, error) {
	var c committed
	targets := c.targets()
	var unread error
	for r.NextRow() {
		for i, value := range r.Values() {
			field := r.FieldDescriptions()[i]
			if err := types.Scan(field.DataTypeOID, field.Format, value, targets[i]); err != nil {
				unread = err
			}
		}
	}
	if _, err := r.Close(); err != nil {
		return store.Committed{}, failure("committing", err)
	}
	if unread != nil {
		return store.Committed{}, failure("committing", unread)
	}
	return c.outcome()
}

// commitEachInside does the same within the host's transaction: each Change
// stands for itself, and a failure of the server ends them all.
func (s *Store) commitEachInside(ctx context.Context, all []each) {
	b := new(pgx.Batch)
	for i := range all {
		e := &all[i]
		b.Queue(s.sql["commit_change"], e.doc, e.texts).QueryRow(func(row pgx.Row) error {
			var c committed
			if err := row.Scan(c.targets()...); err != nil {
				return err
			}
			e.done, e.err = c.outcome()
			return nil
		})
	}
	if err := s.tx.SendBatch(ctx, b).Close(); err != nil {
		failAll(all, failure("committing", err))
	}
}

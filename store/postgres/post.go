package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pinchwork/pinchwork/store"
)

// post commits a posting. When others on the same accounts are under way it
// waits for them, and then travels with all that have waited.
func (s *Store) post(ctx context.Context, p *posting) (store.Committed, error) {
	if s.tx != nil {
		return s.postAlone(ctx, p)
	}
	q := &queued{posting: p, turn: make(chan turn, 1)}
	if s.queue.enter(q) {
		defer s.queue.leave(q)
		return s.postAlone(ctx, p)
	}
	select {
	case t := <-q.turn:
		return s.take(ctx, q, t)
	case <-ctx.Done():
		if s.queue.giveUp(q) {
			return store.Committed{}, failure("committing", ctx.Err())
		}
		return s.take(ctx, q, <-q.turn)
	}
}

// take does what a posting's turn has brought.
func (s *Store) take(ctx context.Context, q *queued, t turn) (store.Committed, error) {
	if t.group != nil {
		t = s.lead(ctx, q, t.group)
	}
	if t.alone {
		return s.postAlone(ctx, q.posting)
	}
	return t.done, t.err
}

// lead commits a group, tells the others, and returns what became of its own.
func (s *Store) lead(ctx context.Context, own *queued, group []*queued) (mine turn) {
	defer s.queue.leave(group...)
	if len(group) == 1 {
		mine.done, mine.err = s.postAlone(ctx, own.posting)
		return mine
	}
	turns := s.postGroup(ctx, group)
	for i, q := range group {
		if q == own {
			mine = turns[i]
		} else {
			q.turn <- turns[i]
		}
	}
	return mine
}

// postGroup commits postings of several callers, so it does not end with the
// context of one. When a guard fails, or the server has undone them, each has to
// go alone: which of them was to blame shows then.
func (s *Store) postGroup(ctx context.Context, group []*queued) []turn {
	ctx, cancel := s.bounded(context.WithoutCancel(ctx))
	defer cancel()
	list, turns := make([]*posting, len(group)), make([]turn, len(group))
	for i, q := range group {
		list[i] = q.posting
	}
	c, err := s.postOnce(ctx, list)
	for i := range turns {
		switch {
		case undone(err) || c.refusal != nil:
			turns[i].alone = true
		case err != nil:
			turns[i].err = failure("committing", err)
		default:
			turns[i].done.Seqs = c.seqs[i : i+1 : i+1]
		}
	}
	return turns
}

// undone reports whether an error means that nothing was written.
func undone(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.SeverityUnlocalized == "ERROR"
	}
	return err != nil && pgconn.SafeToRetry(err)
}

// postAlone runs again after a deadlock, as commit does.
func (s *Store) postAlone(ctx context.Context, p *posting) (store.Committed, error) {
	for try := 0; ; try++ {
		c, err := s.postOnce(ctx, []*posting{p})
		if err == nil {
			return c.outcome()
		}
		if !s.again(ctx, err, try) {
			return store.Committed{}, failure("committing", err)
		}
	}
}

func (s *Store) postOnce(ctx context.Context, list []*posting) (c committed, err error) {
	columns, err := together(list)
	if err != nil {
		return c, err
	}
	err = s.db().QueryRow(ctx, s.sql["commit_posts"], columns.args()...).Scan(&c.refusal, &c.seqs)
	return c, err
}

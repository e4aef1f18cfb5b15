package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
)

// lent lends the connection of a transaction of database/sql, which hands out none:
// the driver asks the first argument of a statement to rewrite it, and tells it on
// which connection. All that the store does happens there, while database/sql holds
// the connection for that statement, and an empty one is left of it.
func lent(tx *sql.Tx) host {
	return func(ctx context.Context, do func(on session) error) error {
		r := &rewriter{do: do}
		_, err := tx.ExecContext(ctx, "-- what the marketplace does in this transaction", r)
		if err == nil && !r.asked {
			err = errForeign
		}
		return errors.Join(r.err, err)
	}
}

var errForeign = errors.New("the transaction is on a connection of another driver than pgx's")

// rewriter is an argument that runs do on the connection.
type rewriter struct {
	do    func(on session) error
	asked bool
	err   error
}

// RewriteQuery leaves nothing of the statement. What fails is told apart from what
// fails in the driver, which may mean that nothing was done.
func (r *rewriter) RewriteQuery(_ context.Context, conn *pgx.Conn, _ string, _ []any) (string, []any, error) {
	r.asked, r.err = true, r.do(bare{conn})
	return "", nil, nil
}

// bare is a connection without a pool.
type bare struct{ conn *pgx.Conn }

func (b bare) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	return b.conn.SendBatch(ctx, batch)
}

func (b bare) Conn() *pgx.Conn { return b.conn }

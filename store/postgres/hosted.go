package postgres

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
)

// InTx returns a store that does everything inside the host's transaction: what
// it commits becomes real, events included, when the host commits. Bind a market
// to it with market.Market.Hosted:
//
//	m.Hosted(store.InTx(tx)).As(shop).Post(ctx, …)
//
// The transaction may come from any pool on the same database. A refusal of the
// market leaves it usable, and undoes only what the refused operation wrote. A
// deadlock or a serialization failure does not, and matches ErrRetry: roll back
// and run the transaction again. The same goes for a call that runs into its
// context's end.
//
// Agents whose credits moved stay locked until the transaction ends, so use the
// market last and end soon. A wait for a delivery inside it (market.PostInput.Wait)
// is refused: nobody sees the task yet. Like the transaction, the store is for one
// goroutine at a time.
//
// Posted tasks are matched by the first sweep after the host's commit, within a
// second while some market runs. Listeners hear of the host's commit within a
// second too, when their market next looks at the log: nothing wakes them, since a
// commit that notifies waits for all others that do.
func (s *Store) InTx(tx pgx.Tx) *Store {
	return s.within(func(_ context.Context, do func(on session) error) error { return do(tx) })
}

// InSQLTx is InTx for a transaction of database/sql, which comes from a sql.DB of
// github.com/jackc/pgx/v5/stdlib on the same database. Each call costs one more round
// trip than on a pgx.Tx.
func (s *Store) InSQLTx(tx *sql.Tx) *Store { return s.within(lent(tx)) }

func (s *Store) within(h host) *Store {
	bound := *s
	bound.host, bound.own = h, false
	return &bound
}

// host lends the connection of a host's transaction for one call of the store.
type host func(ctx context.Context, do func(on session) error) error

// session is a connection in a transaction.
type session interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Conn() *pgx.Conn
}

// Transact runs do in a new transaction on the store's pool, with the store of
// that transaction (InTx), and commits unless do returns an error. After a deadlock
// or a serialization failure it is run again from the start, a bounded number of
// times, so do should change nothing outside of the transaction.
//
//	err := kept.Transact(ctx, func(tx pgx.Tx, within *postgres.Store) error {
//		_, err := m.Hosted(within).As(shop).Post(ctx, …)
//		return err
//	})
func (s *Store) Transact(ctx context.Context, do func(tx pgx.Tx, within *Store) error) error {
	for try := 0; ; try++ {
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return do(tx, s.InTx(tx)) })
		if !Retryable(err) || try >= maxRetries || !pause(ctx, try) {
			return err
		}
	}
}

// Package postgres keeps a marketplace in PostgreSQL, version 14 or later.
//
//	store, err := postgres.Open(ctx, "postgres://localhost/app")
//	…
//	m, err := pinchwork.New(pinchwork.WithStore(store))
//
// An embedder passes its own pool to New. Everything lives in one schema
// (WithSchema), whose migrations run when a store is opened; several
// marketplaces live in several schemas.
//
// Every commit is one round trip, a call of one function in the database, and so is
// every read. Transactions run in READ COMMITTED. Commits that arrive while others
// are on their way travel together, in one transaction that waits for the disk once:
// each is still done or refused on its own, and none waits for a group to form. Only
// a commit that is refused in a group is tried a second time, alone.
//
// Inside a transaction of the host, its own rows and the marketplace's change
// together or not at all:
//
//	err := kept.Transact(ctx, func(tx pgx.Tx, within *postgres.Store) error {
//		if _, err := tx.Exec(ctx, "insert into orders …"); err != nil {
//			return err
//		}
//		_, err := m.Hosted(within).As(shop).Post(ctx, market.PostInput{Need: "Review the order"})
//		return err
//	})
//
// InTx does the same for a transaction that the host begins and ends itself, and
// InSQLTx for one of database/sql.
//
// Programs on the same schema wake each other by LISTEN and NOTIFY (store.Relay), for
// which a market that runs holds one connection beside the pool.
package postgres

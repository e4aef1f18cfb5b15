// Package postgres keeps a marketplace in PostgreSQL, version 14 or later.
//
//	store, err := postgres.Open(ctx, "postgres://localhost/app")
//	…
//	m, err := pinchwork.New(pinchwork.WithStore(store))
//
// An embedder hands in its own pool with New. Everything lives in one schema
// (WithSchema), whose migrations run when a store is opened; several
// marketplaces live in several schemas.
//
// Every commit is one round trip, a call of one function in the database, and
// so is every read. Transactions run in READ COMMITTED. InTx binds a store to a
// transaction of the host, so that the host's own rows and the marketplace's
// change together.
package postgres

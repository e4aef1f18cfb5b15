// Package sqlite keeps a marketplace in one file, without cgo and without a server.
//
//	store, err := sqlite.Open(ctx, "market.db")
//	…
//	defer store.Close()
//	m, err := pinchwork.New(pinchwork.WithStore(store))
//
// A commit returns when the disk has it: a process that is killed and a machine that
// loses its power lose nothing that was acknowledged. Commits that arrive while
// others are being written travel together, in one transaction that waits for the
// disk once, and each is still done or refused on its own. Reads see one instant and
// wait for nobody.
//
// Several processes may open one file, on one machine: SQLite's locks let them take
// turns, and each hears of the others' commits through the feed. One process may open
// a file several times, under any of its names. Beside the file lie two more while it
// is open, with -wal and -shm after its name; a copy of the file alone is no backup,
// Store.Backup is. Network file systems are refused where they can be told.
//
// The file may hold tables of the host, whose names do not begin with pinchwork_. A
// host opens it with the same driver, github.com/ncruces/go-sqlite3/driver, and
// never with another library: two libraries on one file in one process damage it.
// Inside a transaction of the host, its own rows and the marketplace's change
// together or not at all:
//
//	err := kept.Transact(ctx, func(tx *sql.Tx, within *sqlite.Store) error {
//		if _, err := tx.ExecContext(ctx, "insert into orders …"); err != nil {
//			return err
//		}
//		_, err := m.Hosted(within).As(shop).Post(ctx, market.PostInput{Need: "Review the order"})
//		return err
//	})
//
// InTx does the same for a transaction that the host begins and ends itself.
package sqlite

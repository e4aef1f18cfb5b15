package sqlite

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Totals are exact; see store.Keeper.
func (s *Store) Totals(ctx context.Context) (out store.Totals, err error) {
	err = s.read(ctx, "reading totals", func(c *conn) error {
		out = store.Totals{
			Tasks: make(map[store.Status]int64), Sealed: make(map[store.Status]int64), Platform: make(map[store.EntryKind]int64),
		}
		_, err := c.one(`select s1, s2, s3, s4, s5, s6, escrowed, agents, registered, granted, clawed_back, fees, system_pay, h1, h2, h3, h4, h5, h6
			from pinchwork_total`, func(r row) error {
			for i, status := range store.Statuses() {
				out.Tasks[status], out.Sealed[status] = r.ColumnInt64(i), r.ColumnInt64(ofSealed+i)
			}
			for i, kind := range store.PlatformKinds() {
				out.Platform[kind] = r.ColumnInt64(ofPlatform + i)
			}
			out.Escrowed, out.Agents = r.ColumnInt64(ofEscrow), r.ColumnInt64(ofAgents)
			return nil
		})
		if err == nil {
			out.Seq, err = c.number("select seq from sqlite_sequence where name = 'pinchwork_task'")
		}
		return err
	})
	return out, err
}

// Ping answers nil when the file can be read and written: it writes a little, and
// does not wait for the disk. A file has no clock; see store.Keeper.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	if s.stillFull() {
		return time.Time{}, failure("pinging", ErrFull)
	}
	return time.Time{}, s.write(ctx, "pinging", &ticket{brief: true, do: func(w *writing) error {
		return w.run("update pinchwork_total set pinged = pinged + 1")
	}})
}

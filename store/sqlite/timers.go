package sqlite

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// maxDue is how many due tasks of one agent come with a read.
const maxDue = 100

// dueOf returns the ids of the agent's due tasks, the longest due first.
func dueOf(c *conn, id store.AgentID, now time.Time) (ids []store.TaskID, err error) {
	err = collect(c, &ids, readID[store.TaskID], `select id from (
		select * from (select due, seq, id from pinchwork_task where poster = ?1 and due <= ?2 order by due, seq limit ?3)
		union
		select * from (select due, seq, id from pinchwork_task where worker = ?1 and due <= ?2 order by due, seq limit ?3)
		) order by due, seq limit ?3`, string(id), now, maxDue)
	return ids, err
}

// Due returns what has to be done; see store.TimerQueue.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (agenda store.Agenda, err error) {
	err = s.read(ctx, "reading what is due", func(c *conn) error {
		agenda = store.Agenda{}
		err := collect(c, &agenda.Tasks, readID[store.TaskID],
			"select id from pinchwork_task where due <= ? order by due, seq limit ?", now, max(limit, 0))
		if err != nil {
			return err
		}
		into := func(t *time.Time) func(row) error {
			return func(r row) error {
				*t = instant(r, 0)
				return nil
			}
		}
		if _, err := c.one("select due from pinchwork_task where due > ? order by due limit 1", into(&agenda.NextTask), now); err != nil {
			return err
		}
		_, err = c.one("select due from pinchwork_webhook where due is not null order by due limit 1", into(&agenda.NextWebhook))
		return err
	})
	return agenda, err
}

// Lease gives the holder a named lease; see store.TimerQueue.
func (s *Store) Lease(ctx context.Context, name, holder string, now, until time.Time) (held bool, err error) {
	var got bool
	err = s.write(ctx, "taking a lease", &ticket{do: func(w *writing) (err error) {
		got, err = w.has(`insert into pinchwork_lease (name, holder, until) values (?1, ?2, ?4)
			on conflict (name) do update set holder = excluded.holder, until = excluded.until
			where holder = excluded.holder or until <= ?3 returning 1`, name, holder, now, until)
		return err
	}})
	if err != nil {
		return false, err
	}
	return got, nil
}

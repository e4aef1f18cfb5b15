package sqlite

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/pinchwork/pinchwork/store"
)

// Events returns a piece of an agent's log; see store.Reader.
func (s *Store) Events(ctx context.Context, agent store.AgentID, after int64, limit int) (page store.EventPage, err error) {
	err = s.read(ctx, "reading events", func(c *conn) error {
		page = store.EventPage{Suspended: true, Oldest: 1}
		found, err := c.one(`select event_seq, suspended, (select min(e.seq) from pinchwork_event e where e.agent = ?1)
			from pinchwork_account where id = ?1 and known = 1`, func(r row) error {
			page.Head, page.Suspended = r.ColumnInt64(0), r.ColumnBool(1)
			page.Oldest = page.Head + 1
			if r.ColumnType(2) != sqlite3.NULL {
				page.Oldest = r.ColumnInt64(2)
			}
			return nil
		}, string(agent))
		if err != nil || !found {
			return err
		}
		return collect(c, &page.Events, readEvent, "select "+eventColumns+` from pinchwork_event
			where agent = ? and seq > ? order by seq limit ?`, string(agent), after, max(limit, 0))
	})
	return page, err
}

const eventHead = "select seq from sqlite_sequence where name = 'pinchwork_event'"

// EventLog returns a piece of the log of all agents; see store.Keeper. Writers take
// turns, so a number is given where its event is to be seen.
func (s *Store) EventLog(ctx context.Context, after int64, limit int) (page store.LogPage, err error) {
	err = s.read(ctx, "reading the log of events", func(c *conn) (err error) {
		page = store.LogPage{}
		if page.Head, err = c.number(eventHead); err != nil {
			return err
		}
		oldest, err := c.number("select n from pinchwork_event order by n limit 1")
		if err != nil {
			return err
		}
		if page.Pruned = oldest - 1; oldest == 0 {
			page.Pruned = page.Head
		}
		return collect(c, &page.Events, readLoggedEvent, "select "+eventColumns+`, n from pinchwork_event
			where n > ? order by n limit ?`, after, max(limit, 0))
	})
	return page, err
}

func readLoggedEvent(r row) (store.LoggedEvent, error) {
	e, err := readEvent(r)
	return store.LoggedEvent{Number: r.ColumnInt64(6), Event: e}, err
}

// Reports pages through reports, newest first; see store.Reader.
func (s *Store) Reports(ctx context.Context, status store.ReportStatus, limit, offset int) (page store.ReportPage, err error) {
	where, args := "", []any(nil)
	if status != "" {
		where, args = " where status = ?", []any{string(status)}
	}
	err = s.read(ctx, "reading reports", func(c *conn) error {
		page = store.ReportPage{}
		n, err := c.number("select coalesce(sum(count), 0) from pinchwork_report_count"+where, args...)
		if err != nil {
			return err
		}
		page.Total = int(n)
		return collect(c, &page.Reports, readReport, "select "+reportColumns+" from pinchwork_report"+where+
			" order by n desc limit ? offset ?", append(args[:len(args):len(args)], max(limit, 0), max(offset, 0))...)
	})
	return page, err
}

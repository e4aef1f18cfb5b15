package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// Events returns a piece of an agent's log; see store.Reader.
func (s *Store) Events(ctx context.Context, agent store.AgentID, after int64, limit int) (page store.EventPage, err error) {
	var oldest *int64
	// The head is read last: it is never behind the events returned.
	err = s.read(ctx, "reading events", func(b *batch) {
		page, oldest = store.EventPage{Suspended: true}, nil
		collect(b, &page.Events, scanEvent, "events", string(agent), after, limit)
		b.row("event_log", []any{string(agent)}, &oldest, &page.Head, &page.Suspended)
	})
	page.Oldest = page.Head + 1
	if oldest != nil {
		page.Oldest = *oldest
	}
	return page, err
}

func scanEvent(row pgx.CollectableRow) (store.Event, error) {
	var r eventRow
	if err := row.Scan(r.targets()...); err != nil {
		return r.event, err
	}
	return r.decode()
}

// Reports pages through reports; see store.Reader.
func (s *Store) Reports(ctx context.Context, status store.ReportStatus, limit, offset int) (page store.ReportPage, err error) {
	name, args := "reports", []any{limit, max(offset, 0)}
	if status != "" {
		name, args = "reports_in", append(args, string(status))
	}
	err = s.read(ctx, "reading reports", func(b *batch) {
		page = store.ReportPage{}
		collect(b, &page.Reports, scanReport, name, args...)
		b.row("report_count", []any{string(status)}, &page.Total)
	})
	return page, err
}

package redis

import (
	"context"
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// Events implements store.Reader.
func (s *Store) Events(ctx context.Context, agent store.AgentID, after int64, limit int) (store.EventPage, error) {
	reply, err := s.run(ctx, eventsScript, s.prefix(), string(agent), after, limit)
	if err != nil {
		return store.EventPage{}, err
	}
	page := store.EventPage{
		Oldest: number(at(reply, 2)), Head: number(at(reply, 3)), Suspended: number(at(reply, 4)) == 1,
	}
	seq := number(at(reply, 1))
	for i, line := range list(at(reply, 0)) {
		event, err := decodeEvent(agent, seq+int64(i), text(line))
		if err != nil {
			return store.EventPage{}, err
		}
		page.Events = append(page.Events, event)
	}
	return page, nil
}

// EventLog implements store.Keeper.
func (s *Store) EventLog(ctx context.Context, after int64, limit int) (store.LogPage, error) {
	reply, err := s.run(ctx, eventLogScript, s.prefix(), max(after, 0), limit)
	if err != nil {
		return store.LogPage{}, err
	}
	page := store.LogPage{Pruned: number(at(reply, 1)) - 1, Head: number(at(reply, 2))}
	for part := range slices.Chunk(list(at(reply, 0)), 4) {
		event, err := decodeEvent(store.AgentID(text(part[1])), number(part[2]), text(part[3]))
		if err != nil {
			return store.LogPage{}, err
		}
		page.Events = append(page.Events, store.LoggedEvent{Number: number(part[0]), Event: event})
	}
	return page, nil
}

// Reports implements store.Reader.
func (s *Store) Reports(ctx context.Context, status store.ReportStatus, limit, offset int) (store.ReportPage, error) {
	reply, err := s.run(ctx, reportsScript, s.prefix(), string(status), limit, offset)
	if err != nil {
		return store.ReportPage{}, err
	}
	reports, err := decodeList(at(reply, 0), decodeReport)
	return store.ReportPage{Reports: reports, Total: int(number(at(reply, 1)))}, err
}

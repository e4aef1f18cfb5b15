package redis

import (
	"context"

	"github.com/pinchwork/pinchwork/market"
)

// Events implements market.Reader.
func (s *Store) Events(ctx context.Context, agent market.AgentID, after int64, limit int) (market.EventPage, error) {
	reply, err := s.run(ctx, eventsScript, s.prefix(), string(agent), after, limit)
	if err != nil {
		return market.EventPage{}, err
	}
	page := market.EventPage{
		Oldest: number(at(reply, 2)), Head: number(at(reply, 3)), Suspended: number(at(reply, 4)) == 1,
	}
	seq := number(at(reply, 1))
	for i, line := range list(at(reply, 0)) {
		event, err := decodeEvent(agent, seq+int64(i), text(line))
		if err != nil {
			return market.EventPage{}, err
		}
		page.Events = append(page.Events, event)
	}
	return page, nil
}

// Reports implements market.Reader.
func (s *Store) Reports(ctx context.Context, status market.ReportStatus, limit, offset int) (market.ReportPage, error) {
	reply, err := s.run(ctx, reportsScript, s.prefix(), string(status), limit, offset)
	if err != nil {
		return market.ReportPage{}, err
	}
	reports, err := decodeList(at(reply, 0), decodeReport)
	return market.ReportPage{Reports: reports, Total: int(number(at(reply, 1)))}, err
}

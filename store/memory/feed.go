package memory

import (
	"context"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// maxFeed is how many feed items are kept. A reader that falls further behind
// starts over.
const maxFeed = 1 << 18

// feedLine is a feed item with the instant of its commit.
type feedLine struct {
	at time.Time
	market.FeedItem
}

func (s *Store) appendFeed(l feedLine) {
	s.feed.push(l)
	if s.feed.len() > maxFeed {
		s.feed.shift()
	}
}

// Feed returns what was committed after a position; see market.FeedReader. A
// Position is the number of the next item.
func (s *Store) Feed(ctx context.Context, after market.Position, limit int) (market.FeedPage, error) {
	if err := ctx.Err(); err != nil {
		return market.FeedPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if after == "" {
		return market.FeedPage{Next: position(s.feed.next)}, nil
	}
	from, err := strconv.ParseInt(string(after), 10, 64)
	if err != nil || from < s.feed.first || from > s.feed.next {
		return market.FeedPage{}, market.ErrFeedTruncated
	}
	to := min(from+int64(max(limit, 1)), s.feed.next)
	page := market.FeedPage{Next: position(to), More: to < s.feed.next}
	if from < to {
		page.Items = make([]market.FeedItem, 0, to-from)
	}
	for n := from; n < to; n++ {
		page.Items = append(page.Items, s.feed.at(n).FeedItem)
	}
	return page, nil
}

func position(n int64) market.Position { return market.Position(strconv.FormatInt(n, 10)) }

// ScanTasks pages through tasks in the order of posting; see market.FeedReader.
func (s *Store) ScanTasks(ctx context.Context, after int64, limit int, open bool) ([]market.StoredTask, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	tasks := &s.all
	if open {
		tasks = &s.open
	}
	var out []market.StoredTask
	tasks.after(after, func(r *record) bool {
		if len(out) >= limit {
			return false
		}
		if open {
			out = append(out, r.stored())
		} else {
			out = append(out, market.StoredTask{Task: r.task, Due: s.due.instantOf(r)})
		}
		return true
	})
	return out, nil
}

// ScanAgents pages through agents in the order of ids; see market.FeedReader.
func (s *Store) ScanAgents(ctx context.Context, after market.AgentID, limit int) ([]*market.Agent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*market.Agent
	s.agents.Ascend(&party{id: after}, func(p *party) bool {
		if len(out) >= limit {
			return false
		}
		if p.id != after {
			out = append(out, p.agent)
		}
		return true
	})
	return out, nil
}

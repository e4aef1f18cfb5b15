package memory

import (
	"context"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// maxFeed is how many feed items are kept. A reader that falls further behind
// starts over.
const maxFeed = 1 << 18

// feedLine is a feed item with the instant of its commit.
type feedLine struct {
	at time.Time
	store.FeedItem
}

func (s *Store) appendFeed(l feedLine) {
	s.feed.push(l)
	if s.feed.len() > maxFeed {
		s.feed.shift()
	}
}

// Feed returns what was committed after a position; see store.FeedReader. A
// Position is the number of the next item.
func (s *Store) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	if err := ctx.Err(); err != nil {
		return store.FeedPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if after == "" {
		return store.FeedPage{Next: position(s.feed.next)}, nil
	}
	from, err := strconv.ParseInt(string(after), 10, 64)
	if err != nil || from < s.feed.first || from > s.feed.next {
		return store.FeedPage{}, store.ErrFeedTruncated
	}
	to := min(from+int64(max(limit, 1)), s.feed.next)
	page := store.FeedPage{Next: position(to), More: to < s.feed.next}
	if from < to {
		page.Items = make([]store.FeedItem, 0, to-from)
	}
	for n := from; n < to; n++ {
		page.Items = append(page.Items, s.feed.at(n).FeedItem)
	}
	return page, nil
}

func position(n int64) store.Position { return store.Position(strconv.FormatInt(n, 10)) }

// ScanOpen pages through posted tasks in the order of posting; see store.FeedReader.
func (s *Store) ScanOpen(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return s.scan(ctx, &s.open, after, limit, (*record).stored)
}

// ScanTasks pages through all tasks in the order of posting; see store.FeedReader.
func (s *Store) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return s.scan(ctx, &s.all, after, limit, func(r *record) store.StoredTask {
		return store.StoredTask{Task: r.task, Due: s.due.instantOf(r)}
	})
}

// ScanEnded pages through ended tasks, the last one first; see store.FeedReader.
func (s *Store) ScanEnded(ctx context.Context, limit, offset int) (out []store.StoredTask, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := max(offset, 0); i < s.ended.len() && len(out) < limit; i++ {
		out = append(out, store.StoredTask{Task: s.ended.fromTop(i).task})
	}
	return out, nil
}

func (s *Store) scan(ctx context.Context, tasks *index, after int64, limit int, show func(*record) store.StoredTask) (out []store.StoredTask, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	tasks.after(after, func(r *record) bool {
		if len(out) >= limit {
			return false
		}
		out = append(out, show(r))
		return true
	})
	return out, nil
}

// ScanAgents pages through agents in the order of ids; see store.FeedReader.
func (s *Store) ScanAgents(ctx context.Context, after store.AgentID, limit int) ([]*store.Agent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*store.Agent
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

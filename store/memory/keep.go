package memory

import (
	"context"
	"maps"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// lease is a named lease of one holder.
type lease struct {
	holder string
	until  time.Time
}

// Lease gives the holder a named lease; see store.TimerQueue.
func (s *Store) Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	held, found := s.leases[name]
	if found && held.holder != holder && held.until.After(now) {
		return false, nil
	}
	s.leases[name] = lease{holder, until}
	return true, nil
}

// Prune deletes a bounded batch of what is old; see store.Keeper. Each kind
// is found in the order of its age.
func (s *Store) Prune(ctx context.Context, q store.PruneQuery) (store.Pruned, error) {
	if err := ctx.Err(); err != nil {
		return store.Pruned{}, err
	}
	s.limits.prune(q.Now)
	s.mu.Lock()
	defer s.mu.Unlock()
	done := store.Pruned{
		Events:  s.pruneEvents(q.EventsBefore, q.Limit),
		Tasks:   s.pruneTasks(q.EndedBefore, q.Limit),
		Records: s.once.prune(q.Now, q.Limit),
		Feed:    s.pruneFeed(q.FeedBefore, q.Limit),
		Dead:    s.pruneDead(q.DeadBefore, q.Limit),
	}
	done.More = q.Limit > 0 && max(done.Events, done.Tasks, done.Records, done.Feed, done.Dead) == q.Limit
	return done, nil
}

func (s *Store) pruneTasks(before time.Time, limit int) (n int) {
	for ; n < limit; n++ {
		r := s.ended.lowestBelow(before.UnixMicro())
		if r == nil {
			break
		}
		s.place(r, r.task, nil)
		if r.aside != nil {
			s.talk.forget(r.aside)
			s.reports.forget(r.aside)
		}
		delete(s.tasks, r.task.ID)
	}
	return n
}

func (s *Store) pruneFeed(before time.Time, limit int) (n int) {
	for n < limit && s.feed.len() > 0 && s.feed.at(s.feed.first).at.Before(before) {
		s.feed.shift()
		n++
	}
	return n
}

func (s *Store) pruneDead(before time.Time, limit int) (n int) {
	for n < limit {
		dead, ok := s.webhooks.byFailure.Min()
		if !ok || !dead.FailedAt.Before(before) {
			break
		}
		s.webhooks.unbury(dead)
		n++
	}
	return n
}

// Totals are exact; see store.Keeper.
func (s *Store) Totals(ctx context.Context) (store.Totals, error) {
	if err := ctx.Err(); err != nil {
		return store.Totals{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return store.Totals{
		Tasks: maps.Clone(s.byStatus), Sealed: maps.Clone(s.sealed), Escrowed: s.escrowed, Agents: int64(s.agents.Len()), Seq: s.seq,
		Platform: maps.Clone(s.platform),
	}, nil
}

// Ping answers nil: the store is the process. It has no clock to report.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	return time.Time{}, ctx.Err()
}

package redis

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// pruneBatch bounds what one script deletes, so that it does not block the
// server for long.
const pruneBatch = 200

// Prune implements store.Keeper.
func (s *Store) Prune(ctx context.Context, q store.PruneQuery) (store.Pruned, error) {
	p := pruning{store: s, limit: q.Limit}
	p.done.Events = p.batches(ctx, pruneEventsScript, s.prefix(), q.EventsBefore)
	p.done.Tasks = p.batches(ctx, pruneTasksScript, s.prefix(), q.EndedBefore)
	p.done.Dead = p.batches(ctx, pruneDeadScript, s.prefix(), q.DeadBefore)
	p.done.Feed = p.batches(ctx, pruneFeedScript, []string{s.keys.feed()}, q.FeedBefore)
	p.done.Records = p.batches(ctx, pruneRecordsScript, s.prefix(), q.Now)
	return p.done, p.err
}

// pruning is one call of Prune.
type pruning struct {
	store *Store
	limit int
	done  store.Pruned
	err   error
}

// batches deletes what is older than the instant, at most limit things, and
// returns how many it counted. The scripts answer {counted, deleted}, or one
// number for both.
func (p *pruning) batches(ctx context.Context, script *script, keys []string, before time.Time) (counted int) {
	if before.IsZero() {
		return 0
	}
	deleted := 0
	for p.err == nil && deleted < p.limit {
		batch := min(pruneBatch, p.limit-deleted)
		reply, err := p.store.run(ctx, script, keys, micros(before), batch)
		if err != nil {
			p.err = err
			return counted
		}
		n, d := number(reply), number(reply)
		if pair := list(reply); len(pair) == 2 {
			n, d = number(pair[0]), number(pair[1])
		}
		counted, deleted = counted+int(n), deleted+int(d)
		if int(d) < batch {
			return counted
		}
	}
	p.done.More = true
	return counted
}

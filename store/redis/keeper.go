package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/store"
)

// Totals implements store.Keeper. They are exact.
func (s *Store) Totals(ctx context.Context) (store.Totals, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var numbers *goredis.MapStringStringCmd
	var agents *goredis.IntCmd
	var newest *goredis.ZSliceCmd
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		numbers, agents = p.HGetAll(ctx, s.keys.totals()), p.ZCard(ctx, s.keys.agents())
		newest = p.ZRevRangeWithScores(ctx, s.keys.tasks(), 0, 0)
		return nil
	})
	if err != nil {
		return store.Totals{}, failed(err)
	}
	totals := store.Totals{
		Tasks: map[store.Status]int64{}, Escrowed: number(numbers.Val()["escrowed"]), Agents: agents.Val(),
	}
	if _, whole := numbers.Val()["whole"]; whole {
		totals.Platform = map[store.EntryKind]int64{}
		for _, kind := range store.PlatformKinds() {
			totals.Platform[kind] = number(numbers.Val()[string(kind)])
		}
	}
	for _, task := range newest.Val() {
		totals.Seq = int64(task.Score)
	}
	if _, counted := numbers.Val()["sealed"]; counted {
		totals.Sealed = map[store.Status]int64{}
	}
	for _, status := range store.Statuses() {
		if n := number(numbers.Val()[string(status)]); n != 0 {
			totals.Tasks[status] = n
		}
		if n := number(numbers.Val()[sealedTotal+string(status)]); n != 0 && totals.Sealed != nil {
			totals.Sealed[status] = n
		}
	}
	return totals, nil
}

// Ping implements store.Keeper. It fails while the server is still loading.
func (s *Store) Ping(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var clock *goredis.TimeCmd
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		p.Ping(ctx)
		clock = p.Time(ctx)
		return nil
	})
	if err != nil {
		return time.Time{}, failed(err)
	}
	return clock.Val().UTC(), nil
}

package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/market"
)

// Due implements market.TimerQueue.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]market.TaskID, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	ids, err := s.client.ZRangeByScore(ctx, s.keys.due(), &goredis.ZRangeBy{
		Min: "-inf", Max: micros(now), Count: int64(limit),
	}).Result()
	if err != nil {
		return nil, failed(err)
	}
	due := make([]market.TaskID, len(ids))
	for i, id := range ids {
		due[i] = market.TaskID(id)
	}
	return due, nil
}

// Lease implements market.TimerQueue.
func (s *Store) Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	reply, err := s.run(ctx, leaseScript, []string{s.keys.lease(name)}, holder, micros(now), micros(until))
	return number(reply) == 1, err
}

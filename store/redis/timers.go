package redis

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Due implements store.TimerQueue.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) (store.Agenda, error) {
	reply, err := s.run(ctx, dueScript, []string{s.keys.due(), s.keys.hooks()}, micros(now), limit)
	if err != nil {
		return store.Agenda{}, err
	}
	return store.Agenda{
		Tasks: texts[store.TaskID](at(reply, 0)), NextTask: instantAt(reply, 1), NextWebhook: instantAt(reply, 2),
	}, nil
}

// instantAt reads an instant of a reply, zero for none.
func instantAt(reply any, i int) time.Time {
	score := text(at(reply, i))
	if score == "" {
		return time.Time{}
	}
	return fromMicros(score)
}

// Lease implements store.TimerQueue.
func (s *Store) Lease(ctx context.Context, name, holder string, now, until time.Time) (bool, error) {
	reply, err := s.run(ctx, leaseScript, []string{s.keys.lease(name)}, holder, micros(now), micros(until))
	return number(reply) == 1, err
}

package postgres

import (
	"context"
	"math"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Admit finds the agent of a key, or by its id, and charges its rate limit; see store.Reader.
// Buckets are kept in an unlogged table: a charge waits for no disk, and a crash
// of the server leaves all buckets full.
func (s *Store) Admit(ctx context.Context, a store.Admission) (store.Admitted, error) {
	var key []byte
	if a.Key != nil {
		key = a.Key[:]
	}
	var known *string
	if a.Agent != "" {
		known = (*string)(&a.Agent)
	}
	bucket, every, burst := chargeOf(a.Charge)
	var row agentRow
	var allowed *bool
	var full *time.Time
	err := s.read(ctx, "admitting", func(b *batch) {
		row, allowed, full = agentRow{}, nil, nil
		b.row("admit", []any{key, bucket, a.Now, every, burst, known}, append([]any{&allowed, &full}, row.targets()...)...)
	})
	if err != nil {
		return store.Admitted{}, err
	}
	agent, err := row.agent()
	if err != nil {
		return store.Admitted{}, failure("admitting", err)
	}
	if allowed == nil {
		return store.Admitted{Agent: agent, Allowed: true}, nil
	}
	return level(agent, a.Charge, *allowed, a.Now.UnixMicro(), utc(full).UnixMicro()), nil
}

func chargeOf(c *store.Charge) (bucket *string, every int64, burst int32) {
	if c == nil {
		return nil, 0, 0
	}
	return &c.Bucket, c.Every.Microseconds(), int32(min(max(c.Burst, 1), math.MaxInt32))
}

// level describes a bucket by the instant at which it is full, in microseconds.
func level(agent *store.Agent, c *store.Charge, allowed bool, now, full int64) store.Admitted {
	every := c.Every.Microseconds()
	refill := every * int64(max(c.Burst, 1))
	missing := max(full-now, 0)
	out := store.Admitted{Agent: agent, Allowed: allowed, ResetAfter: micros(missing)}
	if allowed {
		out.Remaining = int((refill - missing) / max(every, 1))
		return out
	}
	out.RetryAfter = micros(max(missing+every-refill, 1))
	return out
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

package redis

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Admit implements store.Reader.
func (s *Store) Admit(ctx context.Context, a store.Admission) (store.Admitted, error) {
	var digest, bucket string
	var charge store.Charge
	if a.Key != nil {
		digest = string(a.Key[:])
	}
	if a.Charge != nil {
		charge = *a.Charge
		bucket = "b:" + charge.Bucket
	}
	reply, err := s.run(ctx, admitScript, s.prefix(),
		micros(a.Now), digest, bucket, charge.Every.Microseconds(), charge.Burst, string(a.Agent))
	if err != nil {
		return store.Admitted{}, err
	}
	agent, err := decodeAgent(at(reply, 0))
	if err != nil {
		return store.Admitted{}, err
	}
	admitted := store.Admitted{Agent: agent, Allowed: number(at(reply, 1)) == 1}
	if asked := a.Key != nil || a.Agent != ""; a.Charge != nil && (!asked || agent != nil) {
		meter(&admitted, charge, time.Duration(number(at(reply, 2))-a.Now.UnixMicro())*time.Microsecond)
	}
	return admitted, nil
}

// meter fills in the state of a bucket that is full again after the given time.
func meter(a *store.Admitted, c store.Charge, full time.Duration) {
	a.ResetAfter = full
	room := c.Every*time.Duration(c.Burst) - full
	if c.Every > 0 && room > 0 {
		a.Remaining = int(room / c.Every)
	}
	if !a.Allowed {
		a.RetryAfter = c.Every - room
	}
}

package serve

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Prune deletes what the policy does not keep, and the tasks that ended more
// than age ago; 0 keeps all tasks.
func Prune(ctx context.Context, s Settings, age time.Duration, logs io.Writer) (market.Pruned, error) {
	return onMarket(ctx, s, age, logs, (*market.Market).Prune)
}

// Prunable counts the events and tasks that Prune would delete now, and deletes nothing.
func Prunable(ctx context.Context, s Settings, age time.Duration, logs io.Writer) (market.Pruned, error) {
	return onMarket(ctx, s, age, logs, (*market.Market).Prunable)
}

func onMarket(ctx context.Context, s Settings, age time.Duration, logs io.Writer,
	do func(*market.Market, context.Context, time.Time) (market.Pruned, error),
) (market.Pruned, error) {
	if err := kept(&s); err != nil {
		return market.Pruned{}, err
	}
	log := logger(&s, logs)
	b, err := open(ctx, &s, log)
	if err != nil {
		return market.Pruned{}, err
	}
	defer b.close()
	m, err := newMarket(&s, b, market.Telemetry{}, log)
	if err != nil {
		return market.Pruned{}, fmt.Errorf("%w: %w", ErrSetting, err)
	}
	before := time.Time{}
	if age > 0 {
		before = m.Now().Add(-age)
	}
	return do(m, ctx, before)
}

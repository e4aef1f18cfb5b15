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
	return onMarket(ctx, s, logs, func(m *market.Market) (market.Pruned, error) { return m.Prune(ctx, ago(m, age)) })
}

// Prunable counts the events and tasks that Prune would delete now, and deletes nothing.
func Prunable(ctx context.Context, s Settings, age time.Duration, logs io.Writer) (market.Pruned, error) {
	return onMarket(ctx, s, logs, func(m *market.Market) (market.Pruned, error) { return m.Prunable(ctx, ago(m, age)) })
}

// Audit proves the books of a store without serving it: no timer runs, no webhook is called.
func Audit(ctx context.Context, s Settings, logs io.Writer) (market.AuditReport, error) {
	return onMarket(ctx, s, logs, func(m *market.Market) (market.AuditReport, error) { return m.Books(ctx) })
}

func ago(m *market.Market, age time.Duration) time.Time {
	if age == 0 {
		return time.Time{}
	}
	return m.Now().Add(-age)
}

// onMarket opens the store and does one thing with a market on it that does not run.
func onMarket[T any](ctx context.Context, s Settings, logs io.Writer, do func(*market.Market) (T, error)) (none T, err error) {
	if err := kept(&s); err != nil {
		return none, err
	}
	log := logger(&s, logs)
	b, err := open(ctx, &s, log)
	if err != nil {
		return none, err
	}
	defer b.close()
	m, err := newMarket(&s, b, market.Telemetry{}, log)
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrSetting, err)
	}
	return do(m)
}

package serve

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// carrying is a store that tells of each subscription to its relay.
type carrying struct {
	market.Store
	subscribed chan struct{}
}

func (c *carrying) Publish(context.Context, []string) error { return nil }

func (c *carrying) Subscribe(ctx context.Context, hear func(string)) error {
	hear("")
	c.subscribed <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// The server names no part of its own: a store that can carry wake-ups does, as in a
// program that embeds the marketplace.
func TestTheServersMarketListensToItsStore(t *testing.T) {
	s, kept := Defaults(), &carrying{memory.New(), make(chan struct{}, 1)}
	m, err := newMarket(&s, &backend{store: kept}, market.Telemetry{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	<-kept.subscribed
	stop()
	running.Wait()
}

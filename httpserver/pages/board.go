package pages

import (
	"context"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// board is what the dashboard shows, read from the store at most once a second
// however many look at it.
type board struct {
	market *market.Market

	mu   sync.Mutex
	at   time.Time
	last snapshot
	err  error
}

// snapshot is the state of the marketplace as everybody may know it.
type snapshot struct {
	market.Overview
	Newest []market.PublicTask
	Hours  []market.Activity
}

// freshFor is how long a snapshot is shown.
const freshFor = time.Second

func newBoard(m *market.Market) *board { return &board{market: m} }

// look returns the snapshot, a new one if it is too old. Whoever comes first
// reads; the others wait for that.
func (b *board) look(ctx context.Context) (snapshot, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); now.Sub(b.at) >= freshFor {
		b.last, b.err = b.read(ctx)
		b.at = time.Now()
	}
	return b.last, b.err
}

func (b *board) read(ctx context.Context) (s snapshot, err error) {
	if s.Overview, err = b.market.Overview(ctx); err != nil {
		return s, err
	}
	recent, err := b.market.Recent(ctx)
	s.Newest, s.Hours = recent.Newest, recent.Hours
	return s, err
}

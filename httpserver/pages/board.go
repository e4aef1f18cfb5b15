package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// board is what the dashboard shows, read from the store at most once a second
// however many look at it.
type board struct {
	market *market.Market
	// days is how far its chart goes back.
	days int

	mu   sync.Mutex
	at   time.Time
	last snapshot
	err  error
	// reading is closed when the read under way has ended; nil when there is none.
	reading chan struct{}
	// parts are what the snapshot of partsAt looks like, by the address of the site.
	parts   map[string][][]byte
	partsAt time.Time
}

// snapshot is the state of the marketplace as everybody may know it.
type snapshot struct {
	market.Overview
	at       time.Time
	Newest   []market.PublicTask
	Activity []market.Activity
}

// freshFor is how long a snapshot is shown.
const freshFor = time.Second

// ranges are how many days a chart shows.
var ranges = []int{1, 7, 30}

func newBoards(m *market.Market) map[int]*board {
	boards := map[int]*board{}
	for _, days := range ranges {
		boards[days] = &board{market: m, days: days}
	}
	return boards
}

// boardOf is the board with the range that the request asks for, that of a day if it
// asks for none that there is.
func (p *pages) boardOf(r *http.Request) *board {
	return p.boards[daysOf(r, ranges[0])]
}

// daysOf is the range that the request asks for, or another if there is no such range.
func daysOf(r *http.Request, otherwise int) int {
	days, _ := strconv.Atoi(r.URL.Query().Get("days"))
	if slices.Contains(ranges, days) {
		return days
	}
	return otherwise
}

// look returns the snapshot, a new one if it is too old. The first caller reads
// for all, even if it hangs up meanwhile; the others wait for that read, until
// their own contexts end.
func (b *board) look(ctx context.Context) (snapshot, error) {
	b.mu.Lock()
	if time.Since(b.at) < freshFor {
		defer b.mu.Unlock()
		return b.last, b.err
	}
	if done := b.reading; done != nil {
		b.mu.Unlock()
		select {
		case <-done:
			return b.newest()
		case <-ctx.Done():
			return snapshot{}, ctx.Err()
		}
	}
	b.reading = make(chan struct{})
	b.mu.Unlock()
	b.refresh(context.WithoutCancel(ctx))
	return b.newest()
}

func (b *board) newest() (snapshot, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last, b.err
}

// refresh reads without the lock.
func (b *board) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	next, err := snapshot{}, errUnread
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		next.at = time.Now()
		b.at, b.last, b.err = next.at, next, err
		close(b.reading)
		b.reading = nil
	}()
	next, err = b.read(ctx)
}

var errUnread = errors.New("pages: the marketplace could not be read")

func (b *board) read(ctx context.Context) (s snapshot, err error) {
	if s.Overview, err = b.market.Overview(ctx); err != nil {
		return s, err
	}
	if s.Activity, err = b.market.Activity(ctx, b.days); err != nil {
		return s, err
	}
	recent, err := b.market.Recent(ctx)
	s.Newest = recent.Newest
	return s, err
}

// maxParts bounds the addresses that are remembered.
const maxParts = 16

// part renders a snapshot once for all who look at it at the same address.
func (b *board) part(s *snapshot, base string, render func() ([][]byte, error)) ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.partsAt.Equal(s.at) {
		b.parts, b.partsAt = map[string][][]byte{}, s.at
	}
	if part, ok := b.parts[base]; ok {
		return part, nil
	}
	part, err := render()
	if err == nil && len(b.parts) < maxParts {
		b.parts[base] = part
	}
	return part, err
}

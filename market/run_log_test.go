package market_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// hopeless is a part of the background that cannot do its work.
type hopeless struct{}

func (hopeless) Run(context.Context, *market.Market) error { return errors.New("the store is away") }

// What fails each second, as all does while a store is away, is in the log once a minute.
func TestTheLogOfAnOutageIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m, err := market.New(market.Config{
			Store: memory.New(), Background: []market.Background{hopeless{}}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute-time.Second)
		defer cancel()
		if err := m.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "the store is away"); n != 5 {
			t.Errorf("in five minutes it is said %d times:\n%s", n, &log)
		}
	})
}

// leaving is a store that can be away.
type leaving struct {
	market.Store
	away atomic.Bool
}

var errLeft = errors.New("connection refused")

func (s *leaving) is() error {
	if s.away.Load() {
		return errLeft
	}
	return nil
}

func (s *leaving) Ping(ctx context.Context) (time.Time, error) {
	at, err := s.Store.Ping(ctx)
	return at, errors.Join(err, s.is())
}

func (s *leaving) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	page, err := s.Store.Feed(ctx, after, limit)
	return page, errors.Join(err, s.is())
}

func (s *leaving) Due(ctx context.Context, now time.Time, limit int) (store.Agenda, error) {
	agenda, err := s.Store.Due(ctx, now, limit)
	return agenda, errors.Join(err, s.is())
}

func (s *leaving) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	if err := s.is(); err != nil {
		return store.Committed{}, err
	}
	return s.Store.Commit(ctx, c)
}

// An outage is one line when the store goes, whatever stops, and one when it is back.
func TestAnOutageIsSaidOnceAndItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		kept := &leaving{Store: memory.New()}
		m, err := market.New(market.Config{
			Store: kept, Instance: market.Instance{Name: "here"}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx) }()
		for range 2 {
			time.Sleep(10 * time.Minute)
			kept.away.Store(true)
			time.Sleep(10 * time.Minute)
			kept.away.Store(false)
		}
		time.Sleep(time.Minute)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 4 {
			t.Fatalf("two outages are\n%s", &log)
		}
		for i, line := range lines {
			want := []string{`level=WARN msg="the store does not answer" error="`, `level=INFO msg="the store answers again" after=`}[i%2]
			if !strings.Contains(line, want) {
				t.Errorf("line %d is %s", i+1, line)
			}
			if _, text, _ := strings.Cut(line, "after="); i%2 == 1 {
				if after, err := time.ParseDuration(text); err != nil || after < 9*time.Minute || after > 10*time.Minute+time.Second {
					t.Errorf("it was away for 10m, and the log says %s", text)
				}
			}
		}
	})
}

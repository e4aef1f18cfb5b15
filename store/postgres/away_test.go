package postgres_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/faultproxy"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// While the server is away in whatever way, each of many calls at once ends in
// time, nothing piles up, and everything goes on afterwards without a restart.
func TestServerAway(t *testing.T) {
	const timeout = 500 * time.Millisecond
	server := pgtest.NewServer(t)
	proxy := faultproxy.Start(t, server.Addr())
	s := openAt(t, strings.Replace(server.URL(), server.Addr(), proxy.Addr(), 1), postgres.WithCallTimeout(timeout))
	commit(t, s, registration(1, 1<<40))
	n := 0
	for _, way := range []struct {
		name        string
		leave, back func()
	}{
		{"silent", func() { proxy.Delay(2 * timeout) }, func() { proxy.Delay(0) }},
		{"unreachable", func() { proxy.Refuse(true); proxy.Cut() }, func() { proxy.Refuse(false) }},
		{"killed", server.Kill, func() {
			if err := server.Restart(); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			way.leave()
			everyCallFails(t, s, 8*timeout)
			if grown := runtime.NumGoroutine() - before; grown > 100 {
				t.Errorf("%d goroutines more", grown)
			}
			way.back()
			markettest.Eventually(t, "the store to answer again", func() bool {
				_, err := s.Ping(context.Background())
				return err == nil
			})
			n++
			commit(t, s, newLife(n, agentID(1), "").post())
		})
	}
}

// everyCallFails makes calls of all kinds, many at once.
func everyCallFails(t *testing.T, s *postgres.Store, within time.Duration) {
	t.Helper()
	m, err := pinchwork.New(pinchwork.WithStore(s), pinchwork.WithWebhooks(nil))
	if err != nil {
		t.Fatal(err)
	}
	post := newLife(999, agentID(1), "").post()
	ctx := context.Background()
	calls := map[string]func() error{
		"load":         func() error { _, err := s.Load(ctx, store.LoadQuery{Caller: agentID(1)}); return err },
		"commit":       func() error { _, err := s.Commit(ctx, post); return err },
		"commit first": func() error { _, _, _, err := s.CommitFirst(ctx, []*store.Change{post}); return err },
		"commit each":  func() error { _, errs := s.CommitEach(ctx, []*store.Change{post}); return errs[0] },
		"feed":         func() error { _, err := s.Feed(ctx, "", 1); return err },
		"ping":         func() error { _, err := s.Ping(ctx); return err },
		"unavailable": func() error {
			_, err := m.As(agentID(1)).Me(ctx)
			if !errors.Is(err, market.ErrUnavailable) {
				t.Errorf("a market says %v", err)
			}
			return err
		},
	}
	var all sync.WaitGroup
	for name, call := range calls {
		for range 10 {
			all.Go(func() {
				began := time.Now()
				if err := call(); err == nil {
					t.Errorf("%s: no error", name)
				}
				if took := time.Since(began); took > within {
					t.Errorf("%s: answered after %v", name, took)
				}
			})
		}
	}
	all.Wait()
}

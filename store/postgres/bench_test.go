package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// benchStore is a store on a durable server of its own, with agents.
func benchStore(b *testing.B, agents int, settings ...string) *postgres.Store {
	b.Helper()
	server := pgtest.NewServer(b, append([]string{"shared_buffers=512MB", "max_wal_size=4GB"}, settings...)...)
	s := openAt(b, server.URL())
	for n := range agents {
		commit(b, s, registration(n, 1<<40))
	}
	return s
}

// share runs b.N pieces of work on so many goroutines.
func share(b *testing.B, clients int, work func(n int)) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range clients {
		group.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				work(int(n))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
}

const crowd = 200

func BenchmarkLifecycle(b *testing.B) {
	for _, mode := range []string{"on", "off"} {
		b.Run("synchronous_commit="+mode, func(b *testing.B) {
			s := benchStore(b, 2*crowd, "synchronous_commit="+mode)
			share(b, 8, func(n int) {
				l := newLife(n, agentID(n%crowd), agentID(crowd+n*31%crowd))
				commit(b, s, l.post())
				if _, _, errs, err := s.CommitFirst(context.Background(), []*store.Change{l.claim()}); err != nil || errs != nil {
					b.Error(errs, err)
				}
				commit(b, s, l.deliver())
				commit(b, s, l.approve(0))
			})
		})
	}
}

func BenchmarkPost(b *testing.B) {
	for _, clients := range []int{1, 8} {
		b.Run(map[int]string{1: "one", 8: "eight"}[clients], func(b *testing.B) {
			s := benchStore(b, crowd)
			share(b, clients, func(n int) { commit(b, s, newLife(n, agentID(n%crowd), "").post()) })
		})
	}
}

package redis_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// BenchmarkColdBoard states how long a board of open tasks takes to be
// complete, for 1,000,000 at most 30 s, and the memory for it:
//
//	PINCHWORK_BENCH_TASKS=1000000 go test ./store/redis -run '^$' -bench ColdBoard -benchtime 1x
func BenchmarkColdBoard(b *testing.B) {
	s := &scale{tb: b, store: open(b, redistest.Start(b).URL())}
	all := make([]*lane, parties)
	for i := range all {
		all[i] = newLane(s.store, i)
	}
	s.fill(all, scaleTasks(b), (*lane).variedChange)
	for b.Loop() {
		before := heap()
		m, err := pinchwork.New(pinchwork.WithStore(s.store), pinchwork.WithWebhooks(nil), pinchwork.WithClock(markettest.NewClock(start)))
		if err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = m.Run(ctx) })
		b.ReportMetric(warm(ctx, m).Seconds(), "s")
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		if _, ok, err := m.As(all[0].worker).Pickup(ctx, market.Filter{}); !ok || err != nil {
			b.Errorf("nothing to pick up: %v", err)
		}
		stop()
		running.Wait()
	}
	b.ReportMetric(0, "ns/op")
}

// warm returns how long the market's board took to be complete.
func warm(ctx context.Context, m *market.Market) time.Duration {
	began := time.Now()
	for m.Ready(ctx) == nil && time.Since(began) < time.Second {
		runtime.Gosched() // until the market has begun to load
	}
	for m.Ready(ctx) != nil {
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(began)
}

// variedChange posts a task of 15 words, with 2 of 2,000 tags.
func (l *lane) variedChange() *store.Change {
	t := l.openTask()
	n := l.tasks * 7919
	t.Tags = []string{fmt.Sprintf("tag%d", n%2_000), fmt.Sprintf("tag%d", n/7%2_000)}
	c := l.postChange(t)
	c.Tasks[0].Text.Need = fmt.Sprintf("%s, about %d and %d of %s", needText[:50], n%10_000, n/3%50_000, l.poster)
	return c
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

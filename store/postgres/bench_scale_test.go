package postgres_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// The ratios of this file need no setting up; each runs once:
//
//	go test ./store/postgres -run '^$' -benchtime 1x -timeout 60m -bench 'Size|Storage|ColdBoard|OldSnapshot'
//
// With -short the markets are a tenth as large.

func million() int {
	if testing.Short() {
		return 100_000
	}
	return 1_000_000
}

func largeServer(b *testing.B) string {
	b.Helper()
	return pgtest.NewServer(b, "shared_buffers=1GB", "max_wal_size=8GB", "maintenance_work_mem=256MB").URL()
}

// phases are the times that so many posts, claims and approvals take.
type phases [3]time.Duration

var phaseNames = [3]string{"post", "claim", "approve"}

const lives = 400

func timeLives(b *testing.B, s *postgres.Store, first int) (p phases) {
	all := make([]*life, lives)
	for i := range all {
		all[i] = newLife(first+i, agentID(i%crowd), agentID(crowd+i*31%crowd))
	}
	each := func(do func(l *life)) time.Duration {
		began := time.Now()
		eight(lives, func(i int) { do(all[i]) })
		return time.Since(began)
	}
	p[0] = each(func(l *life) { commit(b, s, l.post()) })
	p[1] = each(func(l *life) { claim(b, s, l) })
	each(func(l *life) { commit(b, s, l.deliver()) })
	p[2] = each(func(l *life) { commit(b, s, l.approve(0)) })
	return p
}

// eight shares pieces of work among eight clients.
func eight(pieces int, work func(i int)) {
	var all sync.WaitGroup
	for client := range 8 {
		all.Go(func() {
			for i := client; i < pieces; i += 8 {
				work(i)
			}
		})
	}
	all.Wait()
}

// BenchmarkSize compares 1,000,000 open and 1,000,000 ended tasks with 10,000 of
// each: at most 1.5 times the time.
func BenchmarkSize(b *testing.B) {
	url := largeServer(b)
	large, small := filled(b, url, "large", million(), million()), filled(b, url, "small", 10_000, 10_000)
	execute(b, large.Pool(), "checkpoint")
	for b.Loop() {
		var ratios [3][]float64
		for round := range 6 {
			x, y := timeLives(b, large, 1_000+round*lives), timeLives(b, small, 1_000+round*lives)
			for i := range ratios {
				if round > 0 { // the first one warms up
					ratios[i] = append(ratios[i], float64(x[i])/float64(y[i]))
				}
			}
		}
		for i, name := range phaseNames {
			b.ReportMetric(middle(ratios[i]), name+"-ratio")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStorage states what an open task takes beyond its text: at most 4 KiB.
func BenchmarkStorage(b *testing.B) {
	url := largeServer(b)
	n := million() / 10
	for i := 0; b.Loop(); i++ {
		s := filled(b, url, fmt.Sprint("storage", i), n, 0)
		var size, text int64
		row := s.Pool().QueryRow(context.Background(), `select
			(select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = c.relnamespace
			 where n.nspname = $1 and c.relkind = 'r')::bigint,
			(select sum(octet_length(need) + octet_length(context)) from `+pgx.Identifier{s.Schema(), "task_text"}.Sanitize()+`)`, s.Schema())
		if err := row.Scan(&size, &text); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(size-text)/float64(n), "bytes/task")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkColdBoard states how long a board of 1,000,000 open tasks takes to be
// complete, at most 30 s, and the memory for it.
func BenchmarkColdBoard(b *testing.B) {
	s := filled(b, largeServer(b), "cold", million(), 0)
	for b.Loop() {
		before := heap()
		m, err := pinchwork.New(pinchwork.WithStore(s), pinchwork.WithWebhooks(nil))
		if err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { _ = m.Run(ctx) })
		began := time.Now()
		for m.Ready(ctx) == nil && time.Since(began) < time.Second {
			runtime.Gosched() // until the market has begun to load
		}
		for m.Ready(ctx) != nil {
			time.Sleep(10 * time.Millisecond)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s")
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		if _, ok, err := m.As(agentID(2*crowd-1)).Pickup(ctx, market.Filter{}); !ok || err != nil {
			b.Errorf("nothing to pick up: %v", err)
		}
		stop()
		running.Wait()
	}
	b.ReportMetric(0, "ns/op")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkOldSnapshot compares claims after 200,000 lives, all of them under a
// snapshot that another connection holds open, with claims in a fresh schema: at
// most 1.5 times the time.
func BenchmarkOldSnapshot(b *testing.B) {
	url := largeServer(b)
	aged, fresh := filled(b, url, "aged", 2, 2), filled(b, url, "fresh", 2, 2)
	ctx := context.Background()
	stranger, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = stranger.Close(ctx) }()
	if _, err := stranger.Exec(ctx, "begin isolation level repeatable read; select pg_current_xact_id()"); err != nil {
		b.Fatal(err)
	}
	eight(million()/5, func(i int) { live(b, aged, newLife(100_000+i, agentID(i%crowd), agentID(crowd+i*31%crowd))) })
	for b.Loop() {
		var ratios []float64
		for round := range 6 {
			x, y := timeLives(b, aged, 1_000+round*lives), timeLives(b, fresh, 1_000+round*lives)
			if round > 0 {
				ratios = append(ratios, float64(x[1])/float64(y[1]))
			}
		}
		b.ReportMetric(middle(ratios), "claim-ratio")
	}
	b.ReportMetric(0, "ns/op")
}

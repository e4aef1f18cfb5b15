package market_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// hall is a running market with one agent.
func hall(ctx context.Context, b *testing.B, s market.Store, begins chan struct{}, name string) (*market.Market, *market.Handle) {
	b.Helper()
	m, err := pinchwork.New(pinchwork.WithStore(s), pinchwork.WithClock(patient{clock.New(), begins}), pinchwork.WithPolicy(func(p *market.Policy) {
		p.MaxWaits, p.MaxOpenClaims, p.NewcomerClaims, p.InitialCredits = 0, 0, 0, 1_000_000
	}))
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = m.Run(ctx) }()
	r, err := m.Register(ctx, market.RegisterInput{Name: name})
	if err != nil {
		b.Fatal(err)
	}
	return m, m.As(r.AgentID)
}

// BenchmarkWaitingPickup is the time from the return of a post to the return of the
// pickup that waits for it, on the same replica and on another one.
func BenchmarkWaitingPickup(b *testing.B) {
	for _, kind := range everystore.Kinds() {
		for _, replicas := range []int{1, 2} {
			if replicas > 1 && !kind.Relays {
				continue // it belongs to one program
			}
			b.Run(fmt.Sprint(kind.Name, "/replicas=", replicas), func(b *testing.B) {
				ctx, stop := context.WithCancel(b.Context())
				defer stop()
				s, begins := kind.Open(b), make(chan struct{})
				m, poster := hall(ctx, b, s, begins, "poster")
				if replicas == 2 {
					m, _ = hall(ctx, b, s, begins, "other")
				}
				r, err := m.Register(ctx, market.RegisterInput{Name: "worker"})
				if err != nil {
					b.Fatal(err)
				}
				latencies(ctx, b, begins, m.As(r.AgentID), poster)
			})
		}
	}
}

// patient is a clock that tells when a pickup begins to wait.
type patient struct {
	clock.Clock
	begins chan struct{}
}

const patience = 5*time.Minute - time.Second

func (p patient) After(d time.Duration) <-chan time.Time {
	if d == patience {
		p.begins <- struct{}{}
	}
	return p.Clock.After(d)
}

func latencies(ctx context.Context, b *testing.B, begins <-chan struct{}, worker, poster *market.Handle) {
	back := make(chan time.Time)
	var all []time.Duration
	for b.Loop() {
		go func() {
			if _, ok, err := worker.Pickup(ctx, market.Filter{Wait: patience}); err != nil || !ok {
				b.Error(ok, err)
			}
			back <- time.Now()
		}()
		<-begins
		if _, err := poster.Post(ctx, market.PostInput{Need: "need", MaxCredits: 1}); err != nil {
			b.Fatal(err)
		}
		posted := time.Now()
		all = append(all, (<-back).Sub(posted))
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkTenThousandWait is what 10,000 pickups take while they wait: memory for
// each, stack included, and processor time for all in each second, which is a turn.
func BenchmarkTenThousandWait(b *testing.B) {
	ctx, stop := context.WithCancel(b.Context())
	begins := make(chan struct{})
	m, worker := hall(ctx, b, memory.New(), begins, "worker")
	const many = 10_000
	before := settled()
	var wait sync.WaitGroup
	for range many {
		wait.Go(func() { _, _, _ = m.As(worker.ID()).Pickup(ctx, market.Filter{Wait: patience}) })
		<-begins
	}
	each := float64(settled()-before) / many
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for range 3 {
		<-second.C // until the feed is read as seldom as it ever is
	}
	began, turns := processor(), 0
	for b.Loop() {
		<-second.C
		turns++
	}
	b.ReportMetric(each, "B/waiting")
	b.ReportMetric(float64(processor()-began)/1e3/float64(turns), "cpu-µs/s")
	stop()
	wait.Wait()
}

// settled is the memory in use once it no longer changes.
func settled() int64 {
	used := func() int64 {
		runtime.GC()
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return int64(s.HeapInuse + s.StackInuse)
	}
	for last := used(); ; {
		now := used()
		if now-last < 1<<16 && last-now < 1<<16 {
			return now
		}
		last = now
	}
}

func processor() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

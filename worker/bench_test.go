package worker_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// BenchmarkFromPostToFunction is the time from the return of a post, which is just
// after its commit, to the call of the function of a worker that waits.
func BenchmarkFromPostToFunction(b *testing.B) {
	for _, kind := range everystore.Kinds() {
		b.Run(kind.Name+"/in process", func(b *testing.B) { fromPostToFunction(b, kind.Open(b), false, false) })
		b.Run(kind.Name+"/HTTP", func(b *testing.B) { fromPostToFunction(b, kind.Open(b), true, false) })
		if kind.Relays {
			b.Run(kind.Name+"/two replicas", func(b *testing.B) { fromPostToFunction(b, kind.Open(b), false, true) })
		}
	}
}

func fromPostToFunction(b *testing.B, s market.Store, remote, apart bool) {
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	begins := make(chan struct{}, 1)
	here := marketOf(ctx, b, s, begins)
	there := here
	if apart {
		there = marketOf(ctx, b, s, nil)
	}
	p, err := there.Register(ctx, market.RegisterInput{Name: "poster"})
	if err != nil {
		b.Fatal(err)
	}
	w, err := here.Register(ctx, market.RegisterInput{Name: "worker"})
	if err != nil {
		b.Fatal(err)
	}
	var agent market.AgentAPI = here.As(w.AgentID)
	if remote {
		agent = clientOf(b, here, w.APIKey)
	}
	called := make(chan time.Time, 1)
	do := func(context.Context, worker.Task) (worker.Result, error) {
		called <- time.Now()
		return worker.Text("done"), nil
	}
	ended := make(chan error, 1)
	working, end := context.WithCancel(ctx)
	go func() {
		ended <- worker.Run(working, agent, do, worker.Filter(market.Filter{Wait: patience}))
	}()
	var all []time.Duration
	for b.Loop() {
		<-begins
		if _, err := there.As(p.AgentID).Post(ctx, market.PostInput{Need: "need", MaxCredits: 1}); err != nil {
			b.Fatal(err)
		}
		posted := time.Now()
		all = append(all, max((<-called).Sub(posted), 0))
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
	end()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}

func marketOf(ctx context.Context, b *testing.B, s market.Store, begins chan struct{}) *market.Market {
	b.Helper()
	m, err := pinchwork.New(pinchwork.WithStore(s), pinchwork.WithClock(patient{clock.New(), begins}), pinchwork.WithPolicy(func(p *market.Policy) {
		p.NewcomerClaims, p.InitialCredits = 0, 1_000_000
	}))
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = m.Run(ctx) }()
	return m
}

func clientOf(b *testing.B, m *market.Market, key market.APIKey) market.AgentAPI {
	b.Helper()
	api, err := httpserver.New(m, httpserver.Options{Limits: httpserver.NoLimits()})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(api)
	b.Cleanup(func() { api.Close(); server.Close() })
	c, err := httpclient.New(server.URL, key)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// patient is a clock that tells when a pickup begins to wait.
type patient struct {
	clock.Clock
	begins chan struct{}
}

// patience is a wait that nothing but the worker's pickups asks for.
const patience = 299 * time.Second

func (p patient) After(d time.Duration) <-chan time.Time {
	if d == patience {
		p.begins <- struct{}{}
	}
	return p.Clock.After(d)
}

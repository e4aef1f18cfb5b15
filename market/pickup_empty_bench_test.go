package market_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// crowded is a market with 100,000 open tasks: half of them have the tag a, half b, and
// all c.
func crowded(b *testing.B, agents ...market.RegisterInput) []*market.Handle {
	b.Helper()
	const tasks = 100_000
	m, err := pinchwork.New(pinchwork.WithClock(markettest.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))), pinchwork.WithPolicy(func(p *market.Policy) {
		p.InitialCredits, p.NewcomerClaims = 1_000_000, 0
	}))
	if err != nil {
		b.Fatal(err)
	}
	var handles []*market.Handle
	for _, in := range agents {
		r, err := m.Register(b.Context(), in)
		if err != nil {
			b.Fatal(err)
		}
		handles = append(handles, m.As(r.AgentID))
	}
	for n := 0; n < tasks; n += 100 {
		in := market.PostBatchInput{Tasks: make([]market.PostInput, 100)}
		for i := range in.Tasks {
			in.Tasks[i] = market.PostInput{Need: fmt.Sprint("Do the work number ", n+i), MaxCredits: 1, Tags: []string{string(rune('a' + i%2)), "c"}}
		}
		if _, err := handles[0].PostBatch(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	return handles
}

// BenchmarkEmptyPickup is a pickup that finds nothing among 100,000 open tasks.
//
//	go test -run '^$' -bench EmptyPickup ./market
func BenchmarkEmptyPickup(b *testing.B) {
	poster, worker, expert := market.RegisterInput{Name: "poster"}, market.RegisterInput{Name: "worker"}, market.RegisterInput{Name: "expert", Tags: []string{"c"}}
	open, kept := crowded(b, poster, worker), crowded(b, poster, worker, expert)
	for name, c := range map[string]struct {
		agent  *market.Handle
		filter market.Filter
	}{
		"tag that nothing has":  {open[1], market.Filter{Tags: []string{"cobol"}}},
		"tags of no task":       {open[1], market.Filter{Tags: []string{"a", "b"}}},
		"word that nothing has": {open[1], market.Filter{Search: "cobol"}},
		"own tasks":             {open[0], market.Filter{}},
		"kept for others":       {kept[1], market.Filter{}},
		"own and kept":          {kept[0], market.Filter{}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, ok, err := c.agent.Pickup(b.Context(), c.filter); ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

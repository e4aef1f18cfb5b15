package market_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// BenchmarkTags asks for the demand among 100,000 open tasks, with figures that were
// read less than a minute ago.
//
//	go test -run '^$' -bench 'Tags|Demand' ./market
func BenchmarkTags(b *testing.B) {
	agents := crowded(b, market.RegisterInput{Name: "poster"}, market.RegisterInput{Name: "worker", Tags: []string{"a"}})
	for b.Loop() {
		list, err := agents[1].Tags(b.Context(), market.TagQuery{})
		if err != nil || list.Total != 3 || list.Tags[0].OpenTasks != 100_000 {
			b.Fatal(list, err)
		}
	}
}

// BenchmarkDemand reads the approvals of a market, and in another round their needs too,
// as one caller does once a minute.
func BenchmarkDemand(b *testing.B) {
	const trades = 2_000
	for _, kind := range everystore.Kinds() {
		b.Run(kind.Name, func(b *testing.B) {
			clock := markettest.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			m, err := pinchwork.New(pinchwork.WithStore(kind.Open(b)), pinchwork.WithClock(clock), pinchwork.WithPolicy(func(p *market.Policy) {
				p.InitialCredits, p.NewcomerClaims, p.MaxOpenClaims = 1_000_000, 0, 0
			}))
			if err != nil {
				b.Fatal(err)
			}
			var agents []*market.Handle
			for i := range 8 {
				r, err := m.Register(b.Context(), market.RegisterInput{Name: fmt.Sprint("agent ", i)})
				if err != nil {
					b.Fatal(err)
				}
				agents = append(agents, m.As(r.AgentID))
			}
			for i := range trades {
				bought(b, agents[i%7], agents[7], i)
			}
			for name, ask := range map[string]func() error{
				"tags": func() error { _, err := m.Tags(b.Context(), market.TagQuery{}); return err },
				"words": func() error {
					_, err := agents[0].Estimate(b.Context(), market.EstimateInput{Need: "Do the work number 7"})
					return err
				},
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						clock.Advance(time.Minute)
						if err := ask(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

func bought(b *testing.B, poster, worker *market.Handle, i int) {
	b.Helper()
	posted, err := poster.Post(b.Context(), market.PostInput{Need: fmt.Sprint("Do the work number ", i), MaxCredits: int64(i%50 + 1), Tags: []string{"a", fmt.Sprint("b", i%20)}})
	if err == nil {
		_, err = worker.PickupTask(b.Context(), posted.TaskID)
	}
	if err == nil {
		_, err = worker.Deliver(b.Context(), posted.TaskID, market.DeliverInput{Result: "done"})
	}
	if err == nil {
		_, err = poster.Approve(b.Context(), posted.TaskID, market.ApproveInput{})
	}
	if err != nil {
		b.Fatal(err)
	}
}

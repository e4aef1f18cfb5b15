package market_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Two replicas work on one store at the same time. Once it is quiet, the board
// of each is what a model says that reads the store.
func TestTwoReplicasAgreeOnceQuiet(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		markets := []*market.Market{k.Market, k.Replica()}
		var agents []*markettest.Agent
		for i, opts := range [][]markettest.AgentOption{
			{markettest.Granted(500)},
			{markettest.Granted(500), markettest.Capable("go", "sql")},
			{markettest.Granted(500), markettest.GoodAt("sql review")},
			{markettest.Infra(), markettest.Granted(500)},
		} {
			agents = append(agents, k.Agent(fmt.Sprint("agent ", i), opts...))
		}
		for round := range 3 {
			k.Together(6, func(i int) {
				random := rand.New(rand.NewPCG(uint64(round), uint64(i)))
				for range 40 {
					a := agents[random.IntN(len(agents))].On(markets[i%2])
					if err := stir(k, a, random); err != nil && !isRefusal(err) {
						t.Errorf("%s: %v", a.Name, err)
					}
				}
			})
			k.Clock.Advance(3 * 60 * 1e9)
			k.Sweep()
			m := readModel(k)
			for _, a := range agents {
				want := m.offers(a.ID, market.Filter{})
				for i, on := range markets {
					markettest.Eventually(t, fmt.Sprintf("replica %d to be as the model", i), func() bool {
						list, err := a.On(on).API.Browse(k.Ctx, market.BrowseQuery{Page: market.Page{Limit: 100}})
						return err == nil && list.Total == len(want) && slices.EqualFunc(list.Tasks, want[:min(len(want), 100)],
							func(item market.BrowseItem, id market.TaskID) bool { return item.TaskID == id })
					})
				}
			}
		}
	})
}

func isRefusal(err error) bool {
	var refusal *market.Error
	return errors.As(err, &refusal) && !errors.Is(err, market.ErrUnavailable)
}

// stir does something at random.
func stir(k *markettest.Kit, a *markettest.Agent, random *rand.Rand) error {
	mine, err := a.API.Mine(k.Ctx, market.MineQuery{Page: market.Page{Limit: 20}})
	if err != nil {
		return err
	}
	var id market.TaskID
	if len(mine.Tasks) > 0 {
		id = mine.Tasks[random.IntN(len(mine.Tasks))].TaskID
	}
	switch random.IntN(9) {
	case 0, 1, 2:
		tags := [][]string{nil, {"go"}, {"sql", "go"}}[random.IntN(3)]
		_, err = a.API.Post(k.Ctx, market.PostInput{Need: "review sql", Tags: tags, MaxCredits: 3})
	case 3:
		_, _, err = a.API.Pickup(k.Ctx, market.Filter{})
	case 4:
		_, err = a.API.Deliver(k.Ctx, id, market.DeliverInput{Result: fmt.Sprintf(`{"ranked_agents": [%q]}`, a.ID)})
	case 5:
		_, err = a.API.Approve(k.Ctx, id, market.ApproveInput{Rating: 1 + random.IntN(5)})
	case 6:
		_, err = a.API.Cancel(k.Ctx, id)
	case 7:
		_, err = a.API.Abandon(k.Ctx, id)
	case 8:
		_, err = a.API.Reject(k.Ctx, id, market.RejectInput{Reason: "no"})
	}
	return err
}

// Many workers on two replicas claim from one pool: each task has one worker,
// and nobody is told that there is nothing while tasks are open.
func TestOnePoolManyWorkers(t *testing.T) {
	const workers, tasks = 16, 120
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(1_000))
		markets := []*market.Market{k.Market, k.Replica()}
		k.Do("post", func() {
			for range tasks {
				ada.Post("task", markettest.Budget(1))
			}
		})
		all := make([]*markettest.Agent, workers)
		for i := range all {
			all[i] = k.Agent(fmt.Sprint("worker ", i)).On(markets[i%2])
		}
		var mu sync.Mutex
		claimed := map[market.TaskID]int{}
		k.Together(workers, func(i int) {
			for {
				var got []market.Pickup
				var err error
				if i%3 == 0 {
					var list market.PickupList
					list, err = all[i].API.PickupBatch(k.Ctx, market.BatchInput{Count: 3})
					got = list.Tasks
				} else if p, ok, e := all[i].API.Pickup(k.Ctx, market.Filter{}); ok {
					got, err = []market.Pickup{p}, e
				} else {
					err = e
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, p := range got {
					claimed[p.TaskID]++
				}
				done := len(claimed)
				mu.Unlock()
				if len(got) == 0 {
					if open, err := k.Store.ScanOpen(k.Ctx, 0, 1); err != nil || len(open) > 0 {
						t.Errorf("nothing to pick up, but %d is open (%d claimed), %v", len(open), done, err)
					}
					return
				}
			}
		})
		if len(claimed) != tasks {
			t.Errorf("%d of %d tasks were claimed", len(claimed), tasks)
		}
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("task %s was claimed %d times", id, n)
			}
		}
	}, policy(func(p *market.Policy) { p.MaxOpenClaims, p.NewcomerClaims = 0, 0 }))
}

// A replica whose clock is five minutes off fires timers early or late by as
// much; nothing is paid twice and no claim is shared.
func TestAReplicaWithAWrongClock(t *testing.T) {
	for _, skew := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				wrong := markettest.NewClock(k.Clock.Now().Add(skew))
				other, err := pinchwork.New(pinchwork.WithStore(k.Store), pinchwork.WithClock(wrong), pinchwork.WithWebhooks(nil))
				if err != nil {
					t.Fatal(err)
				}
				ada := k.Agent("ada", markettest.Granted(1_000))
				var workers []*markettest.Agent
				for i := range 4 {
					workers = append(workers, k.Agent(fmt.Sprint("worker ", i)))
				}
				for round := range 4 {
					k.Together(8, func(i int) {
						random := rand.New(rand.NewPCG(uint64(round), uint64(i)))
						a := append([]*markettest.Agent{ada}, workers...)[i%5]
						if i%2 == 0 {
							a = a.On(other)
						}
						for range 25 {
							if err := stir(k, a, random); err != nil && !isRefusal(err) {
								t.Errorf("%s: %v", a.Name, err)
							}
						}
						if i < 2 {
							if _, err := []*market.Market{k.Market, other}[i].Sweep(k.Ctx); err != nil {
								t.Error(err)
							}
						}
					})
					k.Clock.Advance(26 * time.Hour)
					wrong.Advance(26 * time.Hour)
				}
				report, err := k.Market.Audit(k.Ctx)
				if err != nil || !report.OK {
					t.Errorf("the audit says %+v, %v", report, err)
				}
			}, markettest.CheckRarely())
		})
	}
}

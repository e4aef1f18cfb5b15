package market_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store/memory"
)

// The log of everything that happens.

// line is an event as texts compare it.
func line(e market.LoggedEvent) string {
	return fmt.Sprint(e.Position, " ", e.DeliveryID(), " ", e.Type, " ", e.Task, " ", e.At.UnixMicro())
}

func texts(t *testing.T, v any) string {
	t.Helper()
	s, err := jsonOf(v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// paged reads the log to its end, so many events at a time, from one market and the
// other in turns.
func paged(t *testing.T, k *markettest.Kit, after market.Position, limit int, from ...*market.Market) (all []string) {
	t.Helper()
	for i := 0; ; i++ {
		list, err := from[i%len(from)].EventsPage(k.Ctx, after, limit)
		if err != nil {
			t.Fatalf("the log after %q: %v", after, err)
		}
		for _, e := range list.Events {
			all = append(all, line(e))
		}
		if after = list.Next; !list.More {
			return all
		}
	}
}

// busy has a few agents do things at the same time on all markets.
func busy(t *testing.T, k *markettest.Kit, agents []*markettest.Agent, markets ...*market.Market) {
	k.Together(4, func(i int) {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		for range 25 {
			a := agents[random.IntN(len(agents))].On(markets[i%len(markets)])
			if err := stir(k, a, random); err != nil && !isRefusal(err) {
				t.Errorf("%s: %v", a.Name, err)
			}
		}
	})
}

func crew(k *markettest.Kit) (agents []*markettest.Agent) {
	for i := range 3 {
		agents = append(agents, k.Agent(fmt.Sprint("agent ", i), markettest.Granted(500), markettest.Capable("go", "sql")))
	}
	return agents
}

func TestTheLogHoldsEveryAgentsEventsOnceAndInOrder(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		markets := []*market.Market{k.Market, k.Replica()}
		agents := crew(k)
		busy(t, k, agents, markets...)
		all := paged(t, k, market.FromOldest, 100, markets...)
		own := map[market.AgentID][]market.Event{}
		var places []market.Position
		for e, err := range k.Market.Events(k.Ctx, market.FromOldest) {
			if err != nil || line(e) != all[len(places)] {
				t.Fatalf("number %d is %s, %v; in pages %s", len(places), line(e), err, all[len(places)])
			}
			own[e.Agent] = append(own[e.Agent], e.Event)
			if places = append(places, e.Position); len(places) == len(all) {
				break
			}
		}
		for _, a := range agents {
			want := a.Events()
			if got := texts(t, own[a.ID]); got != texts(t, want) || len(want) == 0 {
				t.Errorf("the log has of %s\n%s\nand its own\n%s", a.Name, got, texts(t, want))
			}
		}
		for i, p := range places {
			if got := paged(t, k, p, 1+i%9, markets...); !slices.Equal(got, all[i+1:]) {
				t.Fatalf("after the event %d follow\n%v\nnot\n%v", i, got, all[i+1:])
			}
		}
	})
}

// Two that follow from now on, on two replicas, see the same in the same order while it
// happens.
func TestFollowersOfTheLogSeeTheSame(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		markets := []*market.Market{k.Market, k.Replica()}
		agents := crew(k)
		busy(t, k, agents, markets[0])
		list, err := k.Market.EventsPage(k.Ctx, market.FromNow, 0)
		if err != nil || len(list.Events) > 0 || list.More {
			t.Fatalf("from now on: %+v, %v", list, err)
		}
		ctx, stop := context.WithCancel(k.Ctx)
		defer stop()
		var heard [2][]string
		var followers sync.WaitGroup
		var mu sync.Mutex
		for i, m := range markets {
			followers.Go(func() {
				for e, err := range m.Events(ctx, list.Next) {
					if err != nil {
						if !errors.Is(err, context.Canceled) {
							t.Errorf("follower %d: %v", i, err)
						}
						return
					}
					mu.Lock()
					heard[i] = append(heard[i], line(e))
					mu.Unlock()
				}
			})
		}
		busy(t, k, agents, markets...)
		want := paged(t, k, list.Next, 100, k.Market)
		markettest.Eventually(t, "all to be heard", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(heard[0]) >= len(want) && len(heard[1]) >= len(want)
		})
		stop()
		followers.Wait()
		for i := range heard {
			if !slices.Equal(heard[i], want) {
				t.Errorf("follower %d heard\n%v\nnot\n%v", i, heard[i], want)
			}
		}
	})
}

func TestAPositionWhoseEventsAreGone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(1))
		before, err := k.Market.EventsPage(k.Ctx, market.FromNow, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			if i == 2 {
				k.Clock.Advance(2 * time.Hour)
			}
			bob.Ask(id, "?")
		}
		list, err := k.Market.EventsPage(k.Ctx, market.FromOldest, 0)
		if err != nil || len(list.Events) != 4 {
			t.Fatalf("%+v, %v", list, err)
		}
		var all []string
		for _, e := range list.Events {
			all = append(all, line(e))
		}
		if _, err := k.Market.Prune(k.Ctx, time.Time{}); err != nil {
			t.Fatal(err)
		}
		for i, kept := range []bool{false, true, true, true} {
			p := list.Events[i].Position
			if kept {
				if got := paged(t, k, p, 0, k.Market); !slices.Equal(got, all[i+1:]) {
					t.Errorf("after the event %d follow %v", i, got)
				}
				continue
			}
			gone(t, k, p)
		}
		if got := paged(t, k, market.FromOldest, 0, k.Market); !slices.Equal(got, all[2:]) {
			t.Errorf("from the oldest on: %v", got)
		}
		gone(t, k, before.Next)
		// What another store has given, or this one before it lost what it had.
		gone(t, k, "1000000-0")
		gone(t, k, list.Events[3].Position+"0")
		for _, bad := range []market.Position{"x", "1", "-1-1", "1-", "01-1", "1-1-1", "now "} {
			_, err := k.Market.EventsPage(k.Ctx, bad, 0)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "after" {
				t.Errorf("%q: the field is %q", bad, e.Field)
			}
		}
	}, policy(func(p *market.Policy) { p.EventRetention = time.Hour }))
}

// gone demands that nothing is read from a position.
func gone(t *testing.T, k *markettest.Kit, after market.Position) {
	t.Helper()
	_, err := k.Market.EventsPage(k.Ctx, after, 0)
	markettest.Refused(t, err, market.ErrNotFound)
	n := 0
	for e, err := range k.Market.Events(k.Ctx, after) {
		if n++; n > 1 || !errors.Is(err, market.ErrEventsGone) {
			t.Errorf("after %q comes %s, %v", after, line(e), err)
		}
	}
}

// Retention may overtake one that follows and takes nothing.
func TestAFollowerThatIsOvertakenIsTold(t *testing.T) {
	k := markettest.New(t, policy(func(p *market.Policy) { p.EventRetention = time.Hour }))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("task", markettest.Budget(1))
	bob.Ask(id, "?")
	next, stop := iter.Pull2(k.Market.Events(k.Ctx, market.FromOldest))
	defer stop()
	if _, err, ok := next(); err != nil || !ok {
		t.Fatal(err)
	}
	bob.Ask(id, "?")
	k.Clock.Advance(2 * time.Hour)
	if _, err := k.Market.Prune(k.Ctx, time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, err, _ := next()
	markettest.Refused(t, err, market.ErrEventsGone)
	if e, err, ok := next(); ok {
		t.Errorf("then comes %s, %v", line(e), err)
	}
}

// However many follow, while nothing happens they ask the store once a second together;
// and whoever leaves, by its context or by a break, leaves nothing behind.
func TestFollowersOfAQuietLogCostOneLookASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gated := gatestore.New(memory.New())
		m, err := pinchwork.New(pinchwork.WithStore(gated))
		if err != nil {
			t.Fatal(err)
		}
		ada, bob := registered(t, m, "ada"), registered(t, m, "bob")
		task, err := ada.Post(t.Context(), market.PostInput{Need: "task", MaxCredits: 1})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var followers sync.WaitGroup
		for i := range 50 {
			followers.Go(func() {
				for e, err := range m.Events(ctx, market.FromNow) {
					if i == 0 && err == nil {
						break
					}
					if i > 0 && err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("%s, %v", line(e), err)
					}
				}
			})
		}
		synctest.Wait()
		before := gated.Calls("EventLog")
		time.Sleep(100 * time.Second)
		if looks := gated.Calls("EventLog") - before; looks < 90 || looks > 110 {
			t.Errorf("50 followers asked %d times in 100 s", looks)
		}
		if _, err := bob.Ask(t.Context(), task.TaskID, "?"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		stop()
		followers.Wait()
		before = gated.Calls("EventLog")
		time.Sleep(time.Minute)
		if looks := gated.Calls("EventLog") - before; looks > 0 {
			t.Errorf("%d looks after all have left", looks)
		}
	})
}

func registered(t *testing.T, m *market.Market, name string) *market.Handle {
	t.Helper()
	r, err := m.Register(t.Context(), market.RegisterInput{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return m.As(r.AgentID)
}

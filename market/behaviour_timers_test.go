package market_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Cancelling, and the timers.

// events is short for a list of event types.
func events(types ...market.EventType) []market.EventType {
	return append([]market.EventType{}, types...)
}

func heard(t *testing.T, a *markettest.Agent, want ...market.EventType) {
	t.Helper()
	if got := a.Heard(); !slices.Equal(got, events(want...)) {
		t.Errorf("%s heard %v, want %v", a.Name, got, want)
	}
}

func TestCancelRefundsEverything(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob", markettest.Capable("go")), k.Agent("eve")
		id := ada.Post("task", markettest.Budget(60), markettest.Tagged("go"))
		heard(t, bob, store.EventTaskMatched)
		_, err := bob.API.Cancel(k.Ctx, id)
		markettest.Refused(t, err, market.ErrForbidden, "poster")
		if v := ada.Cancel(id); v.Status != market.StatusCancelled {
			t.Errorf("cancelled: %+v", v)
		}
		if c := ada.Credits(); c.Balance != 100 || c.Escrowed != 0 || c.Ledger[0].Reason != store.EntryRefund || c.Ledger[0].Amount != 60 {
			t.Errorf("the poster's credits are %+v", c)
		}
		heard(t, bob, store.EventTaskCancelled) // it was matched
		heard(t, eve)
		heard(t, ada) // nobody hears of their own action
		if got := eve.Offers(); len(got) != 0 {
			t.Errorf("still on offer: %v", got)
		}
		_, err = ada.API.Cancel(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "cancelled")
		_, err = eve.API.PickupTask(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "cancelled")
		_, err = eve.API.Task(k.Ctx, id, 0)
		markettest.Refused(t, err, market.ErrNotFound)
	})
}

func TestOnlyPostedTasksAreCancelled(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		_, err := ada.API.Cancel(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "claimed")
		bob.Deliver(id, "done")
		_, err = ada.API.Cancel(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "delivered")
	})
}

func TestPostedTasksExpire(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		due := k.Clock.Now().Add(72 * time.Hour)
		k.Advance(72*time.Hour - time.Microsecond)
		if v := ada.Task(id); v.Status != market.StatusPosted || !v.ExpiresAt.Equal(due) {
			t.Fatalf("a moment too early: %+v", v)
		}
		k.Advance(time.Microsecond)
		if v := ada.Task(id); v.Status != market.StatusExpired {
			t.Errorf("expired: %+v", v)
		}
		got := ada.Events()
		if len(got) != 1 || got[0].Type != store.EventTaskExpired || !got[0].At.Equal(due) {
			t.Errorf("the poster heard %+v", got)
		}
		if c := ada.Credits(); c.Balance != 100 || c.Escrowed != 0 || !c.Ledger[0].CreatedAt.Equal(due) {
			t.Errorf("the poster's credits are %+v", c)
		}
		_, err := bob.API.PickupTask(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "expired")
	})
}

func TestTaskExpiryIsASetting(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		id := ada.Post("task")
		k.Advance(time.Hour)
		if v := ada.Task(id); v.Status != market.StatusExpired {
			t.Errorf("after the hour: %+v", v)
		}
	}, policy(func(p *market.Policy) { p.TaskExpiry = time.Hour }))
}

// Nobody is offered or given a task past its time, although no sweep has run.
func TestExpiredTasksAreGoneWithoutASweep(t *testing.T) {
	for name, post := range map[string]func(a *markettest.Agent) market.TaskID{
		"expiry":   func(a *markettest.Agent) market.TaskID { return a.Post("task") },
		"deadline": func(a *markettest.Agent) market.TaskID { return a.Post("task", markettest.Deadline(72*time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob := k.Agent("ada"), k.Agent("bob")
				id := post(ada)
				if got := bob.Offers(); len(got) != 1 {
					t.Fatalf("on offer: %v", got)
				}
				k.Clock.Advance(72 * time.Hour)
				if got := bob.Offers(); len(got) != 0 {
					t.Errorf("on offer: %v", got)
				}
				if p, ok := bob.TryPickup(); ok {
					t.Errorf("picked up %+v", p)
				}
				if got := bob.Batch(5); len(got) != 0 {
					t.Errorf("picked up %+v", got)
				}
				_, err := bob.API.PickupTask(k.Ctx, id)
				markettest.Refused(t, err, market.ErrConflict, "expired")
				if got := ada.Balance(); got != 100 {
					t.Errorf("the poster has %d", got)
				}
			})
		})
	}
}

func TestDeadlineWhilePosted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob", markettest.Capable("go")), k.Agent("eve")
		id := ada.Post("task", markettest.Tagged("go"), markettest.Deadline(30*time.Minute))
		due := k.Clock.Now().Add(30 * time.Minute)
		if v := ada.Task(id); !v.Deadline.Equal(due) {
			t.Errorf("posted: %+v", v)
		}
		heard(t, bob, store.EventTaskMatched)
		k.Advance(30 * time.Minute)
		if v := ada.Task(id); v.Status != market.StatusExpired {
			t.Errorf("after the deadline: %+v", v)
		}
		heard(t, ada, store.EventTaskExpired)
		heard(t, bob, store.EventTaskExpired) // it was matched
		heard(t, eve)
		if got := ada.Balance(); got != 100 {
			t.Errorf("the poster has %d", got)
		}
	})
}

func TestDeadlineWhileClaimed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		created := k.Clock.Now()
		id := ada.Post("task", markettest.Deadline(30*time.Minute))
		bob.Claim(id)
		ada.Events()
		k.Advance(30 * time.Minute)
		due := k.Clock.Now()
		for _, a := range []*markettest.Agent{ada, bob} {
			got := a.Events()
			if len(got) != 1 || got[0].Type != store.EventDeadlineExpired || got[0].Data.Reason != "" || !got[0].At.Equal(due) {
				t.Errorf("%s heard %+v", a.Name, got)
			}
		}
		v := ada.Task(id)
		if v.Status != market.StatusPosted || !v.Deadline.IsZero() || v.WorkerID != "" || !v.ExpiresAt.Equal(due.Add(72*time.Hour)) || !v.CreatedAt.Equal(created) {
			t.Errorf("reposted: %+v", v)
		}
		if got := k.Stored(id); got.Claims != 1 {
			t.Errorf("claims: %d", got.Claims)
		}
		if c := bob.Me(); k.Stored(id).Poster == c.ID {
			t.Error("the parties are mixed up")
		}
		eve.Claim(id)
		eve.Deliver(id, "done")
	})
}

// A chain of timers settles in order, each at its own instant, however late.
func TestChainedTimersSettleInOrder(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Deadline(time.Hour))
		bob.Claim(id)
		ada.Events()
		start := k.Clock.Now()
		k.Clock.Advance(30 * 24 * time.Hour)
		if n := k.Sweep(); n != 3 {
			t.Errorf("the sweep took %d steps, want 3: reposted, expired, texts dropped", n)
		}
		got := ada.Events()
		if len(got) != 2 || got[0].Type != store.EventDeadlineExpired || !got[0].At.Equal(start.Add(time.Hour)) ||
			got[1].Type != store.EventTaskExpired || !got[1].At.Equal(start.Add(73*time.Hour)) {
			t.Errorf("the poster heard %+v", got)
		}
		if c := ada.Credits(); c.Balance != 100 || !c.Ledger[0].CreatedAt.Equal(start.Add(73*time.Hour)) {
			t.Errorf("the refund is %+v", c.Ledger[0])
		}
	})
}

// Several sweeps at once, on several replicas, take each step once.
func TestSweepsAtTheSameTimeTakeEachStepOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(10_000)), k.Agent("bob", markettest.Granted(1))
		k.Do("prepare", func() {
			for i := range 30 {
				id := ada.Post("task", markettest.Budget(10))
				if i%3 != 0 {
					bob.Claim(id)
				}
				if i%3 == 2 {
					bob.Deliver(id, "done")
				}
			}
		})
		other := k.Replica()
		k.Clock.Advance(80 * time.Hour)
		var steps atomic.Int64
		k.Together(6, func(i int) {
			m := []*market.Market{k.Market, other}[i%2]
			n, err := m.Sweep(k.Ctx)
			if err != nil {
				t.Error(err)
			}
			steps.Add(int64(n))
		})
		if got := steps.Load(); got != 30 {
			t.Errorf("%d steps, want 30", got)
		}
		// 10 expired, 10 timed out and stand open again, 10 were approved at 10 each.
		if c := ada.Credits(); c.Balance != 10_100-100-100 || c.Escrowed != 100 {
			t.Errorf("the poster has %d and %d in escrow", c.Balance, c.Escrowed)
		}
		if got := bob.Balance(); got != 101+90 {
			t.Errorf("the worker has %d", got)
		}
	})
}

// One task that cannot be settled stops no other.
func TestAFailingTaskStopsNoOther(t *testing.T) {
	t.Parallel()
	k := markettest.New(t)
	ada := k.Agent("ada", markettest.Granted(1_000))
	var ids []market.TaskID
	for range 5 {
		ids = append(ids, ada.Post("task", markettest.Budget(10)))
	}
	broken := &brokenStore{Store: k.Store, task: ids[1]}
	m, err := market.New(market.Config{Store: broken, Clock: k.Clock})
	if err != nil {
		t.Fatal(err)
	}
	k.Clock.Advance(72 * time.Hour)
	steps, err := m.Sweep(k.Ctx)
	if steps != 4 || !errors.Is(err, errBroken) {
		t.Errorf("%d steps, %v", steps, err)
	}
	for i, id := range ids {
		want := market.StatusExpired
		if i == 1 {
			want = market.StatusPosted
		}
		if got := k.Stored(id).Status; got != want {
			t.Errorf("task %d is %s", i, got)
		}
	}
}

var errBroken = errors.New("this row is broken")

// brokenStore fails to commit changes of one task.
type brokenStore struct {
	market.Store
	task market.TaskID
}

func (s *brokenStore) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	for _, w := range c.Tasks {
		if w.New.ID == s.task {
			return store.Committed{}, errBroken
		}
	}
	return s.Store.Commit(ctx, c)
}

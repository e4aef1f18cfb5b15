package market_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// The abandon cooldown (rule 4.12).

// giveUp lets a claim end in each of the ways that count.
var giveUp = map[string]func(k *markettest.Kit, ada, bob *markettest.Agent){
	"abandon": func(_ *markettest.Kit, ada, bob *markettest.Agent) {
		id := ada.Post("task", markettest.Budget(1))
		bob.Claim(id)
		bob.Abandon(id)
	},
	"deadline": func(k *markettest.Kit, ada, bob *markettest.Agent) {
		id := ada.Post("task", markettest.Budget(1), markettest.Deadline(time.Minute))
		bob.Claim(id)
		k.Advance(time.Minute)
	},
	"claim timeout": func(k *markettest.Kit, ada, bob *markettest.Agent) {
		id := ada.Post("task", markettest.Budget(1), markettest.ClaimTimeout(time.Minute))
		bob.Claim(id)
		k.Advance(time.Minute)
	},
}

func TestTheFifthClaimGivenUpBlocksPickup(t *testing.T) {
	for name, way := range giveUp {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob := k.Agent("ada"), k.Agent("bob")
				for range 4 {
					way(k, ada, bob)
				}
				more := ada.Post("still allowed", markettest.Budget(1))
				bob.Claim(more)
				bob.Deliver(more, "done")
				way(k, ada, bob)
				blocked := k.Clock.Now()
				id := ada.Post("blocked", markettest.Budget(1))
				assertBlocked(t, k, bob, id, 30*time.Minute)
				k.Advance(10 * time.Minute)
				assertBlocked(t, k, bob, id, 20*time.Minute)
				k.Until(blocked.Add(30*time.Minute - time.Microsecond))
				assertBlocked(t, k, bob, id, time.Microsecond)
				k.Until(blocked.Add(30 * time.Minute))
				bob.Claim(id)
				// The count restarts: four more are free.
				bob.Abandon(id)
				for range 3 {
					way(k, ada, bob)
				}
				bob.Claim(id)
				bob.Abandon(id)
				assertBlocked(t, k, bob, id, 30*time.Minute)
			})
		})
	}
}

// assertBlocked tries all three kinds of pickup.
func assertBlocked(t *testing.T, k *markettest.Kit, a *markettest.Agent, id market.TaskID, wait time.Duration) {
	t.Helper()
	_, err := a.API.PickupTask(k.Ctx, id)
	byID := markettest.Refused(t, err, market.ErrRateLimited)
	_, _, err = a.API.Pickup(k.Ctx, market.Filter{})
	next := markettest.Refused(t, err, market.ErrRateLimited)
	_, err = a.API.PickupBatch(k.Ctx, market.BatchInput{})
	batch := markettest.Refused(t, err, market.ErrRateLimited)
	for _, e := range []*market.Error{byID, next, batch} {
		if e.RetryAfter != wait {
			t.Errorf("retry after %s, want %s", e.RetryAfter, wait)
		}
	}
}

// The poster begins a rejection, so what follows from it is not held against
// the worker; a deadline and a claim timeout that pass meanwhile are not either.
func TestAGraceThatLapsesIsNoStrike(t *testing.T) {
	limits := map[string][]markettest.PostOption{
		"alone":              {markettest.Budget(1)},
		"past the deadline":  {markettest.Budget(1), markettest.Deadline(3 * time.Minute)},
		"past claim timeout": {markettest.Budget(1), markettest.ClaimTimeout(3 * time.Minute)},
	}
	for name, opts := range limits {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob := k.Agent("ada"), k.Agent("bob")
				for range 6 {
					id := ada.Post("task", opts...)
					bob.Claim(id)
					bob.Deliver(id, "done")
					ada.Reject(id, "no")
					bob.Events()
					k.Advance(5 * time.Minute)
					if got := bob.Heard(); !slices.Equal(got, []market.EventType{store.EventRejectionGraceExpired}) {
						t.Errorf("the worker heard %v", got)
					}
					if v := ada.Task(id); v.Status != market.StatusPosted || !v.Deadline.IsZero() {
						t.Errorf("after the grace: %+v", v)
					}
					ada.Cancel(id)
				}
				bob.Claim(ada.Post("still allowed", markettest.Budget(1)))
			})
		})
	}
}

func TestABlockedAgentMayStillDeliver(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		held := ada.Post("held", markettest.Budget(1))
		bob.Claim(held)
		for range 5 {
			giveUp["abandon"](k, ada, bob)
		}
		bob.Deliver(held, "done")
		ada.Approve(held)
		if got := bob.Me().TasksCompleted; got != 1 {
			t.Errorf("tasks_completed is %d", got)
		}
	})
}

func TestAbandonLimitAndCooldownAreSettings(t *testing.T) {
	k := markettest.New(t, policy(func(p *market.Policy) { p.AbandonLimit, p.AbandonCooldown = 2, time.Minute }))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	giveUp["abandon"](k, ada, bob)
	giveUp["abandon"](k, ada, bob)
	assertBlocked(t, k, bob, ada.Post("blocked", markettest.Budget(1)), time.Minute)
	k.Advance(time.Minute)
	bob.Pickup()
}

func TestAbandonLimitOfZeroBlocksNobody(t *testing.T) {
	k := markettest.New(t, policy(func(p *market.Policy) { p.AbandonLimit = 0 }))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	for range 12 {
		giveUp["abandon"](k, ada, bob)
	}
	bob.Pickup()
}

package market_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// What a delivery charges, and who delivers (rules 3.4, 4.7).

func TestAWorkerClaimsBetweenOneAndTheBudget(t *testing.T) {
	for name, c := range map[string]struct {
		claimed int64
		charged int64 // 0 is refused
	}{
		"absent is max_credits":    {0, 40},
		"one":                      {1, 1},
		"some":                     {25, 25},
		"all":                      {40, 40},
		"above counts as max":      {41, 40},
		"far above counts as max":  {math.MaxInt64, 40},
		"negative is refused":      {-1, 0},
		"very negative is refused": {math.MinInt64, 0},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob := k.Agent("ada"), k.Agent("bob")
				id := ada.Post("task", markettest.Budget(40))
				bob.Claim(id)
				v, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "done", CreditsClaimed: c.claimed})
				if c.charged == 0 {
					if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "credits_claimed" {
						t.Errorf("the field is %q", e.Field)
					}
					if got := bob.Task(id).Status; got != market.StatusClaimed {
						t.Errorf("the task is %s", got)
					}
					return
				}
				if err != nil || v.CreditsCharged != c.charged {
					t.Fatalf("delivered %+v, %v", v, err)
				}
				fee := c.charged / 10
				if v := ada.Approve(id); v.CreditsCharged != c.charged {
					t.Errorf("charged %d", v.CreditsCharged)
				}
				if a, b := ada.Balance(), bob.Balance(); a != 100-c.charged || b != 100+c.charged-fee {
					t.Errorf("ada has %d, bob %d", a, b)
				}
			})
		})
	}
}

func TestDeliverLimits(t *testing.T) {
	k := markettest.New(t)
	ada, bob := k.Agent("ada"), k.Agent("bob")
	for name, c := range map[string]struct {
		result string
		ok     bool
	}{
		"empty":            {"", false},
		"blank":            {" \n", false},
		"NUL":              {"a\x00", false},
		"not UTF-8":        {"\xff", false},
		"one character":    {"x", true},
		"at the limit":     {strings.Repeat("é", 500_000), true},
		"beyond the limit": {strings.Repeat("é", 500_001), false},
	} {
		t.Run(name, func(t *testing.T) {
			id := ada.Post("task", markettest.Budget(1))
			bob.Claim(id)
			v, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: c.result})
			if !c.ok {
				if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "result" {
					t.Errorf("the field is %q", e.Field)
				}
				return
			}
			if err != nil || v.Result != c.result || ada.Task(id).Result != c.result {
				t.Errorf("delivered %v", err)
			}
		})
	}
}

func TestOnlyTheWorkerDelivers(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		deliver := func(a *markettest.Agent) error {
			_, err := a.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "mine"})
			return err
		}
		markettest.Refused(t, deliver(eve), market.ErrForbidden, "worker") // it is posted, so she sees it
		bob.Claim(id)
		markettest.Refused(t, deliver(eve), market.ErrNotFound, "Task not found")
		markettest.Refused(t, deliver(ada), market.ErrForbidden, "worker")
		bob.Deliver(id, "done")
		markettest.Refused(t, deliver(bob), market.ErrConflict, "delivered")
		ada.Approve(id)
		markettest.Refused(t, deliver(bob), market.ErrConflict, "approved")
	})
}

func TestDeliveryClearsTheGrace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "first")
		ada.Reject(id, "no")
		k.Advance(4 * time.Minute)
		if v := bob.Deliver(id, "second"); !v.RejectionGraceDeadline.IsZero() || v.Result != "second" {
			t.Errorf("delivered again: %+v", v)
		}
		bob.Events()
		k.Advance(time.Hour)
		if v := ada.Task(id); v.Status != market.StatusDelivered || v.Result != "second" {
			t.Errorf("an hour later the task is %+v", v)
		}
		if heard := bob.Heard(); len(heard) != 0 {
			t.Errorf("bob heard %v", heard)
		}
	})
}

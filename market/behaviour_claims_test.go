package market_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Pickup: who may claim what, and what the claim answers with.

func TestPickupAnswersWithTheTask(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		old := ada.Post("for the reputation", markettest.Budget(10))
		bob.Work(old, ada)
		bob.Rate(old, 4)
		id := ada.Post("need", markettest.Background("context"), markettest.Budget(15), markettest.Tagged("sms"), markettest.Deadline(time.Hour))
		p := bob.Pickup()
		if p.TaskID != id || p.Need != "need" || p.Context != "context" || p.MaxCredits != 15 || p.PosterID != ada.ID ||
			len(p.Tags) != 1 || p.Tags[0] != "sms" || p.PosterReputation != 4 || p.RejectionCount != 0 || p.SystemTaskType != "" {
			t.Errorf("picked up %+v", p)
		}
		deadline := k.Clock.Now().Add(time.Hour)
		if !p.Deadline.Equal(deadline) || !p.ClaimDeadline.Equal(deadline) || !p.CreatedAt.Equal(k.Clock.Now()) {
			t.Errorf("deadline %s, claim deadline %s, created %s", p.Deadline, p.ClaimDeadline, p.CreatedAt)
		}
		if v := bob.Task(id); v.Status != market.StatusClaimed || v.WorkerID != bob.ID {
			t.Errorf("the task is %+v", v)
		}
		second := ada.Post("by id", markettest.Background("too"), markettest.Budget(10))
		if p := bob.Claim(second); p.Need != "by id" || p.Context != "too" || p.PosterReputation != 4 || !p.ClaimDeadline.Equal(k.Clock.Now().Add(72*time.Hour)) {
			t.Errorf("claimed %+v", p)
		}
	})
}

func TestPickupFindsNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		ada.Post("own task", markettest.Tagged("go"))
		if p, ok := ada.TryPickup(); ok {
			t.Errorf("the poster picked up %+v", p)
		}
		if p, ok := bob.TryPickup(market.Filter{Tags: []string{"rust"}}); ok {
			t.Errorf("another tag gave %+v", p)
		}
		list, err := ada.API.PickupBatch(k.Ctx, market.BatchInput{})
		if err != nil || list.Tasks == nil || len(list.Tasks) != 0 || list.Total != 0 {
			t.Errorf("an empty batch is %+v, %v", list, err)
		}
	})
}

func TestPickupByIDRefusals(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		_, err := ada.API.PickupTask(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "own task")
		_, err = bob.API.PickupTask(k.Ctx, "tk-0000000000000000")
		markettest.Refused(t, err, market.ErrNotFound, "Task not found")
		bob.Claim(id)
		_, err = eve.API.PickupTask(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "claimed")
		_, err = bob.API.PickupTask(k.Ctx, id)
		if e := markettest.Refused(t, err, market.ErrConflict, "You hold it already", "claimed by you"); e.Code != market.CodeAlreadyClaimed {
			t.Errorf("the code is %s", e.Code)
		}
		bob.Deliver(id, "done")
		_, err = eve.API.PickupTask(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "delivered")
		ada.Approve(id)
		_, err = eve.API.PickupTask(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "approved")
	})
}

func TestBatchTakesFiveByDefaultAndTenAtMost(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Do("post 16 tasks", func() {
			for i := range 16 {
				ada.Post(fmt.Sprint("task ", i), markettest.Budget(1))
			}
		})
		list, err := bob.API.PickupBatch(k.Ctx, market.BatchInput{})
		if err != nil || len(list.Tasks) != 5 || list.Total != 5 {
			t.Fatalf("by default %d tasks, total %d, %v", len(list.Tasks), list.Total, err)
		}
		for i, p := range list.Tasks {
			if want := fmt.Sprint("task ", i); p.Need != want || p.ClaimDeadline.IsZero() {
				t.Errorf("task %d of the batch is %+v", i, p)
			}
		}
		if got := len(bob.Batch(10)); got != 10 {
			t.Errorf("a batch of 10 has %d", got)
		}
		if got := len(bob.Batch(10)); got != 1 {
			t.Errorf("the last batch has %d", got)
		}
		for _, n := range []int{-1, 11} {
			_, err := bob.API.PickupBatch(k.Ctx, market.BatchInput{Count: n})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "count" {
				t.Errorf("count %d: the field is %q", n, e.Field)
			}
		}
	})
}

func TestOpenClaimsAreBounded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Do("post 5 tasks", func() {
			for range 5 {
				ada.Post("task", markettest.Budget(1))
			}
		})
		got := bob.Batch(5)
		if len(got) != 3 {
			t.Fatalf("the batch went on to %d claims", len(got))
		}
		_, _, err := bob.API.Pickup(k.Ctx, market.Filter{})
		markettest.Refused(t, err, market.ErrConflict, "3 open claims")
		_, err = bob.API.PickupBatch(k.Ctx, market.BatchInput{})
		markettest.Refused(t, err, market.ErrConflict, "3 open claims")
		_, err = bob.API.PickupTask(k.Ctx, bob.Offers()[0])
		markettest.Refused(t, err, market.ErrConflict, "3 open claims")
		bob.Deliver(got[0].TaskID, "delivered tasks do not count")
		bob.Pickup()
		bob.Abandon(got[1].TaskID)
		bob.Pickup()
		// A rejection opens the claim again, beyond the limit if need be.
		ada.Reject(got[0].TaskID, "no")
		if open := len(bob.Mine(market.PartyWorker, market.StatusClaimed)); open != 4 {
			t.Errorf("%d open claims after the rejection", open)
		}
		_, _, err = bob.API.Pickup(k.Ctx, market.Filter{})
		markettest.Refused(t, err, market.ErrConflict)
	}, policy(func(p *market.Policy) { p.MaxOpenClaims = 3 }))
}

// Whoever has never had work approved cannot claim the whole board.
func TestNewcomersHaveFewerOpenClaims(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Do("post 8 tasks", func() {
			for range 8 {
				ada.Post("task", markettest.Budget(1))
			}
		})
		got := bob.Batch(5)
		if len(got) != 2 {
			t.Fatalf("a newcomer's batch has %d claims", len(got))
		}
		assertTooManyClaims(t, k, bob, "2 open claims", "first approved task")
		bob.Deliver(got[0].TaskID, "done")
		bob.Pickup()
		assertTooManyClaims(t, k, bob, "2 open claims", "first approved task")
		ada.Approve(got[0].TaskID)
		if n := len(bob.Batch(5)); n != 2 {
			t.Fatalf("after the first approval %d more claims", n)
		}
		assertTooManyClaims(t, k, bob, "4 open claims")
	}, policy(func(p *market.Policy) { p.MaxOpenClaims, p.NewcomerClaims = 4, 2 }))
}

// assertTooManyClaims tries all three kinds of pickup.
func assertTooManyClaims(t *testing.T, k *markettest.Kit, a *markettest.Agent, texts ...string) {
	t.Helper()
	_, _, next := a.API.Pickup(k.Ctx, market.Filter{})
	_, batch := a.API.PickupBatch(k.Ctx, market.BatchInput{})
	_, byID := a.API.PickupTask(k.Ctx, a.Offers()[0])
	for _, err := range []error{next, batch, byID} {
		if e := markettest.Refused(t, err, market.ErrConflict, texts...); e.Code != market.CodeTooManyClaims {
			t.Errorf("the code is %s", e.Code)
		}
	}
}

func TestTheLowerLimitOfOpenClaimsCounts(t *testing.T) {
	for _, limits := range []struct{ most, newcomer, want int64 }{
		{3, 5, 3}, {5, 3, 3}, {0, 3, 3}, {3, 0, 3}, {0, 0, 7},
	} {
		k := markettest.New(t, policy(func(p *market.Policy) { p.MaxOpenClaims, p.NewcomerClaims = limits.most, limits.newcomer }))
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Do("post 7 tasks", func() {
			for range 7 {
				ada.Post("task", markettest.Budget(1))
			}
		})
		if n := len(bob.Batch(7)); int64(n) != limits.want {
			t.Errorf("at most %d, newcomers %d: claimed %d", limits.most, limits.newcomer, n)
		}
	}
}

func TestDeliveringBeforePickupSaysSo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		_, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "done"})
		markettest.Refused(t, err, market.ErrForbidden, "pick it up first")
		_, err = ada.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "done"})
		if e := markettest.Refused(t, err, market.ErrForbidden, "Only the worker"); strings.Contains(e.Message, "pick it up") {
			t.Errorf("the poster is told: %s", e.Message)
		}
	})
}

func TestOpenClaimsWithoutBound(t *testing.T) {
	k := markettest.New(t, policy(func(p *market.Policy) { p.MaxOpenClaims, p.NewcomerClaims = 0, 0 }), markettest.CheckRarely())
	ada, bob := k.Agent("ada", markettest.Granted(1000)), k.Agent("bob")
	for range 105 {
		ada.Post("task", markettest.Budget(1))
	}
	n := 0
	for range 11 {
		n += len(bob.Batch(10))
	}
	if n != 105 {
		t.Errorf("%d claims", n)
	}
}

func TestDefaultLimitOfOpenClaimsIs100(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely())
	ada, bob := k.Agent("ada", markettest.Granted(1000)), k.Agent("bob")
	for range 101 {
		ada.Post("task", markettest.Budget(1))
	}
	bob.Work(ada.Post("the first"), ada)
	for range 10 {
		bob.Batch(10)
	}
	_, _, err := bob.API.Pickup(k.Ctx, market.Filter{})
	markettest.Refused(t, err, market.ErrConflict, "100")
}

func TestDefaultLimitOfNewcomersIs20(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely())
	ada, bob := k.Agent("ada"), k.Agent("bob")
	for range 21 {
		ada.Post("task", markettest.Budget(1))
	}
	for range 2 {
		bob.Batch(10)
	}
	assertTooManyClaims(t, k, bob, "20 open claims")
}

func TestAClaimEndsAfterTheClaimTimeout(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		ada.Events()
		k.Advance(72*time.Hour - time.Microsecond)
		if got := bob.Task(id).Status; got != market.StatusClaimed {
			t.Fatalf("just before it the task is %s", got)
		}
		k.Advance(time.Microsecond)
		v := ada.Task(id)
		if v.Status != market.StatusPosted || v.WorkerID != "" || !v.ExpiresAt.Equal(k.Clock.Now().Add(72*time.Hour)) {
			t.Errorf("after it the task is %+v", v)
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			events := a.Events()
			if len(events) != 1 || events[0].Type != store.EventDeadlineExpired || events[0].Data.Reason != "claim_timeout" || events[0].Task != id {
				t.Errorf("%s heard %+v", a.Name, events)
			}
		}
	})
}

func TestNoClaimTimeoutWhenItIsZero(t *testing.T) {
	k := markettest.New(t, policy(func(p *market.Policy) { p.ClaimTimeout = 0 }))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("task")
	if p := bob.Claim(id); !p.ClaimDeadline.IsZero() {
		t.Errorf("claim deadline %s", p.ClaimDeadline)
	}
	k.Advance(10_000 * time.Hour)
	if got := bob.Task(id).Status; got != market.StatusClaimed {
		t.Errorf("the task is %s", got)
	}
}

func TestAbandonReposts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob", markettest.Capable("go")), k.Agent("eve")
		id := ada.Post("task", markettest.Tagged("go")) // matched to bob
		bob.Claim(id)
		_, err := ada.API.Abandon(k.Ctx, id)
		markettest.Refused(t, err, market.ErrForbidden, "worker")
		_, err = eve.API.Abandon(k.Ctx, id)
		markettest.Refused(t, err, market.ErrNotFound, "Task not found")
		k.Advance(time.Hour)
		created := ada.Task(id).CreatedAt.Time
		v := bob.Abandon(id)
		if v.Status != market.StatusPosted || v.WorkerID != "" {
			t.Errorf("abandoned %+v", v)
		}
		v = ada.Task(id)
		if !v.ExpiresAt.Equal(k.Clock.Now().Add(72*time.Hour)) || !v.CreatedAt.Equal(created) {
			t.Errorf("expires %s, created %s", v.ExpiresAt, v.CreatedAt)
		}
		// Broadcast: nobody is matched any more, everybody is offered it.
		for _, a := range []*markettest.Agent{bob, eve} {
			if b := a.Browse(); len(b) != 1 || b[0].IsMatched {
				t.Errorf("%s is offered %+v", a.Name, b)
			}
		}
		_, err = bob.API.Abandon(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict)
		eve.Claim(id)
		eve.Deliver(id, "done")
		_, err = eve.API.Abandon(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "delivered")
	})
}

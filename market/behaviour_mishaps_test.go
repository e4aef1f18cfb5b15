package market_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Ways in which marketplaces of this kind have gone wrong. Those that belong to
// one behaviour are tested with it.

// A system task has no escrow, so its expiry must not give any back.
func TestExpiringASystemTaskReturnsNoEscrow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra, bob := k.Agent("infra", markettest.Infra()), k.Agent("bob", markettest.GoodAt("Go"))
		agenda, err := k.Store.Due(k.Ctx, k.Clock.Now().Add(73*time.Hour), 10)
		if err != nil || len(agenda.Tasks) != 1 {
			t.Fatalf("due are %+v, %v", agenda, err)
		}
		before, err := k.Market.Audit(k.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		k.Advance(73 * time.Hour)
		if got := k.Stored(agenda.Tasks[0]); got.Status != market.StatusExpired {
			t.Fatalf("the extraction is %s", got.Status)
		}
		after, err := k.Market.Audit(k.Ctx)
		if err != nil || after.Platform != before.Platform || after.Entries != before.Entries || after.Sum != 0 {
			t.Errorf("the books were %+v, are %+v, %v", before, after, err)
		}
		// Its subject can be extracted again.
		bob.Update(market.UpdateInput{GoodAt: market.Some("Rust")})
		take(t, infra, market.ExtractCapabilities)
	})
}

// After a rejection and an abandon, somebody else claims the task: the grace
// that the first worker had must not end the new claim.
func TestAnOldGraceEndsNoNewClaim(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "bad")
		ada.Reject(id, "bad")
		bob.Abandon(id)
		eve.Claim(id)
		if v := eve.Task(id); !v.RejectionGraceDeadline.IsZero() || v.RejectionReason != "" || v.Result != "" || !v.DeliveredAt.IsZero() || v.CreditsCharged != 0 {
			t.Errorf("the newcomer's claim has something of the old one: %+v", v)
		}
		k.Advance(time.Hour)
		if v := eve.Task(id); v.Status != market.StatusClaimed {
			t.Errorf("after the old grace: %+v", v)
		}
		eve.Deliver(id, "good")
	})
}

// A delivery may arrive while a sweep enforces the deadline. It must not be
// overwritten, and the next worker must not read it.
func TestADeliveryAtItsDeadlineIsKeptOrRefused(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob"), k.Agent("eve")
		var ids []market.TaskID
		k.Do("post and claim", func() {
			for range 10 {
				id := ada.Post("task", markettest.Budget(1), markettest.Deadline(time.Minute))
				bob.Claim(id)
				ids = append(ids, id)
			}
		})
		k.Clock.Advance(time.Minute - time.Microsecond)
		delivered := make([]error, len(ids))
		k.Together(len(ids)+1, func(i int) {
			if i == len(ids) {
				k.Clock.Advance(time.Microsecond)
				if _, err := k.Market.Sweep(k.Ctx); err != nil {
					t.Error(err)
				}
				return
			}
			_, delivered[i] = bob.API.Deliver(k.Ctx, ids[i], market.DeliverInput{Result: "bob's secret"})
		})
		k.Sweep()
		for i, id := range ids {
			got := k.Stored(id)
			switch {
			case delivered[i] == nil && got.Status != market.StatusDelivered:
				t.Errorf("delivered, but now %s", got.Status)
			case delivered[i] != nil && got.Status != market.StatusPosted:
				t.Errorf("refused with %v, but now %s", delivered[i], got.Status)
			case got.Status == market.StatusPosted:
				eve.Claim(id)
				if v := eve.Task(id); v.Result != "" {
					t.Errorf("the next worker reads %q", v.Result)
				}
			}
		}
	})
}

// When A loses the claim and B gets it, a late delivery by A must not land on
// B's claim.
func TestALateDeliveryDoesNotLandOnTheNextClaim(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task", markettest.ClaimTimeout(time.Hour))
		bob.Claim(id)
		k.Clock.Advance(time.Hour)
		eve.Claim(id)
		_, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "late"})
		markettest.Refused(t, err, market.ErrConflict)
		if v := eve.Task(id); v.Status != market.StatusClaimed || v.WorkerID != eve.ID || v.Result != "" {
			t.Errorf("the claim of B is %+v", v)
		}
		eve.Deliver(id, "in time")
		ada.Approve(id)
		if a, b := bob.Balance(), eve.Balance(); a != 100 || b != 145 {
			t.Errorf("A has %d, B %d", a, b)
		}
	})
}

// When the third of five claims fails, the worker must still be told of the two
// that it holds.
func TestABatchThatFailsHalfwayKeepsWhatItClaimed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Do("post", func() {
			for i := range 5 {
				ada.Post(fmt.Sprint("task ", i), markettest.Budget(1))
			}
		})
		m, err := market.New(market.Config{Store: &halfway{Store: k.Store}, Clock: k.Clock})
		if err != nil {
			t.Fatal(err)
		}
		list, err := m.As(bob.ID).PickupBatch(k.Ctx, market.BatchInput{})
		if err != nil || list.Total != 2 || len(list.Tasks) != 2 || list.Tasks[1].Need != "task 1" {
			t.Errorf("the batch is %+v, %v", list, err)
		}
		if got := len(bob.Mine(market.PartyWorker, market.StatusClaimed)); got != 2 {
			t.Errorf("%d are claimed", got)
		}
		if got := len(bob.Batch(10)); got != 3 {
			t.Errorf("%d are left", got)
		}
	})
}

// halfway loses its connection at the third change of several.
type halfway struct{ market.Store }

func (s *halfway) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	done, errs := s.Store.CommitEach(ctx, cs[:min(2, len(cs))])
	for len(errs) < len(cs) {
		done, errs = append(done, store.Committed{}), append(errs, errors.New("connection lost"))
	}
	return done, errs
}

// Abandons at the same time must not be counted as one.
func TestParallelAbandonsAllCount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var ids []market.TaskID
		k.Do("post and claim", func() {
			for range 5 {
				id := ada.Post("task", markettest.Budget(1))
				bob.Claim(id)
				ids = append(ids, id)
			}
		})
		k.Together(5, func(i int) {
			if _, err := bob.API.Abandon(k.Ctx, ids[i]); err != nil {
				t.Error(err)
			}
		})
		_, _, err := bob.API.Pickup(k.Ctx, market.Filter{})
		if e := markettest.Refused(t, err, market.ErrRateLimited); e.RetryAfter != 30*time.Minute {
			t.Errorf("retry after %v", e.RetryAfter)
		}
	})
}

// A key has 256 random bits, so it needs no slow password hash: one round of a
// fast digest is enough. The store never sees the key.
func TestKeysAreDigestedOnce(t *testing.T) {
	key := market.APIKey("pwk-0123456789")
	if got, want := [32]byte(key.Digest()), sha256.Sum256([]byte("pwk-0123456789")); got != want {
		t.Errorf("the digest is %x", got)
	}
}

// No event may be lost because a queue is full, or sent although the commit
// failed.
func TestNoEventWithoutItsChange(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(1))
		var mu sync.Mutex
		var won int
		k.Together(8, func(int) {
			if _, err := bob.API.PickupTask(k.Ctx, id); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
		if won != 1 {
			t.Errorf("claimed %d times", won)
		}
		heard(t, ada, store.EventTaskClaimed)
		k.Do("many events that nobody reads", func() {
			bob.Deliver(id, "x")
			for range 300 {
				ada.Send(id, "hello")
			}
		})
		got := bob.Heard()
		if len(got) != 300 || slices.ContainsFunc(got, func(e market.EventType) bool { return e != store.EventTaskMessage }) {
			t.Errorf("%d events of 300 are there", len(got))
		}
	})
}

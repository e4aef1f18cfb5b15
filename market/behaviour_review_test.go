package market_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Approval and rejection (rules 3.5, 4.8 and 4.9).

func TestApprovalPaysTheWorker(t *testing.T) {
	for _, c := range []struct {
		percent                 float64
		budget, claimed         int64
		net, fee, back, balance int64
	}{
		{percent: 10, budget: 25, claimed: 20, net: 18, fee: 2, back: 5, balance: 118},
		{percent: 10, budget: 50, claimed: 9, net: 9, fee: 0, back: 41, balance: 109},
		{percent: 10, budget: 50, claimed: 1, net: 1, fee: 0, back: 49, balance: 101},
		{percent: 10, budget: 19, claimed: 19, net: 18, fee: 1, back: 0, balance: 118},
		{percent: 0, budget: 30, claimed: 30, net: 30, fee: 0, back: 0, balance: 130},
		{percent: 7, budget: 100, claimed: 100, net: 93, fee: 7, back: 0, balance: 193},
		{percent: 2.5, budget: 80, claimed: 40, net: 39, fee: 1, back: 40, balance: 139},
		{percent: 100, budget: 10, claimed: 10, net: 0, fee: 10, back: 0, balance: 100},
	} {
		t.Run(fmt.Sprintf("%v%% of %d", c.percent, c.claimed), func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob := k.Agent("ada"), k.Agent("bob")
				id := ada.Post("task", markettest.Budget(c.budget))
				bob.Claim(id)
				bob.Deliver(id, "done", c.claimed)
				v := ada.Approve(id)
				if v.Status != market.StatusApproved || v.CreditsCharged != c.claimed {
					t.Errorf("approved: %+v", v)
				}
				if got := bob.Balance(); got != c.balance {
					t.Errorf("the worker has %d, want %d", got, c.balance)
				}
				if got := ada.Balance(); got != 100-c.claimed {
					t.Errorf("the poster has %d, want %d", got, 100-c.claimed)
				}
				payment := bob.Credits().Ledger[0]
				if c.net > 0 && (payment.Reason != store.EntryPayment || payment.Amount != c.net || payment.TaskID != id || feeOf(payment) != c.fee) {
					t.Errorf("the payment is %+v", payment)
				}
				if refund := ada.Credits().Ledger[0]; c.back > 0 && (refund.Reason != store.EntryRefund || refund.Amount != c.back) {
					t.Errorf("the refund is %+v", refund)
				}
				if s := bob.Stats(); s.TotalEarned != c.net || s.TotalFeesPaid != c.fee {
					t.Errorf("the worker's statistics are %+v", s)
				}
				if s := ada.Stats(); s.TotalSpent != c.claimed || ada.Credits().Escrowed != 0 {
					t.Errorf("the poster spent %d, has %d in escrow", s.TotalSpent, ada.Credits().Escrowed)
				}
			}, policy(func(p *market.Policy) { p.FeePercent = c.percent }))
		})
	}
}

func feeOf(e market.LedgerEntry) int64 {
	if e.Fee == nil {
		return 0
	}
	return *e.Fee
}

func TestApproveWithRatingAndFeedback(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "done")
		for _, rating := range []int{6, -1, 1_000_000} {
			_, err := ada.API.Approve(k.Ctx, id, market.ApproveInput{Rating: rating})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "rating" {
				t.Errorf("rating %d: the field is %q", rating, e.Field)
			}
		}
		_, err := bob.API.Approve(k.Ctx, id, market.ApproveInput{})
		markettest.Refused(t, err, market.ErrForbidden, "poster")
		_, err = eve.API.Approve(k.Ctx, id, market.ApproveInput{})
		markettest.Refused(t, err, market.ErrNotFound, "Task not found")
		v, err := ada.API.Approve(k.Ctx, id, market.ApproveInput{Rating: 4, Feedback: "thanks"})
		if err != nil || v.Rating != 4 || v.Feedback != "thanks" {
			t.Fatalf("approved: %+v, %v", v, err)
		}
		if v := bob.Task(id); v.Rating != 4 || v.Feedback != "thanks" {
			t.Errorf("the worker sees %+v", v)
		}
		_, err = ada.API.Approve(k.Ctx, id, market.ApproveInput{})
		markettest.Refused(t, err, market.ErrConflict, "approved")
	})
}

func TestApproveNeedsADelivery(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		_, err := ada.API.Approve(k.Ctx, id, market.ApproveInput{})
		markettest.Refused(t, err, market.ErrConflict, "posted")
		bob.Claim(id)
		_, err = ada.API.Approve(k.Ctx, id, market.ApproveInput{})
		markettest.Refused(t, err, market.ErrConflict, "claimed")
		_, err = ada.API.Reject(k.Ctx, id, market.RejectInput{Reason: "too early"})
		markettest.Refused(t, err, market.ErrConflict, "claimed")
	})
}

func TestRejectKeepsTheClaimForTheGrace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "first try", 10)
		bob.Events()
		grace := k.Clock.Now().Add(5 * time.Minute)
		v, err := ada.API.Reject(k.Ctx, id, market.RejectInput{Reason: "too short", Feedback: "add examples"})
		if err != nil || v.Status != market.StatusClaimed || v.RejectionCount != 1 || v.RejectionReason != "too short" ||
			v.RejectionFeedback != "add examples" || !v.RejectionGraceDeadline.Equal(grace) {
			t.Fatalf("rejected: %+v, %v", v, err)
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			if v := a.Task(id); v.Result != "first try" || v.WorkerID != bob.ID {
				t.Errorf("%s sees %+v: the rejected result stays readable", a.Name, v)
			}
		}
		events := bob.Events()
		if len(events) != 1 || events[0].Type != store.EventTaskRejected || events[0].Data.Reason != "too short" ||
			events[0].Data.Feedback != "add examples" || !events[0].Data.GraceDeadline.Equal(grace) {
			t.Errorf("the worker heard %+v", events)
		}
		k.Advance(4 * time.Minute)
		if v := bob.Deliver(id, "second try"); v.Status != market.StatusDelivered || !v.RejectionGraceDeadline.IsZero() || v.CreditsCharged != 50 {
			t.Errorf("delivered again: %+v", v)
		}
		k.Advance(2 * time.Minute)
		if v := ada.Approve(id, 5); v.Result != "second try" || v.RejectionCount != 1 {
			t.Errorf("approved: %+v", v)
		}
	})
}

func TestRejectLimits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "done")
		long := string(slices.Repeat([]byte("x"), 5_001))
		for field, in := range map[string]market.RejectInput{
			"reason":   {Reason: " \t"},
			"feedback": {Reason: "no", Feedback: long},
		} {
			_, err := ada.API.Reject(k.Ctx, id, in)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != field {
				t.Errorf("the field is %q, want %q", e.Field, field)
			}
		}
		_, err := ada.API.Reject(k.Ctx, id, market.RejectInput{Reason: long})
		markettest.Refused(t, err, market.ErrInvalid, "reason")
		_, err = bob.API.Reject(k.Ctx, id, market.RejectInput{Reason: "no"})
		markettest.Refused(t, err, market.ErrForbidden)
		if v := ada.Task(id); v.Status != market.StatusDelivered || v.RejectionCount != 0 {
			t.Errorf("refused rejections changed the task: %+v", v)
		}
	})
}

func TestGraceThatPassesReposts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		created := k.Clock.Now()
		id := ada.Post("task", markettest.Tagged("go"))
		bob.Claim(id)
		bob.Deliver(id, "bad")
		k.Advance(time.Hour)
		ada.Reject(id, "bad")
		bob.Events()
		ada.Events()
		k.Advance(5*time.Minute - time.Nanosecond)
		if got := bob.Heard(); len(got) != 0 {
			t.Errorf("the worker heard %v too early", got)
		}
		k.Advance(time.Nanosecond)
		end := k.Clock.Now()
		for _, a := range []*markettest.Agent{ada, bob} {
			events := a.Events()
			if len(events) != 1 || events[0].Type != store.EventRejectionGraceExpired || !events[0].At.Equal(end) {
				t.Errorf("%s heard %+v", a.Name, events)
			}
		}
		_, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "late"})
		markettest.Refused(t, err, market.ErrConflict)
		v := ada.Task(id)
		if v.Status != market.StatusPosted || v.Result != "" || v.WorkerID != "" || v.RejectionCount != 1 ||
			v.RejectionReason != "" || !v.RejectionGraceDeadline.IsZero() || !v.ExpiresAt.Equal(end.Add(72*time.Hour)) || !v.CreatedAt.Equal(created) {
			t.Errorf("reposted: %+v", v)
		}
		items := eve.Browse()
		if len(items) != 1 || items[0].RejectionCount != 1 {
			t.Errorf("offered: %+v", items)
		}
	})
}

// A late sweep changes nothing: the grace is over when it is over.
func TestGraceIsOverWithoutASweep(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "bad")
		ada.Reject(id, "bad")
		k.Clock.Advance(6 * time.Minute)
		_, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "late"})
		markettest.Refused(t, err, market.ErrConflict)
		eve.Claim(id)
		if n := k.Sweep(); n != 0 {
			t.Errorf("the sweep found %d steps left", n)
		}
		if v := eve.Task(id); v.Status != market.StatusClaimed || !v.RejectionGraceDeadline.IsZero() || v.Result != "" {
			t.Errorf("the newcomer's claim is %+v", v)
		}
	})
}

func TestRejectionGraceIsASetting(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "bad")
		v := ada.Reject(id, "bad")
		if want := k.Clock.Now().Add(time.Hour); !v.RejectionGraceDeadline.Equal(want) {
			t.Errorf("the grace ends at %s", v.RejectionGraceDeadline)
		}
		k.Advance(59 * time.Minute)
		bob.Deliver(id, "good")
	}, policy(func(p *market.Policy) { p.RejectionGrace = time.Hour }))
}

// During a grace the deadline and the claim timeout wait; one that passed is
// cleared without an event of its own.
func TestOtherLimitsWaitForTheGrace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Deadline(10*time.Minute), markettest.ClaimTimeout(11*time.Minute))
		bob.Claim(id)
		bob.Deliver(id, "bad")
		k.Advance(9 * time.Minute)
		ada.Reject(id, "bad")
		bob.Events()
		k.Advance(4 * time.Minute)
		if v := bob.Task(id); v.Status != market.StatusClaimed {
			t.Fatalf("in the grace, past the deadline: %+v", v)
		}
		k.Advance(time.Minute)
		if got := bob.Heard(); !slices.Equal(got, []market.EventType{store.EventRejectionGraceExpired}) {
			t.Errorf("the worker heard %v", got)
		}
		if v := ada.Task(id); v.Status != market.StatusPosted || !v.Deadline.IsZero() {
			t.Errorf("reposted: %+v", v)
		}
	})
}

func TestDeliveriesAreApprovedAfterADay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(30))
		bob.Claim(id)
		bob.Deliver(id, "done", 20)
		due := k.Clock.Now().Add(24 * time.Hour)
		bob.Events()
		ada.Events()
		k.Advance(24*time.Hour - time.Nanosecond)
		if v := ada.Task(id); v.Status != market.StatusDelivered {
			t.Fatalf("a moment too early: %+v", v)
		}
		k.Advance(time.Nanosecond)
		v := ada.Task(id)
		if v.Status != market.StatusApproved || v.Rating != 0 || v.CreditsCharged != 20 {
			t.Errorf("approved: %+v", v)
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			events := a.Events()
			if len(events) != 1 || events[0].Type != store.EventTaskApproved || !events[0].At.Equal(due) {
				t.Errorf("%s heard %+v", a.Name, events)
			}
		}
		if entry := bob.Credits().Ledger[0]; entry.Amount != 18 || !entry.CreatedAt.Equal(due) {
			t.Errorf("the payment is %+v", entry)
		}
	})
}

// What is due is settled in the caller's own numbers before the sweep runs, and
// bears the instant at which it was due.
func TestOwnNumbersAreAlwaysSettled(t *testing.T) {
	for name, read := range map[string]func(a *markettest.Agent) bool{
		"me":      func(a *markettest.Agent) bool { return a.Me().Credits == 145 },
		"credits": func(a *markettest.Agent) bool { c := a.Credits(); return c.Balance == 145 && c.Total == 2 },
		"stats":   func(a *markettest.Agent) bool { return a.Stats().TotalEarned == 45 },
		"mine": func(a *markettest.Agent) bool {
			return len(a.Mine(market.PartyWorker, market.StatusApproved)) == 1
		},
		"trust": func(a *markettest.Agent) bool {
			list, err := a.API.Trust(a.Context(), market.Page{})
			return err == nil && list.Total == 1 && list.TrustScores[0].Score == 0.55
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob := k.Agent("ada"), k.Agent("bob")
				id := ada.Post("task")
				bob.Claim(id)
				bob.Deliver(id, "done")
				due := k.Clock.Now().Add(24 * time.Hour)
				k.Clock.Advance(48 * time.Hour)
				if !read(bob) {
					t.Error("the worker's numbers are not settled")
				}
				if at := bob.Credits().Ledger[0].CreatedAt; !at.Equal(due) {
					t.Errorf("paid at %s, due at %s", at, due)
				}
			})
		})
	}
}

func TestAutoApproveIsASetting(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "done")
		k.Advance(time.Hour)
		if v := ada.Task(id); v.Status != market.StatusApproved {
			t.Errorf("after the hour: %+v", v)
		}
	}, policy(func(p *market.Policy) { p.AutoApprove = time.Hour }))
}

// The approval of a suspended worker's delivery waits until the suspension ends.
func TestAutoApprovalWaitsForASuspendedWorker(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "done")
		k.Suspend(bob, true)
		k.Advance(25 * time.Hour)
		if v := ada.Task(id); v.Status != market.StatusDelivered {
			t.Fatalf("approved while suspended: %+v", v)
		}
		k.Suspend(bob, false)
		if k.Sweep() == 0 {
			t.Error("ending the suspension made nothing due")
		}
		if v := ada.Task(id); v.Status != market.StatusApproved {
			t.Errorf("after the suspension: %+v", v)
		}
	})
}

func TestThePosterMayApproveASuspendedWorker(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task")
		bob.Claim(id)
		bob.Deliver(id, "done")
		k.Suspend(bob, true)
		if v := ada.Approve(id); v.Status != market.StatusApproved {
			t.Errorf("approved by hand: %+v", v)
		}
	})
}

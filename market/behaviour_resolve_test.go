package market_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// What operators do about a dispute.

func resolve(t *testing.T, k *markettest.Kit, id market.TaskID, in market.ResolveTaskInput) market.Task {
	t.Helper()
	if in.Reason == "" {
		in.Reason = "as I see it"
	}
	v, err := k.Market.ResolveTask(k.Ctx, id, in)
	if err != nil {
		t.Fatal(err)
	}
	k.Check()
	return v
}

// resolvedEvents are the outcomes of which an agent was told.
func resolvedEvents(t *testing.T, k *markettest.Kit, a *markettest.Agent) (outcomes []string) {
	t.Helper()
	page, err := k.Store.Events(k.Ctx, a.ID, 0, 1_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range page.Events {
		if e.Type == store.EventTaskResolved {
			outcomes = append(outcomes, e.Data.Outcome+": "+e.Data.Reason)
		}
	}
	return outcomes
}

func TestAnOperatorEndsATask(t *testing.T) {
	type end struct {
		status        market.Status
		ada, bob, fee int64
	}
	for name, c := range map[string]struct {
		until   market.Status
		in      market.ResolveTaskInput
		claimed int64
		want    end
	}{
		"posted, refund":          {market.StatusPosted, market.ResolveTaskInput{Outcome: market.OutcomeRefund}, 0, end{market.StatusCancelled, 100, 100, 0}},
		"claimed, refund":         {market.StatusClaimed, market.ResolveTaskInput{Outcome: market.OutcomeRefund}, 0, end{market.StatusCancelled, 100, 100, 0}},
		"claimed, release":        {market.StatusClaimed, market.ResolveTaskInput{Outcome: market.OutcomeRelease}, 0, end{market.StatusApproved, 60, 136, 4}},
		"claimed, split":          {market.StatusClaimed, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 25}, 0, end{market.StatusApproved, 75, 123, 2}},
		"delivered, refund":       {market.StatusDelivered, market.ResolveTaskInput{Outcome: market.OutcomeRefund}, 0, end{market.StatusCancelled, 100, 100, 0}},
		"delivered, release":      {market.StatusDelivered, market.ResolveTaskInput{Outcome: market.OutcomeRelease}, 30, end{market.StatusApproved, 70, 127, 3}},
		"delivered, split":        {market.StatusDelivered, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 39}, 30, end{market.StatusApproved, 61, 136, 3}},
		"delivered, split of one": {market.StatusDelivered, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 1}, 30, end{market.StatusApproved, 99, 101, 0}},
		"rejected, refund":        {"rejected", market.ResolveTaskInput{Outcome: market.OutcomeRefund}, 20, end{market.StatusCancelled, 100, 100, 0}},
		"rejected, release":       {"rejected", market.ResolveTaskInput{Outcome: market.OutcomeRelease}, 20, end{market.StatusApproved, 80, 118, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob := k.Agent("ada"), k.Agent("bob")
				task := ada.Post("Review", markettest.Budget(40), markettest.Tagged("go"))
				worked := c.until != market.StatusPosted
				if worked {
					bob.Claim(task)
				}
				if c.until != market.StatusPosted && c.until != market.StatusClaimed {
					if _, err := bob.API.Deliver(k.Ctx, task, market.DeliverInput{Result: "the result", CreditsClaimed: c.claimed}); err != nil {
						t.Fatal(err)
					}
				}
				if c.until == "rejected" {
					ada.Reject(task, "no")
				}
				before, err := k.Market.Agent(k.Ctx, ada.ID)
				if err != nil {
					t.Fatal(err)
				}
				would, err := k.Market.Settlement(k.Ctx, task, c.in)
				if err != nil {
					t.Fatal(err)
				}
				if f, err := k.Market.TaskFile(k.Ctx, task); err != nil || c.in.Outcome != market.OutcomeSplit && !slices.Contains(f.Settlements, would) {
					t.Errorf("the file has %+v, %v; foreseen is %+v", f.Settlements, err, would)
				}
				adas, bobs := ada.Me().Credits, bob.Me().Credits
				v := resolve(t, k, task, c.in)
				done := market.Settlement{
					Outcome: c.in.Outcome, Escrow: 40, PosterGetsBack: ada.Me().Credits - adas, WorkerReceives: bob.Me().Credits - bobs,
					Charged: v.CreditsCharged, Fee: c.want.fee,
				}
				if would != done {
					t.Errorf("foreseen was %+v, what came is %+v", would, done)
				}
				got := end{v.Status, ada.Me().Credits, bob.Me().Credits, 0}
				if v.Fee != nil {
					got.fee = *v.Fee
				}
				if got != c.want {
					t.Errorf("%+v, want %+v", got, c.want)
				}
				if v.Resolution == nil || v.Resolution.Outcome != c.in.Outcome || v.Resolution.Reason != "as I see it" {
					t.Errorf("the resolution is %+v", v.Resolution)
				}
				told := []string{string(c.in.Outcome) + ": as I see it"}
				if got := resolvedEvents(t, k, ada); !slices.Equal(got, told) {
					t.Errorf("ada was told %v", got)
				}
				if got := resolvedEvents(t, k, bob); slices.Equal(got, told) != worked {
					t.Errorf("bob was told %v", got)
				}
				if me := bob.Me(); me.OpenClaims != 0 || me.Strikes != 0 {
					t.Errorf("bob has %d claims, %d strikes", me.OpenClaims, me.Strikes)
				}
				if after, err := k.Market.Agent(k.Ctx, ada.ID); err != nil || after.AsPoster != before.AsPoster {
					t.Errorf("ada's record was %+v, is %+v, %v", before.AsPoster, after.AsPoster, err)
				}
				if trust, err := ada.API.Trust(k.Ctx, market.Page{}); err != nil || c.until != "rejected" && trust.Total != 0 {
					t.Errorf("trust moved: %+v, %v", trust, err)
				}
				if f, err := k.Market.TaskFile(k.Ctx, task); err != nil || len(f.Settlements) != 0 {
					t.Errorf("what has ended may end as %+v, %v", f.Settlements, err)
				}
				if _, err := k.Market.Settlement(k.Ctx, task, c.in); !errors.Is(err, market.ErrWrongState) {
					t.Errorf("foreseen once more: %v", err)
				}
				for _, in := range []market.ResolveTaskInput{{Outcome: market.OutcomeRefund, Reason: "again"}, {Outcome: market.OutcomeRelease, Reason: "again"}} {
					if _, err := k.Market.ResolveTask(k.Ctx, task, in); !errors.Is(err, market.ErrWrongState) || !strings.Contains(err.Error(), "it was ended ("+string(c.in.Outcome)+") by root at ") || !strings.Contains(err.Error(), "as I see it") {
						t.Errorf("resolved twice: %v", err)
					}
				}
				k.Advance(9 * 24 * time.Hour)
				k.Check()
			})
		})
	}
}

func TestResolvingHasBounds(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		open, claimed := ada.Post("Open", markettest.Budget(20)), ada.Post("Claimed", markettest.Budget(20))
		bob.Claim(claimed)
		long := make([]byte, 5_001)
		for i := range long {
			long[i] = 'x'
		}
		for _, c := range []struct {
			id   market.TaskID
			in   market.ResolveTaskInput
			want error
		}{
			{claimed, market.ResolveTaskInput{Outcome: market.OutcomeRefund}, market.ErrInvalid},
			{claimed, market.ResolveTaskInput{Outcome: market.OutcomeRefund, Reason: string(long)}, market.ErrInvalid},
			{claimed, market.ResolveTaskInput{Outcome: "burn", Reason: "x"}, market.ErrInvalid},
			{claimed, market.ResolveTaskInput{Outcome: market.OutcomeSplit, Reason: "x"}, market.ErrInvalid},
			{claimed, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 20, Reason: "x"}, market.ErrInvalid},
			{claimed, market.ResolveTaskInput{Outcome: market.OutcomeRelease, WorkerCredits: 5, Reason: "x"}, market.ErrInvalid},
			{open, market.ResolveTaskInput{Outcome: market.OutcomeRelease, Reason: "x"}, market.ErrWrongState},
			{open, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 5, Reason: "x"}, market.ErrWrongState},
			{"tk-none", market.ResolveTaskInput{Outcome: market.OutcomeRefund, Reason: "x"}, market.ErrNotFound},
		} {
			if _, err := k.Market.ResolveTask(k.Ctx, c.id, c.in); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v, want %v", c.in, err, c.want)
			}
		}
		look, _ := operator(t, k, "look", market.OperatorLook)
		_, err := k.Market.ResolveTask(look, claimed, market.ResolveTaskInput{Outcome: market.OutcomeRefund, Reason: "x"})
		roleRequired(t, err)
		if v := ada.Task(claimed); v.Status != market.StatusClaimed {
			t.Errorf("the task is %s", v.Status)
		}
	})
}

// One refusal of credits says all that is possible, whatever is wrong with them, and the
// files say it beforehand.
func TestOneRefusalOfCreditsSaysWhatIsPossible(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		claimed, one, open := ada.Post("Claimed", markettest.Budget(20)), ada.Post("Cheap", markettest.Budget(1)), ada.Post("Open", markettest.Budget(20))
		bob.Claim(claimed)
		bob.Claim(one)
		for _, charged := range []int64{-1 << 62, -1, 0, 20, 100_001, 1 << 62} {
			_, err := k.Market.ResolveTask(k.Ctx, claimed, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: charged, Reason: "x"})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Message != "worker_credits: must be 1 to 19, less than the budget" || e.Field != "worker_credits" {
				t.Errorf("a split of %d: %s", charged, e.Message)
			}
		}
		_, err := k.Market.ResolveTask(k.Ctx, one, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 1, Reason: "x"})
		if e := markettest.Refused(t, err, market.ErrInvalid); e.Message != "outcome: a budget of 1 cannot be split" {
			t.Errorf("a split of one: %s", e.Message)
		}
		for id, want := range map[market.TaskID]int64{claimed: 19, one: 0, open: 0} {
			if f, err := k.Market.TaskFile(k.Ctx, id); err != nil || f.MostSplit != want {
				t.Errorf("a split of %s may charge %d, want %d, %v", f.Task.Need, f.MostSplit, want, err)
			}
		}

		for _, amount := range []int64{-1, 0, 1 << 62} {
			_, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: bob.ID, Amount: amount})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Message != "amount: must be 1 to 1000000000" {
				t.Errorf("a grant of %d: %s", amount, e.Message)
			}
		}
		back := func(amount int64) error {
			_, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: bob.ID, Amount: amount, Reason: "x"})
			return err
		}
		for _, amount := range []int64{-1 << 62, 0, 1 << 62} {
			if e := markettest.Refused(t, back(amount), market.ErrInvalid); e.Message != "amount: must be 1 to 100" {
				t.Errorf("taking %d back: %s", amount, e.Message)
			}
		}
		for _, amount := range []int64{101, 1_000_000_000} {
			if e := markettest.Refused(t, back(amount), market.ErrInsufficientCredits); e.Message != fmt.Sprintf("Insufficient credits. Have 100, need %d", amount) || e.Field != "amount" {
				t.Errorf("taking %d back: %s", amount, e.Message)
			}
		}
		f, err := k.Market.AgentFile(k.Ctx, bob.ID)
		if err != nil || f.MostGranted != 1_000_000_000 || f.MostClawedBack != 100 {
			t.Errorf("the file has %d and %d, %v", f.MostGranted, f.MostClawedBack, err)
		}
		if err := back(100); err != nil {
			t.Error(err)
		}
		if e := markettest.Refused(t, back(0), market.ErrInsufficientCredits); e.Message != "Insufficient credits. Have 0, need 1" {
			t.Errorf("taking from nothing: %s", e.Message)
		}
	})
}

// The platform's own tasks hold no escrow, and end by themselves.
func TestSystemTasksAreNotResolvedByHand(t *testing.T) {
	k := markettest.New(t)
	ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
	task := ada.Post("Review", markettest.Budget(20))
	job := infra.Pickup()
	if _, err := k.Market.ResolveTask(k.Ctx, job.TaskID, market.ResolveTaskInput{Outcome: market.OutcomeRelease, Reason: "x"}); !errors.Is(err, market.ErrForbidden) {
		t.Errorf("a system task: %v", err)
	}
	resolve(t, k, task, market.ResolveTaskInput{Outcome: market.OutcomeRefund})
	if v, err := k.Market.InspectTask(k.Ctx, job.TaskID); err != nil || v.Status != market.StatusCancelled {
		t.Errorf("the match task of a refunded task is %s, %v", v.Status, err)
	}
}

// A repeat has the first outcome; another decision under the key is refused.
func TestADecisionIsRepeatedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		task := ada.Post("Review", markettest.Budget(20))
		bob.Claim(task)
		ctx := market.WithIdempotencyKey(k.Ctx, "once")
		in := market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 10, Reason: "both"}
		first, err := k.Market.ResolveTask(ctx, task, in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := k.Replica().ResolveTask(ctx, task, in)
		if err != nil || again.Status != first.Status || again.CreditsCharged != 10 || again.Need != "Review" {
			t.Errorf("%+v, %v", again, err)
		}
		in.WorkerCredits = 11
		if _, err := k.Market.ResolveTask(ctx, task, in); !errors.Is(err, market.ErrIdempotencyKeyUsed) {
			t.Errorf("another decision: %v", err)
		}
		back := market.ClawBackInput{AgentID: bob.ID, Amount: 9, Reason: "twice"}
		for range 2 {
			if got, err := k.Market.ClawBack(ctx, back); err != nil || got.ClawedBack != 9 || got.Balance != 100 {
				t.Errorf("%+v, %v", got, err)
			}
		}
		if log := actions(t, k, market.ActionQuery{}); len(log) != 2 || log[1].Amount != 10 || log[1].Outcome != "split" || log[1].TaskID != task || log[0].Action != market.ActionClawBack {
			t.Errorf("the log is %+v", log)
		}
	})
}

func TestClawBackTakesWhatThereIs(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		ada.Post("Review", markettest.Budget(40))
		before, err := k.Market.Audit(k.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, amount := range []int64{0, -1, 1_000_000_001} {
			if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: ada.ID, Amount: amount, Reason: "x"}); !errors.Is(err, market.ErrInvalid) {
				t.Errorf("%d: %v", amount, err)
			}
		}
		if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: ada.ID, Amount: 1}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: "ag-nobody", Amount: 1, Reason: "x"}); !errors.Is(err, market.ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
		if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: ada.ID, Amount: 61, Reason: "x"}); markettest.Refused(t, err, market.ErrInsufficientCredits).Field != "amount" {
			t.Errorf("more than there is: %v", err)
		}
		taken := make([]bool, 8)
		k.Together(len(taken), func(i int) {
			_, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: ada.ID, Amount: 20, Reason: "fraud"})
			if taken[i] = err == nil; err != nil && !errors.Is(err, market.ErrInsufficientCredits) {
				t.Error(err)
			}
		})
		n := 0
		for _, took := range taken {
			if took {
				n++
			}
		}
		if me := ada.Me(); n != 3 || me.Credits != 0 {
			t.Errorf("taken %d times, %d left", n, me.Credits)
		}
		after, err := k.Market.Audit(k.Ctx)
		if err != nil || !after.OK || after.Issued != before.Issued-60 {
			t.Errorf("the books: %+v, %v", after, err)
		}
		c, err := ada.API.Credits(k.Ctx, market.Page{Limit: 1})
		if err != nil || c.Ledger[0].Amount != -20 || c.Ledger[0].Reason != store.EntryClawBack || c.Ledger[0].Note != "fraud" {
			t.Errorf("the ledger has %+v, %v", c.Ledger, err)
		}
	})
}

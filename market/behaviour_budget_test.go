package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Posting, answering junk and cancelling mints what the budget of a day allows
// and no more; then the built-in matcher matches.
func TestSystemPayAboutOneAgentIsBudgeted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		bob := k.Agent("bob", markettest.Capable("go"))
		round := func() (market.TaskID, bool) {
			id := ada.Post("task", markettest.Budget(1), markettest.Tagged("go"))
			p, ok := infra.TryPickup()
			if ok && p.SystemTaskType == market.MatchAgents {
				infra.Deliver(p.TaskID, "{}")
				return id, true
			}
			return id, false
		}
		for range 3 {
			id, ok := round()
			if !ok {
				t.Fatal("within the budget there is no match task")
			}
			ada.Cancel(id)
		}
		id, ok := round()
		if ok || len(k.Stored(id).Children) != 0 || k.Stored(id).Matching == nil || k.Stored(id).Matching.Agents[0] != bob.ID {
			t.Errorf("beyond the budget: %v, %+v", ok, k.Stored(id))
		}
		ada.Cancel(id)
		if got := infra.Balance(); got != 109 {
			t.Errorf("the infra agent has %d", got)
		}
		k.Advance(24 * time.Hour)
		if _, ok := round(); !ok {
			t.Error("a day later there is no match task")
		}
	}, policy(func(p *market.Policy) { p.SystemPayPerDay = 10 }))
}

// A bound that is set, or lifted, while system tasks are open finds what they cost.
func TestABoundOnSystemPayMayChangeAtAnyTime(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		free := k.Replica(pinchwork.WithPolicy(func(p *market.Policy) { p.SystemPayPerDay = 0 }))
		var ids []market.TaskID
		for range 4 {
			ids = append(ids, ada.On(free).Post("without a bound", markettest.Budget(1)))
		}
		if id := ada.Post("beyond the bound", markettest.Budget(1)); len(k.Stored(id).Children) != 0 {
			t.Error("12 credits are pending, and 3 more are within 10")
		}
		for _, id := range ids[:2] {
			ada.Cancel(id)
		}
		if id := ada.Post("within it", markettest.Budget(1)); len(k.Stored(id).Children) != 1 {
			t.Error("6 credits are pending, and 3 more are beyond 10")
		}
		for _, id := range ids[2:] {
			if p := infra.On(free).Pickup(); p.ParentTaskID != id {
				t.Fatalf("%+v, want the match task of %s", p, id)
			} else {
				infra.On(free).Deliver(p.TaskID, "{}")
			}
		}
		if id := ada.Post("beyond what was paid", markettest.Budget(1)); len(k.Stored(id).Children) != 0 {
			t.Error("6 credits are paid and 3 pending, and 3 more are within 10")
		}
	}, policy(func(p *market.Policy) { p.SystemPayPerDay = 10 }))
}

// Of two posts at the same moment one gets the last of the budget.
func TestTheLastOfTheBudgetIsGivenOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		k.Agent("infra", markettest.Infra())
		k.Together(6, func(int) {
			if _, err := ada.API.Post(k.Ctx, market.PostInput{Need: "race", MaxCredits: 1}); err != nil {
				t.Error(err)
			}
		})
		asked := 0
		for _, v := range ada.Mine(market.PartyPoster, "") {
			asked += len(k.Stored(v.TaskID).Children)
		}
		if asked != 3 {
			t.Errorf("%d match tasks of 3 credits were posted within 10", asked)
		}
	}, policy(func(p *market.Policy) { p.SystemPayPerDay = 10 }))
}

// Beyond the budget nobody is paid for a verdict or for reading skills, and the fees
// of approved tasks raise it.
func TestVerdictsAndExtractionsKeepToTheBudgetWhichFeesRaise(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		infra := k.Agent("infra", markettest.Infra())
		deliver := func(credits int64) market.Task {
			id := ada.Post("work", markettest.Budget(credits))
			bob.Claim(id)
			k.Sweep() // what was reserved for matching is free again
			return bob.Deliver(id, "done")
		}
		first := deliver(40)
		if first.Verification == nil {
			t.Fatal("a first verdict is within the budget")
		}
		if p := infra.Pickup(); p.SystemTaskType != market.VerifyCompletion {
			t.Fatalf("%+v", p)
		} else {
			infra.Deliver(p.TaskID, `{"meets_requirements":true,"explanation":"fine"}`)
		}
		if second := deliver(1); second.Verification != nil {
			t.Errorf("a second verdict is beyond it: %+v", second.Verification)
		}
		ada.Approve(first.TaskID)
		if third := deliver(1); third.Verification == nil {
			t.Error("the fee of 4 has room for a third")
		}
		eve := k.Agent("eve", markettest.GoodAt("everything"))
		if extraction(k, eve) == "" {
			t.Error("2 credits for reading eve's skills are within 6")
		}
	}, policy(func(p *market.Policy) { p.SystemPayPerDay = 6 }))
}

func TestExtractionIsSkippedBeyondTheBudget(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		k.Agent("infra", markettest.Infra())
		if eve := k.Agent("eve", markettest.GoodAt("everything")); extraction(k, eve) != "" {
			t.Error("2 credits are beyond a budget of 1")
		}
	}, policy(func(p *market.Policy) { p.SystemPayPerDay = 1 }))
}

func extraction(k *markettest.Kit, a *markettest.Agent) market.TaskID {
	found, err := k.Store.Agents(k.Ctx, []market.AgentID{a.ID})
	if err != nil || len(found) != 1 {
		k.Fatal(found, err)
	}
	return found[0].Extraction
}

// What was reserved for a match task that nobody needs any more is free again.
func TestEndedSystemTasksGiveTheirReserveBack(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		infra := k.Agent("infra", markettest.Infra())
		for range 5 {
			id := ada.Post("task", markettest.Budget(1))
			child := k.Stored(id).Children
			if len(child) != 1 {
				t.Fatal("no match task within the budget")
			}
			bob.Claim(id)
			if p, ok := infra.TryPickup(); ok {
				t.Errorf("a match task that nobody needs: %+v", p)
			}
			k.Sweep()
			if got := k.Stored(child[0]).Status; got != market.StatusCancelled {
				t.Errorf("the match task is %s", got)
			}
		}
	}, policy(func(p *market.Policy) { p.SystemPayPerDay = 3 }))
}

func TestThePostersRecordIsCounted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(50))
		bob.Claim(id)
		bob.Deliver(id, "bad")
		ada.Reject(id, "no")
		bob.Deliver(id, "good")
		ada.Approve(id)
		id = ada.Post("task", markettest.Budget(10))
		bob.Claim(id)
		bob.Deliver(id, "good")
		k.Advance(24 * time.Hour)
		agents, err := k.Store.Agents(k.Ctx, []market.AgentID{ada.ID})
		if err != nil || len(agents) != 1 {
			t.Fatal(err)
		}
		if a := agents[0]; a.Approvals != 2 || a.Rejections != 1 || a.FeesBrought != 6 {
			t.Errorf("the record is %d approved, %d rejected, %d fees", a.Approvals, a.Rejections, a.FeesBrought)
		}
	})
}

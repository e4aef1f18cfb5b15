package market_test

import (
	"testing"
	"time"

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

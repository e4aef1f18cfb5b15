package market_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// The operator may look at every agent, suspended ones too, but not at secrets.
func TestOperatorInspectsAgents(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob", markettest.Webhook("https://bob.example/hook", "HOOK-SECRET"))
		task := ada.Post("Review", markettest.Budget(20))
		bob.Claim(task)
		bob.Deliver(task, "done")
		ada.Approve(task)
		if _, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: bob.ID, Suspended: true, Reason: "spam"}); err != nil {
			t.Fatal(err)
		}
		r, err := k.Market.InspectAgent(k.Ctx, bob.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r.Profile.Name != "bob" || r.Account.Balance != 118 || r.Account.Completed != 1 || !r.Suspended || r.SuspendReason != "spam" || !r.HasWebhook {
			t.Errorf("the record is %+v", r)
		}
		if r.LedgerTotal != 2 || len(r.Ledger) != 2 || r.Ledger[0].Amount != 18 || r.Dead == nil || r.DeadTotal != 0 {
			t.Errorf("ledger %+v of %d, dead %+v", r.Ledger, r.LedgerTotal, r.Dead)
		}
		if data, err := json.Marshal(r); err != nil || strings.Contains(string(data), "HOOK-SECRET") {
			t.Errorf("a secret is shown: %s %v", data, err)
		}
		for _, id := range []market.AgentID{"ag-nobody", "", market.Platform} {
			if _, err := k.Market.InspectAgent(k.Ctx, id); !errors.Is(err, market.ErrNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
	})
}

// The operator may read every task, in every state; everybody else a little of
// the ordinary ones.
func TestOperatorInspectsTasks(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		task := ada.Post("Translate the poem", markettest.Budget(20), markettest.Background("the context"))
		other := ada.Post("Mow the lawn", markettest.Budget(5))
		found, err := k.Market.SearchTasks(k.Ctx, market.Filter{Search: "POEM"}, market.Page{})
		if err != nil || found.Total != 1 || len(found.Tasks) != 1 || found.Tasks[0].TaskID != task {
			t.Errorf("search: %+v, %v", found, err)
		}
		bob.Claim(task)
		bob.Deliver(task, "the result")
		view, err := k.Market.InspectTask(k.Ctx, task)
		if err != nil || view.Status != market.StatusDelivered || view.Context != "the context" || view.Result != "the result" || view.WorkerID != bob.ID {
			t.Errorf("inspect: %+v, %v", view, err)
		}
		all, err := k.Market.SearchTasks(k.Ctx, market.Filter{}, market.Page{})
		if err != nil || all.Total != 1 || all.Tasks[0].TaskID != other {
			t.Errorf("open tasks: %+v, %v", all, err)
		}
		public, err := k.Market.PublicTask(k.Ctx, task)
		if err != nil || public.Need != "Translate the poem" || public.Status != market.StatusDelivered {
			t.Errorf("public: %+v, %v", public, err)
		}
		if _, err := k.Market.InspectTask(k.Ctx, "tk-nothing"); !errors.Is(err, market.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		if _, err := k.Market.PublicTask(k.Ctx, "tk-nothing"); !errors.Is(err, market.ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		if _, err := k.Market.SearchTasks(k.Ctx, market.Filter{}, market.Page{Limit: 101}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("limit 101: %v", err)
		}
	})
}

// System tasks are nobody's business but the operator's.
func TestSystemTasksAreNotPublic(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		infra := k.Agent("infra", markettest.Infra())
		ada.Post("Review", markettest.Budget(20))
		job := infra.Pickup()
		if _, err := k.Market.PublicTask(k.Ctx, job.TaskID); !errors.Is(err, market.ErrNotFound) {
			t.Errorf("public: %v", err)
		}
		if view, err := k.Market.InspectTask(k.Ctx, job.TaskID); err != nil || view.SystemTaskType == "" {
			t.Errorf("inspect: %+v, %v", view, err)
		}
	})
}

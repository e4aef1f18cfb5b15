package market_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// nothing is why a pickup, a batch and a browse with the filter give the agent nothing.
// All three say the same.
func nothing(t *testing.T, a *markettest.Agent, f ...market.Filter) market.Nothing {
	t.Helper()
	var filter market.Filter
	if len(f) > 0 {
		filter = f[0]
	}
	p, ok, err := a.API.Pickup(a.Context(), filter)
	if ok || err != nil || p.Nothing == nil {
		t.Fatalf("pickup: %+v, %v, %v", p, ok, err)
	}
	batch, err := a.API.PickupBatch(a.Context(), market.BatchInput{Filter: filter})
	if err != nil || len(batch.Tasks) > 0 || batch.Nothing == nil {
		t.Fatalf("batch: %+v, %v", batch, err)
	}
	list, err := a.API.Browse(a.Context(), market.BrowseQuery{Filter: filter})
	if err != nil || list.Total > 0 || list.Nothing == nil {
		t.Fatalf("browse: %+v, %v", list, err)
	}
	equal(t, "what batch says", *batch.Nothing, *p.Nothing)
	equal(t, "what browse says", *list.Nothing, *p.Nothing)
	for _, r := range p.Nothing.Message {
		if r > '~' || r < ' ' {
			t.Errorf("%q cannot stand in a header", p.Nothing.Message)
		}
	}
	return *p.Nothing
}

// Whoever is offered no task learns why, and what would have to change (rule 6.16).
func TestAnEmptyPickupSaysWhy(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada", markettest.Granted(100)), k.Agent("bob", markettest.Capable("go")), k.Agent("eve")
		check := func(what string, got market.Nothing, reason market.Code, tasks int, until time.Time, words string) {
			t.Helper()
			if got.Reason != reason || got.Tasks != tasks || got.Until != instant(until) || !strings.Contains(got.Message, words) {
				t.Errorf("%s: %+v", what, got)
			}
		}
		never, start := time.Time{}, k.Clock.Now()
		check("an empty market", nothing(t, eve), market.CodeNoTask, 0, never, "wait")
		check("with a filter", nothing(t, eve, market.Filter{Tags: []string{"go"}}), market.CodeNoTask, 0, never, "wait")
		kept := ada.Post("review this", markettest.Tagged("go"), markettest.Budget(5))
		k.Advance(time.Minute)
		ada.Post("review that", markettest.Tagged("go"), markettest.Budget(5))
		check("kept for others", nothing(t, eve), market.CodeHeadStart, 0, start.Add(2*time.Minute), "until")
		check("with a filter", nothing(t, eve, market.Filter{Search: "review"}), market.CodeHeadStart, 0, start.Add(2*time.Minute), "until")
		check("own tasks", nothing(t, ada), market.CodeOwnTask, 0, never, "your own")
		check("filtered by tag", nothing(t, bob, market.Filter{Tags: []string{"sql"}}), market.CodeFiltered, 2, never, "2 are on offer to you")
		check("filtered by word", nothing(t, bob, market.Filter{Search: "translate"}), market.CodeFiltered, 2, never, "use fewer")
		k.Advance(time.Minute)
		check("when one head start is over", nothing(t, eve, market.Filter{Tags: []string{"sql"}}), market.CodeFiltered, 1, never, "1 is on offer to you")
		if p := eve.Pickup(); p.TaskID != kept || p.Nothing != nil {
			t.Errorf("eve got %+v", p)
		}
		check("the other one", nothing(t, eve), market.CodeHeadStart, 0, start.Add(3*time.Minute), "until")
		k.Suspend(ada, true)
		check("of a suspended poster, and kept", nothing(t, eve), market.CodeNoTask, 0, never, "")
		k.Advance(time.Minute)
		check("of a suspended poster", nothing(t, eve), market.CodePosterSuspended, 0, never, "")
	})
}

// What an agent may not know of is no reason.
func TestAnEmptyPickupKeepsSecrets(t *testing.T) {
	k := markettest.New(t)
	ada, bob, eve, infra := k.Agent("ada", markettest.Granted(100)), k.Agent("bob"), k.Agent("eve"), k.Agent("infra", markettest.Infra())
	hired := func(in *market.PostInput) { in.OfferTo = []market.AgentID{bob.ID} }
	ada.Post("a secret", hired)
	equal(t, "a direct hire", nothing(t, eve).Reason, market.CodeNoTask)
	equal(t, "with a filter", nothing(t, eve, market.Filter{Search: "secret"}).Reason, market.CodeNoTask)
	about := ada.Post("no secret")
	if p := infra.Pickup(); p.ParentTaskID != about {
		t.Fatalf("infra got %+v", p)
	}
	equal(t, "to its matcher", nothing(t, infra).Reason, market.CodeRoleConflict)
	equal(t, "with a filter", nothing(t, infra, market.Filter{Search: "secret"}).Reason, market.CodeRoleConflict)
}

// A system task is something that a filter leaves out, too.
func TestAFilterLeavesSystemTasksOut(t *testing.T) {
	k := markettest.New(t)
	ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
	ada.Post("work", func(in *market.PostInput) { in.Need = "work" })
	k.Advance(10 * time.Second)
	p, ok, err := infra.API.Pickup(k.Ctx, market.Filter{Tags: []string{"cobol"}})
	if ok || err != nil || p.Nothing == nil || p.Nothing.Reason != market.CodeFiltered || p.Nothing.Tasks != 1 {
		t.Errorf("%+v, %v, %v", p.Nothing, ok, err)
	}
}

// A pickup that waited in vain says why as of its end.
func TestAPickupThatWaitedSaysWhy(t *testing.T) {
	k := markettest.New(t)
	eve := k.Agent("eve")
	said := make(chan market.Pickup)
	go func() {
		p, _, _ := eve.API.Pickup(k.Ctx, market.Filter{Wait: time.Minute, Tags: []string{"go"}})
		said <- p
	}()
	markettest.Eventually(t, "eve waits", func() bool { return k.Clock.Waiting() > 0 })
	ada := k.Agent("ada")
	ada.Post("work")
	k.Advance(time.Minute)
	p := <-said
	if p.Nothing == nil || p.Nothing.Reason != market.CodeFiltered || p.Nothing.Tasks != 1 {
		t.Errorf("%+v", p.Nothing)
	}
}

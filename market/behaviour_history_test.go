package market_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// historyOf are the steps of a task that one of its agents sees.
func historyOf(t *testing.T, k *markettest.Kit, a *markettest.Agent, id market.TaskID) (steps []string) {
	t.Helper()
	history, err := k.Market.As(a.ID).History(k.Ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range history {
		if i > 0 && e.At.Before(history[i-1].At.Time) {
			t.Errorf("%+v comes after %+v", e, history[i-1])
		}
		if a.Name != "ada" && e.Data.ExternalID != "" {
			t.Errorf("%s is told the poster's own id: %+v", a.Name, e)
		}
		steps = append(steps, strings.TrimSpace(fmt.Sprint(strings.TrimPrefix(string(e.Type), "task_"), " ", e.Data.Reason, e.Data.Note)))
	}
	return steps
}

// Every step of a task stays known to its parties, as far as each may know it.
func TestTheHistoryOfATaskIsItsParties(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "count sheep", ExternalID: "mine-1"})
		if err != nil {
			t.Fatal(err)
		}
		id, other := posted.TaskID, ada.Post("another", markettest.Budget(1))
		next := func() { k.Clock.Advance(time.Minute) }
		progress := func(a *markettest.Agent, note string) {
			next()
			if _, err := a.API.Progress(k.Ctx, id, market.ProgressInput{Note: note}); err != nil {
				t.Fatal(err)
			}
		}
		next()
		eve.Claim(id)
		eve.Claim(other)
		progress(eve, "eve begins")
		next()
		eve.Deliver(id, "41")
		next()
		ada.Reject(id, "wrong")
		next()
		eve.Abandon(id)
		next()
		bob.Claim(id)
		progress(bob, "half")
		progress(bob, "nearly")
		next()
		bob.Deliver(id, "42")
		next()
		ada.Reject(id, "why")
		next()
		bob.Deliver(id, "42, since")
		next()
		ada.Approve(id, 5)

		late := []string{"claimed", "progress half", "progress nearly", "delivered", "rejected why", "delivered"}
		early := []string{"claimed", "progress eve begins", "delivered", "rejected wrong", "given_back"}
		if got, want := historyOf(t, k, ada, id), slices.Concat(early, late); !slices.Equal(got, want) {
			t.Errorf("the poster sees\n%q, want\n%q", got, want)
		}
		if got, want := historyOf(t, k, bob, id), slices.Concat(late, []string{"approved"}); !slices.Equal(got, want) {
			t.Errorf("the worker sees\n%q, want\n%q", got, want)
		}
		if got, want := historyOf(t, k, eve, id), []string{"claimed", "given_back"}; !slices.Equal(got, want) {
			t.Errorf("who gave it back sees %q, want %q", got, want)
		}
		_, err = k.Market.As(k.Agent("mallory").ID).History(k.Ctx, id)
		markettest.Refused(t, err, market.ErrNotFound)
	})
}

// What the events told before they were dropped the task itself knows in part.
func TestTheLastStepsOutliveTheEvents(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		long := 60 * 24 * time.Hour
		id := ada.Post("count sheep", markettest.ReviewTimeout(long))
		bob.Claim(id)
		begun := ada.Post("count goats", markettest.ClaimTimeout(long))
		bob.Claim(begun)
		if _, err := bob.API.Progress(k.Ctx, begun, market.ProgressInput{Note: "half"}); err != nil {
			t.Fatal(err)
		}
		bob.Deliver(id, "41")
		ada.Reject(id, "wrong")
		bob.Deliver(id, "42")
		k.Advance(15 * 24 * time.Hour)
		if _, err := k.Market.Prune(k.Ctx, time.Time{}); err != nil {
			t.Fatal(err)
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			for id, want := range map[market.TaskID]string{id: "rejected wrong", begun: "progress half"} {
				if got := historyOf(t, k, a, id); !slices.Equal(got, []string{want}) {
					t.Errorf("%s sees %q, want %q", a.Name, got, want)
				}
			}
		}
	})
}

func TestNamesOfAgents(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Suspend(bob, true)
		got, err := k.Market.Names(k.Ctx, ada.ID, "", bob.ID, "ag-nobody", market.Platform, ada.ID)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(map[market.AgentID]string{ada.ID: ada.Name, bob.ID: bob.Name}) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

func explained(t *testing.T, a *markettest.Agent, id market.TaskID, f ...market.Filter) market.Explanation {
	t.Helper()
	var filter market.Filter
	if len(f) > 0 {
		filter = f[0]
	}
	e, err := a.API.Explain(a.Context(), id, filter)
	if err != nil {
		t.Fatalf("explain %s: %v", id, err)
	}
	return e
}

func notOffered(code market.Code) market.Explanation { return market.Explanation{Reason: code} }

// An agent that is not offered a task learns why, and until when.
func TestExplainSaysWhyNot(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob", markettest.Capable("go")), k.Agent("eve")
		id := ada.Post("review", markettest.Tagged("go"), markettest.Budget(5))
		headStart := notOffered(market.CodeHeadStart)
		headStart.Until = instant(k.Clock.Now().Add(2 * time.Minute))
		equal(t, "to the matched one", explained(t, bob, id), market.Explanation{Offered: true, Phase: 1, Position: 1})
		equal(t, "to somebody else", explained(t, eve, id), headStart)
		equal(t, "to its poster", explained(t, ada, id), notOffered(market.CodeOwnTask))
		k.Advance(2 * time.Minute)
		equal(t, "after the head start", explained(t, eve, id), market.Explanation{Offered: true, Phase: 2, Position: 1})
		equal(t, "with its tag", explained(t, eve, id, market.Filter{Tags: []string{"GO"}}), market.Explanation{Offered: true, Phase: 2, Position: 1})
		equal(t, "with another tag", explained(t, eve, id, market.Filter{Tags: []string{"sql"}}), notOffered(market.CodeFiltered))
		equal(t, "with another word", explained(t, eve, id, market.Filter{Search: "translate"}), notOffered(market.CodeFiltered))
		k.Suspend(ada, true)
		equal(t, "of a suspended poster", explained(t, eve, id), notOffered(market.CodePosterSuspended))
		k.Suspend(ada, false)
		bob.Claim(id)
		equal(t, "to its worker", explained(t, bob, id), notOffered(market.CodeAlreadyClaimed))
		equal(t, "to its poster once it is claimed", explained(t, ada, id), notOffered(market.CodeWrongState))
		_, err := eve.API.Explain(k.Ctx, id, market.Filter{})
		markettest.Refused(t, err, market.ErrNotFound)
		_, err = eve.API.Explain(k.Ctx, "tk-nothing", market.Filter{})
		markettest.Refused(t, err, market.ErrNotFound)
		_, err = eve.API.Explain(k.Ctx, id, market.Filter{Wait: time.Second})
		markettest.Refused(t, err, market.ErrInvalid, "wait")
	})
}

// Neither may whoever matched a task, or has given up too many, or holds too many.
func TestExplainKnowsTheLimitsOfTheAgent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada", markettest.Granted(100)), k.Agent("bob"), k.Agent("eve", markettest.Infra())
		id := ada.Post("about this", markettest.Budget(5))
		if claim := eve.Pickup(); claim.ParentTaskID != id {
			t.Fatalf("eve works on %+v", claim)
		}
		equal(t, "to its matcher", explained(t, eve, id), notOffered(market.CodeRoleConflict))
		for range 5 {
			bob.Claim(id)
			bob.Abandon(id)
		}
		cooldown := notOffered(market.CodeCooldown)
		cooldown.Until = bob.Me().BlockedUntil
		if cooldown.Until.IsZero() {
			t.Fatal("bob is not blocked")
		}
		equal(t, "in the cooldown", explained(t, bob, id), cooldown)
		k.Advance(30 * time.Minute)
		equal(t, "after it", explained(t, bob, id), market.Explanation{Offered: true, Phase: 2, Position: 1})
		for explained(t, bob, id).Offered {
			bob.Claim(ada.Post("one more", markettest.Budget(1)))
		}
		equal(t, "with many claims", explained(t, bob, id), notOffered(market.CodeTooManyClaims))
	})
}

// The place is the one in which the task is listed and picked up.
func TestExplainAgreesWithBrowse(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob", markettest.Capable("go"))
		for _, tag := range []string{"sql", "go", "sql", "go"} {
			ada.Post("work", markettest.Tagged(tag), markettest.Budget(1))
			k.Advance(time.Second)
		}
		items := bob.Browse()
		if len(items) != 4 {
			t.Fatalf("%d offers", len(items))
		}
		for i, item := range items {
			want := market.Explanation{Offered: true, Phase: 2, Position: i + 1}
			if item.IsMatched {
				want.Phase = 1
			}
			equal(t, string(item.TaskID), explained(t, bob, item.TaskID), want)
		}
		if claim := bob.Pickup(); claim.TaskID != items[0].TaskID {
			t.Errorf("picked up %s", claim.TaskID)
		}
		equal(t, "the next", explained(t, bob, items[1].TaskID).Position, 1)
	})
}

// A replica that has not heard of a task yet reads on before it says anything.
func TestExplainOnAnotherReplica(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		there := bob.On(k.Replica())
		there.Browse()
		id := ada.Post("news", markettest.Budget(5))
		equal(t, "there", explained(t, there, id), market.Explanation{Offered: true, Phase: 2, Position: 1})
	})
}

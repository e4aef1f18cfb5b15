package market_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// tries are the calls that the actions stand for.
var tries = map[market.Action]func(ctx context.Context, a market.AgentAPI, id market.TaskID) error{
	market.ActionPickup: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.PickupTask(ctx, id))
	},
	market.ActionAsk: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Ask(ctx, id, "which?"))
	},
	market.ActionCancel: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error { return failed(a.Cancel(ctx, id)) },
	market.ActionDeliver: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Deliver(ctx, id, market.DeliverInput{Result: "done"}))
	},
	market.ActionProgress: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Progress(ctx, id, market.ProgressInput{Note: "half"}))
	},
	market.ActionMessage: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.SendMessage(ctx, id, "hello"))
	},
	market.ActionAbandon: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Abandon(ctx, id))
	},
	market.ActionApprove: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Approve(ctx, id, market.ApproveInput{}))
	},
	market.ActionReject: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Reject(ctx, id, market.RejectInput{Reason: "no"}))
	},
	market.ActionRate: func(ctx context.Context, a market.AgentAPI, id market.TaskID) error {
		return failed(a.Rate(ctx, id, market.RateInput{Rating: 4}))
	},
}

func failed[T any](_ T, err error) error { return err }

// whoever brings a task that bob works on, or may, into a state.
var states = map[string]func(k *markettest.Kit, ada, bob *markettest.Agent) market.TaskID{
	"posted": func(_ *markettest.Kit, ada, _ *markettest.Agent) market.TaskID {
		return ada.Post("work", markettest.Budget(5))
	},
	"claimed": claimedBy,
	"delivered": func(k *markettest.Kit, ada, bob *markettest.Agent) market.TaskID {
		id := claimedBy(k, ada, bob)
		bob.Deliver(id, "first")
		return id
	},
	"rejected": func(k *markettest.Kit, ada, bob *markettest.Agent) market.TaskID {
		id := claimedBy(k, ada, bob)
		bob.Deliver(id, "first")
		ada.Reject(id, "no")
		return id
	},
	"approved": approvedOf,
	"rated": func(k *markettest.Kit, ada, bob *markettest.Agent) market.TaskID {
		id := approvedOf(k, ada, bob)
		bob.Rate(id, 5)
		return id
	},
	"cancelled": func(_ *markettest.Kit, ada, _ *markettest.Agent) market.TaskID {
		id := ada.Post("work", markettest.Budget(5))
		ada.Cancel(id)
		return id
	},
	"of a blocked agent": func(_ *markettest.Kit, ada, bob *markettest.Agent) market.TaskID {
		id := ada.Post("work", markettest.Budget(5))
		for range 5 {
			bob.Claim(id)
			bob.Abandon(id)
		}
		return id
	},
}

func claimedBy(_ *markettest.Kit, ada, bob *markettest.Agent) market.TaskID {
	id := ada.Post("work", markettest.Budget(5))
	bob.Claim(id)
	return id
}

func approvedOf(k *markettest.Kit, ada, bob *markettest.Agent) market.TaskID {
	id := claimedBy(k, ada, bob)
	bob.Deliver(id, "first")
	ada.Approve(id)
	return id
}

// What a task lists can be done, and nothing else can.
func TestActionsAreExactlyWhatCanBeDone(t *testing.T) {
	for state, bring := range states {
		for action, try := range tries {
			for _, who := range []string{"poster", "worker", "stranger"} {
				k := markettest.New(t)
				ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
				id := bring(k, ada, bob)
				a := map[string]*markettest.Agent{"poster": ada, "worker": bob, "stranger": eve}[who]
				v, err := a.API.Task(k.Ctx, id, 0)
				listed := err == nil && slices.Contains(v.Actions, action)
				err = try(k.Ctx, a.API, id)
				if (err == nil) != listed {
					t.Errorf("%s, %s: the %s is told %v, and gets %v", state, action, who, v.Actions, err)
				}
				for _, instead := range actionsOf(err) {
					if !slices.Contains(v.Actions, instead) {
						t.Errorf("%s, %s: the %s is told %v, and %s when it is refused", state, action, who, v.Actions, instead)
					}
				}
			}
		}
	}
}

func actionsOf(err error) []market.Action {
	refusal, is := errors.AsType[*market.Error](err)
	if !is {
		return nil
	}
	return refusal.Actions
}

// Whoever tries a step that is not its own, or not the next, is told what it may do, and
// strangers are told nothing.
func TestARefusedStepSaysWhatMayBeDone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("work", markettest.Budget(5))
		check := func(a *markettest.Agent, try market.Action, code market.Code, want ...market.Action) {
			t.Helper()
			err := tries[try](k.Ctx, a.API, id)
			if got := actionsOf(err); !errors.Is(err, code) || !slices.Equal(got, want) {
				t.Errorf("%s: %v with %v, want %s with %v", try, err, got, code, want)
			}
		}
		check(bob, market.ActionDeliver, market.CodeForbidden, market.ActionPickup, market.ActionAsk)
		check(bob, market.ActionCancel, market.CodeForbidden, market.ActionAsk) // that pickup is possible is not loaded
		check(ada, market.ActionApprove, market.CodeWrongState, market.ActionCancel)
		check(ada, market.ActionPickup, market.CodeOwnTask, market.ActionCancel)
		bob.Claim(id)
		check(bob, market.ActionPickup, market.CodeAlreadyClaimed, market.ActionDeliver, market.ActionProgress, market.ActionMessage, market.ActionAbandon)
		check(ada, market.ActionApprove, market.CodeWrongState, market.ActionMessage)
		check(eve, market.ActionPickup, market.CodeWrongState)
		check(eve, market.ActionDeliver, market.CodeNotFound)
		bob.Abandon(id)
		check(bob, market.ActionDeliver, market.CodeClaimLapsed, market.ActionPickup, market.ActionAsk)
		bob.Claim(id)
		bob.Deliver(id, "done")
		check(bob, market.ActionDeliver, market.CodeWrongState, market.ActionMessage)
		ada.Approve(id)
		bob.Rate(id, 5)
		check(bob, market.ActionRate, market.CodeAlreadyDone)
	})
}

// Every answer about one task has them, as of after what was done.
func TestEveryAnswerHasActions(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		check := func(what string, got []market.Action, want ...market.Action) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		working := []market.Action{market.ActionDeliver, market.ActionProgress, market.ActionMessage, market.ActionAbandon}
		posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "work", MaxCredits: 5})
		if err != nil {
			t.Fatal(err)
		}
		check("post", posted.Actions, market.ActionCancel)
		check("to a stranger", bob.Task(posted.TaskID).Actions, market.ActionPickup, market.ActionAsk)
		check("pickup", bob.Pickup().Actions, working...)
		check("abandon", bob.Abandon(posted.TaskID).Actions, market.ActionPickup, market.ActionAsk)
		check("pickup by id", bob.Claim(posted.TaskID).Actions, working...)
		check("of a list", bob.Mine(market.PartyWorker, market.StatusClaimed)[0].Actions)
		ctx := market.WithIdempotencyKey(k.Ctx, "deliver")
		for range 2 {
			v, err := bob.API.Deliver(ctx, posted.TaskID, market.DeliverInput{Result: "done"})
			if err != nil {
				t.Fatal(err)
			}
			check("deliver", v.Actions, market.ActionMessage)
		}
		check("to its poster", ada.Task(posted.TaskID).Actions, market.ActionApprove, market.ActionReject, market.ActionMessage)
		check("reject", ada.Reject(posted.TaskID, "no").Actions, market.ActionMessage)
		v, err := bob.API.Deliver(ctx, posted.TaskID, market.DeliverInput{Result: "done"})
		if err != nil {
			t.Fatal(err)
		}
		check("a repeat is the first answer", v.Actions, market.ActionMessage)
		bob.Deliver(posted.TaskID, "better")
		check("approve", ada.Approve(posted.TaskID).Actions)
		check("to its worker", bob.Task(posted.TaskID).Actions, market.ActionRate)
		bob.Rate(posted.TaskID, 5)
		check("once it is rated", bob.Task(posted.TaskID).Actions)
		late := ada.Post("late", markettest.Budget(1))
		for range 4 { // and the one before
			bob.Claim(late)
			v = bob.Abandon(late)
		}
		check("abandoned once too often", v.Actions, market.ActionAsk)
		k.Advance(30 * time.Minute)
		check("after the block", bob.Task(late).Actions, market.ActionPickup, market.ActionAsk)
	})
}

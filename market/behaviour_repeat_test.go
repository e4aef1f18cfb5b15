package market_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Repeats under an idempotency key, through the Go API.

func keyed(k *markettest.Kit, key string) context.Context {
	return market.WithIdempotencyKey(k.Ctx, key)
}

func TestARepeatedPostIsTheSamePost(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		in := market.PostInput{Need: "task", MaxCredits: 10, Deadline: 60 * time.Minute}
		first, err := ada.API.Post(keyed(k, "k"), in)
		if err != nil {
			t.Fatal(err)
		}
		k.Clock.Advance(time.Minute)
		again, err := ada.API.Post(keyed(k, "k"), in)
		if err != nil || again.TaskID != first.TaskID || again.Status != first.Status || again.Need != "task" || !again.Deadline.Equal(first.Deadline.Time) {
			t.Errorf("again: %+v, %v, want %+v", again, err, first)
		}
		if got := ada.Balance(); got != 90 {
			t.Errorf("the poster has %d", got)
		}
		in.Need = "another task"
		_, err = ada.API.Post(keyed(k, "k"), in)
		markettest.Refused(t, err, market.ErrConflict, "Idempotency-Key")
		// Keys belong to their caller and their operation.
		if other, err := bob.API.Post(keyed(k, "k"), in); err != nil || other.TaskID == first.TaskID {
			t.Errorf("another caller's key: %+v, %v", other, err)
		}
		if v, err := ada.API.Cancel(keyed(k, "k"), first.TaskID); err != nil || v.Status != market.StatusCancelled {
			t.Errorf("another operation's key: %+v, %v", v, err)
		}
		if v, err := ada.API.Cancel(keyed(k, "k"), first.TaskID); err != nil || v.Status != market.StatusCancelled {
			t.Errorf("cancelled again: %+v, %v", v, err)
		}
		k.Advance(24 * time.Hour)
		if fresh, err := ada.API.Post(keyed(k, "k"), in); err != nil || fresh.TaskID == first.TaskID {
			t.Errorf("after a day: %+v, %v", fresh, err)
		}
	})
}

func TestRefusalsAreNotKept(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		in := market.PostInput{Need: "task", MaxCredits: 150}
		_, err := ada.API.Post(keyed(k, "k"), in)
		markettest.Refused(t, err, market.ErrInsufficientCredits, "Have 100, need 150")
		k.Grant(ada, 50)
		if _, err := ada.API.Post(keyed(k, "k"), in); err != nil {
			t.Errorf("a refusal was kept: %v", err)
		}
		// Finding nothing is not kept either.
		other := k.Agent("other")
		if _, ok, err := ada.API.Pickup(keyed(k, "k"), market.Filter{}); ok || err != nil {
			t.Fatalf("own task picked up: %v", err)
		}
		id := other.Post("task", markettest.Budget(1))
		if p, ok, err := ada.API.Pickup(keyed(k, "k"), market.Filter{}); !ok || err != nil || p.TaskID != id {
			t.Errorf("nothing was kept: %+v, %v", p, err)
		}
		for _, key := range []string{strings.Repeat("x", 256), "a\x00"} {
			_, err := bob.API.Post(keyed(k, key), in)
			markettest.Refused(t, err, market.ErrInvalid, "Idempotency-Key")
		}
	})
}

// Every operation that changes something gives its first outcome again.
func TestEveryOperationRepeats(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob"), k.Agent("eve")
		var id market.TaskID
		var q market.QuestionID
		twice := func(name string, call func(ctx context.Context) (any, error)) any {
			t.Helper()
			ctx := keyed(k, "key of "+name)
			first, err := call(ctx)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			again, err := call(ctx)
			if err != nil || fmt.Sprintf("%+v", view(again)) != fmt.Sprintf("%+v", view(first)) {
				t.Errorf("%s again:\n%+v, %v, want\n%+v", name, view(again), err, view(first))
			}
			return first
		}
		id = twice("post", func(ctx context.Context) (any, error) {
			return ada.API.Post(ctx, market.PostInput{Need: "task", MaxCredits: 20})
		}).(market.Posted).TaskID
		q = twice("ask", func(ctx context.Context) (any, error) { return bob.API.Ask(ctx, id, "what?") }).(market.Question).ID
		twice("answer", func(ctx context.Context) (any, error) { return ada.API.Answer(ctx, id, q, "that") })
		twice("report", func(ctx context.Context) (any, error) { return eve.API.ReportTask(ctx, id, "spam") })
		twice("pickup by id", func(ctx context.Context) (any, error) { return bob.API.PickupTask(ctx, id) })
		twice("abandon", func(ctx context.Context) (any, error) { return bob.API.Abandon(ctx, id) })
		twice("pickup", func(ctx context.Context) (any, error) {
			p, _, err := bob.API.Pickup(ctx, market.Filter{})
			return p, err
		})
		twice("message", func(ctx context.Context) (any, error) { return bob.API.SendMessage(ctx, id, "hi") })
		twice("deliver", func(ctx context.Context) (any, error) {
			return bob.API.Deliver(ctx, id, market.DeliverInput{Result: "first"})
		})
		twice("reject", func(ctx context.Context) (any, error) {
			return ada.API.Reject(ctx, id, market.RejectInput{Reason: "no"})
		})
		bob.Deliver(id, "second")
		twice("approve", func(ctx context.Context) (any, error) {
			return ada.API.Approve(ctx, id, market.ApproveInput{Rating: 5})
		})
		twice("rate", func(ctx context.Context) (any, error) { return bob.API.Rate(ctx, id, market.RateInput{Rating: 5}) })
		for range 3 {
			ada.Post("more", markettest.Budget(1))
		}
		batch := twice("batch", func(ctx context.Context) (any, error) {
			return bob.API.PickupBatch(ctx, market.BatchInput{Count: 2})
		}).(market.PickupList)
		if batch.Total != 2 || batch.Tasks[0].Need != "more" {
			t.Errorf("the batch is %+v", batch)
		}
		twice("grant", func(ctx context.Context) (any, error) {
			return k.Market.Grant(ctx, market.GrantInput{AgentID: bob.ID, Amount: 5})
		})
		twice("suspend", func(ctx context.Context) (any, error) {
			return k.Market.Suspend(ctx, market.SuspendInput{AgentID: eve.ID, Suspended: true})
		})
		twice("appoint", func(ctx context.Context) (any, error) {
			return k.Market.AppointInfra(ctx, market.InfraInput{AgentID: eve.ID, Infra: true})
		})
		reports, err := k.Market.Reports(k.Ctx, "", market.Page{})
		if err != nil || reports.Total != 1 {
			t.Fatalf("reports: %+v, %v", reports, err)
		}
		twice("resolve", func(ctx context.Context) (any, error) {
			return k.Market.ResolveReport(ctx, reports.Reports[0].ID, market.ResolveInput{Status: market.ReportReviewed})
		})
		if got := bob.Balance(); got != 100+18+5 {
			t.Errorf("the worker has %d", got)
		}
		if got := len(bob.Questions(id)); got != 1 {
			t.Errorf("%d questions", got)
		}
	})
}

// view follows pointers, so that outcomes are compared by what they say.
func view(v any) string {
	data, err := jsonOf(v)
	if err != nil {
		return err.Error()
	}
	return data
}

// Requests at the same moment under one key get the same outcome.
func TestRepeatsAtTheSameMoment(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		ada.Post("task", markettest.Budget(1))
		ada.Post("task", markettest.Budget(1))
		var mu sync.Mutex
		posted, picked := map[market.TaskID]bool{}, map[market.TaskID]bool{}
		k.Together(8, func(int) {
			p, err := ada.API.Post(keyed(k, "post"), market.PostInput{Need: "once", MaxCredits: 10})
			if err != nil {
				t.Error(err)
			}
			c, _, err := bob.API.Pickup(keyed(k, "pickup"), market.Filter{})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			posted[p.TaskID], picked[c.TaskID] = true, true
		})
		if len(posted) != 1 || len(picked) != 1 {
			t.Errorf("posted %v, picked up %v", posted, picked)
		}
		if got := ada.Balance(); got != 100-2-10 {
			t.Errorf("the poster has %d", got)
		}
		if got := len(bob.Mine(market.PartyWorker, market.StatusClaimed)); got != 1 {
			t.Errorf("the worker holds %d", got)
		}
	})
}

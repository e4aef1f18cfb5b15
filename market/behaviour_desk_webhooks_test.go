package market_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// die lets every delivery that waits fail for good, a second after the one before.
func die(t *testing.T, k *markettest.Kit) (dead []market.DeadID) {
	t.Helper()
	for _, job := range queued(t, k) {
		k.Clock.Advance(time.Second)
		if ok, err := k.Market.FinishWebhook(k.Ctx, job, store.WebhookOutcome{Error: "status 500", At: k.Clock.Now()}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		dead = append(dead, market.DeadID{AgentID: job.Event.Agent, EventID: job.Event.DeliveryID()})
	}
	return dead
}

func deadWebhooks(t *testing.T, k *markettest.Kit, q market.DeadQuery) market.DeadWebhookList {
	t.Helper()
	list, err := k.Market.DeadWebhooks(k.Ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// One order delivers several again: each is in the log, and one that is refused stops no
// other.
func TestAnOperatorRedeliversSeveral(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada", markettest.Webhook(hookURL, "s")), k.Agent("bob", markettest.Webhook(hookURL, "s")), k.Agent("cyd")
		task, other := ada.Post("task"), bob.Post("other")
		cyd.Ask(task, "one?")
		cyd.Ask(task, "two?")
		cyd.Ask(other, "three?")
		dead := die(t, k)
		if got := deadWebhooks(t, k, market.DeadQuery{AgentID: ada.ID}); got.Total != 2 || len(got.Dead) != 2 || got.Dead[0].AgentID != ada.ID {
			t.Errorf("ada's are %+v", got)
		}
		bob.Update(market.UpdateInput{WebhookURL: market.Null[string]()})
		in := market.RedeliverBatchInput{Dead: append(slices.Clone(dead), dead[0], market.DeadID{AgentID: ada.ID, EventID: "999"}, market.DeadID{AgentID: "ag-nobody", EventID: "1"}), Reason: "the endpoint is back"}
		look, _ := operator(t, k, "look", market.OperatorLook)
		_, err := k.Market.RedeliverBatch(look, in)
		roleRequired(t, err)
		again := market.WithIdempotencyKey(k.Ctx, "once")
		for range 2 {
			got, err := k.Market.RedeliverBatch(again, in)
			if err != nil || got.Redelivered != 2 || got.Total != 5 {
				t.Fatalf("%+v, %v", got, err)
			}
			for i, item := range got.Dead {
				want := map[string]market.Code{string(bob.ID): market.CodeNoWebhook, "ag-nobody": market.CodeNotFound}[string(item.AgentID)]
				if item.EventID == "999" {
					want = market.CodeNotFound
				}
				if item.Code != want || (item.Error == "") != (want == "") {
					t.Errorf("%d is %+v, want %q", i, item, want)
				}
			}
		}
		if jobs := queued(t, k); len(jobs) != 2 || jobs[0].Event.Agent != ada.ID || jobs[1].Event.Agent != ada.ID {
			t.Errorf("queued are %+v", jobs)
		}
		log := actions(t, k, market.ActionQuery{Action: market.ActionRedeliver})
		if of := actions(t, k, market.ActionQuery{AgentID: ada.ID}); len(log) != 2 || !slices.Equal(of, log) || log[0].Number != log[1].Number+1 || log[0].Reason != in.Reason {
			t.Errorf("the log is %+v, ada's %+v", log, of)
		}
		in.Reason = "another"
		_, err = k.Market.RedeliverBatch(again, in)
		markettest.Refused(t, err, market.ErrConflict, "Idempotency-Key")
	})
}

func TestABatchOfRedeliveriesHasBounds(t *testing.T) {
	k := markettest.New(t)
	many := make([]market.DeadID, 101)
	for i := range many {
		many[i] = market.DeadID{AgentID: "ag-" + market.AgentID(strconv.Itoa(i)), EventID: "1"}
	}
	for field, bad := range map[string]market.RedeliverBatchInput{
		"dead_letters":             {Dead: many, Reason: "why not"},
		"dead_letters[0].event_id": {Dead: []market.DeadID{{AgentID: "ag-1"}}, Reason: "why not"},
		"reason":                   {Dead: many[:1]},
	} {
		_, err := k.Market.RedeliverBatch(k.Ctx, bad)
		markettest.Refused(t, err, market.ErrInvalid, field)
	}
	got, err := k.Market.RedeliverBatch(k.Ctx, market.RedeliverBatchInput{Dead: many[:100], Reason: "why not"})
	if err != nil || got.Total != 100 || got.Redelivered != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if log := actions(t, k, market.ActionQuery{}); len(log) != 0 {
		t.Errorf("what was refused is in the log: %+v", log)
	}
}

// A page of dead letters of as many agents is delivered again by one order.
func TestALargeBatchOfRedeliveries(t *testing.T) {
	k := markettest.New(t)
	asker := k.Agent("asker")
	for i := range 100 {
		asker.Ask(k.Agent("a"+strconv.Itoa(i), markettest.Webhook(hookURL, "s")).Post("task"), "?")
	}
	var dead []market.DeadID
	for range 10 {
		dead = append(dead, die(t, k)...)
	}
	got, err := k.Market.RedeliverBatch(k.Ctx, market.RedeliverBatchInput{Dead: dead, Reason: "the network is back"})
	if err != nil || got.Redelivered != 100 {
		t.Fatalf("%d of %d, %v", got.Redelivered, len(dead), err)
	}
	for _, id := range dead {
		if log := actions(t, k, market.ActionQuery{AgentID: id.AgentID}); len(log) != 1 || log[0].Subject != id.EventID {
			t.Errorf("about %s the log is %+v", id.AgentID, log)
		}
	}
	if log, err := k.Market.Actions(k.Ctx, market.ActionQuery{}); err != nil || log.Total != 100 {
		t.Errorf("the log has %d, %v", log.Total, err)
	}
}

// What an operator has seen waits no more; what fails later does, also when it was seen
// before and was delivered again.
func TestSeenDeadWebhooksWaitForNobody(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Webhook(hookURL, "s")), k.Agent("bob")
		task := ada.Post("task")
		waiting := func(want int) market.DeadOverview {
			t.Helper()
			o := overview(t, k).Dead
			alone, err := k.Market.DeadOverview(k.Ctx)
			if err != nil || o.Waiting != want || o.WaitingMore || alone.Waiting != want {
				t.Errorf("%+v wait, %+v alone, %v, want %d", o, alone, err, want)
			}
			return o
		}
		waiting(0)
		for _, q := range []string{"one?", "two?", "three?"} {
			bob.Ask(task, q)
		}
		dead := die(t, k)
		waiting(3)
		list := deadWebhooks(t, k, market.DeadQuery{})
		in := market.SeeDeadInput{Until: list.Dead[1].FailedAt, Reason: "their endpoint is gone"}
		look, _ := operator(t, k, "look", market.OperatorLook)
		_, err := k.Market.SeeDead(look, in)
		roleRequired(t, err)
		again := market.WithIdempotencyKey(k.Ctx, "once")
		for range 2 {
			if got, err := k.Market.SeeDead(again, in); err != nil || got != market.SeenDead(in) {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		if o := waiting(1); o.Total != 3 || len(o.Agents) != 1 || o.Agents[0].Count != 1 {
			t.Errorf("the overview is %+v", o)
		}
		for i, d := range deadWebhooks(t, k, market.DeadQuery{}).Dead {
			if d.Seen != (i > 0) {
				t.Errorf("no. %d is %+v", i, d)
			}
		}
		if log := actions(t, k, market.ActionQuery{Action: market.ActionSeeDead}); len(log) != 1 || log[0].Subject != in.Until.String() || log[0].Reason != in.Reason {
			t.Errorf("the log is %+v", log)
		}
		_, err = k.Market.SeeDead(k.Ctx, market.SeeDeadInput{Until: list.Dead[2].FailedAt, Reason: "why not"})
		markettest.Refused(t, err, market.ErrConflict, "seen")
		for _, bad := range []market.SeeDeadInput{{Reason: "why not"}, {Until: market.NewTime(k.Clock.Now().Add(time.Second)), Reason: "why not"}, {Until: list.Dead[0].FailedAt}} {
			_, err := k.Market.SeeDead(k.Ctx, bad)
			markettest.Refused(t, err, market.ErrInvalid)
		}
		if _, err := k.Market.SeeDead(k.Ctx, market.SeeDeadInput{Until: list.Dead[0].FailedAt, Reason: "that too"}); err != nil {
			t.Fatal(err)
		}
		if o := waiting(0); o.Total != 3 || len(o.Agents) != 0 {
			t.Errorf("the overview is %+v", o)
		}
		if _, err := k.Market.RedeliverOf(k.Ctx, market.RedeliverInput{AgentID: ada.ID, EventID: dead[0].EventID, Reason: "try"}); err != nil {
			t.Fatal(err)
		}
		die(t, k)
		waiting(1)
	})
}

// The figures are true beyond the newest 100, before anything was seen and after, and of each
// agent too.
func TestManyDeadWebhooksAreCounted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada", markettest.Webhook(hookURL, "s"), markettest.Granted(1000)), k.Agent("bob", markettest.Webhook(hookURL, "s"), markettest.Granted(1000)), k.Agent("cyd")
		ask := func(of *markettest.Agent, tasks int) {
			for range tasks {
				task := of.Post("task")
				for range 5 {
					cyd.Ask(task, "?")
				}
			}
			for len(die(t, k)) > 0 {
			}
		}
		ask(bob, 1)
		ask(ada, 13)
		ask(bob, 10)
		count := func(ofAda, ofBob int) {
			t.Helper()
			got, err := k.Market.DeadOverview(k.Ctx)
			want := []market.DeadOf{{AgentID: ada.ID, Name: "ada", Count: ofAda}, {AgentID: bob.ID, Name: "bob", Count: ofBob}}
			if err != nil || got.Waiting != ofAda+ofBob || got.WaitingMore || got.Total != 120 || !slices.Equal(got.Agents, want) {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		}
		count(65, 55)
		oldest := deadWebhooks(t, k, market.DeadQuery{Page: market.Page{Limit: 1, Offset: 113}})
		if _, err := k.Market.SeeDead(k.Ctx, market.SeeDeadInput{Until: oldest.Dead[0].FailedAt, Reason: "long gone"}); err != nil {
			t.Fatal(err)
		}
		count(63, 50)
	})
}

// What became of a redelivery is known: that it arrived, that it failed again, or neither
// yet.
func TestARedeliveryThatArrivesLeavesATrace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Webhook(hookURL, "s")), k.Agent("bob")
		task := ada.Post("task")
		for _, q := range []string{"one?", "two?", "three?"} {
			bob.Ask(task, q)
		}
		dead := die(t, k)
		k.Clock.Advance(time.Minute)
		if got := deadWebhooks(t, k, market.DeadQuery{}); len(got.Redelivered) != 0 {
			t.Errorf("nobody asked for %+v", got.Redelivered)
		}
		eve, _ := operator(t, k, "eve", market.OperatorAct)
		if _, err := k.Market.RedeliverBatch(eve, market.RedeliverBatchInput{Dead: dead[:2], Reason: "back"}); err != nil {
			t.Fatal(err)
		}
		short := strings.TrimPrefix(dead[2].EventID, string(ada.ID)+"-")
		if _, err := k.Market.RedeliverOf(k.Ctx, market.RedeliverInput{AgentID: ada.ID, EventID: short, Reason: "back"}); err != nil {
			t.Fatal(err)
		}
		asked := market.NewTime(k.Clock.Now())
		k.Clock.Advance(time.Minute)
		at := market.NewTime(k.Clock.Now())
		want := map[string]market.Redelivery{}
		for _, job := range queued(t, k) {
			id := job.Event.DeliveryID()
			r := market.Redelivery{AgentID: ada.ID, EventID: id, Operator: "eve", At: asked}
			switch id {
			case dead[0].EventID:
				r.DeliveredAt = at
			case dead[1].EventID:
				r.FailedAt = at
			default:
				r.Operator = "root"
				want[id] = r
				continue // it is under way
			}
			out := store.WebhookOutcome{Delivered: !r.DeliveredAt.IsZero(), Error: "status 500", At: at.Time}
			if ok, err := k.Replica().FinishWebhook(k.Ctx, job, out); !ok || err != nil {
				t.Fatal(ok, err)
			}
			want[id] = r
		}
		check := func(of string, list []market.Redelivery) {
			t.Helper()
			if len(list) != 3 {
				t.Fatalf("of %s: %+v", of, list)
			}
			for _, r := range list {
				if r != want[r.EventID] {
					t.Errorf("of %s: %+v, want %+v", of, r, want[r.EventID])
				}
			}
		}
		check("all", deadWebhooks(t, k, market.DeadQuery{}).Redelivered)
		check("ada", deadWebhooks(t, k, market.DeadQuery{AgentID: ada.ID}).Redelivered)
		f, err := k.Market.AgentFile(k.Ctx, ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		check("the file", f.Redelivered)
		if got := deadWebhooks(t, k, market.DeadQuery{AgentID: bob.ID}).Redelivered; len(got) != 0 {
			t.Errorf("of bob: %+v", got)
		}
		k.Clock.Advance(31 * 24 * time.Hour)
		if got := deadWebhooks(t, k, market.DeadQuery{}).Redelivered; len(got) != 0 {
			t.Errorf("a month later: %+v", got)
		}
	})
}

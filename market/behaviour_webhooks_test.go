package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

const hookURL = "https://hooks.example.com/a"

// queued leases what waits for webhooks, for a minute.
func queued(t *testing.T, k *markettest.Kit) []store.WebhookJob {
	t.Helper()
	jobs, err := k.Market.LeaseWebhooks(k.Ctx, time.Minute, 10)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func answeredGone(k *markettest.Kit) store.WebhookOutcome {
	now := k.Clock.Now()
	return store.WebhookOutcome{Error: "answered 410 Gone", Gone: true, RetryAt: now.Add(time.Second), At: now}
}

// An endpoint that says 410 is called no more; its owner hears of it, keeps what
// was not delivered, and may set a URL again.
func TestAGoneWebhookIsSwitchedOff(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Webhook(hookURL, "s")), k.Agent("bob")
		id := ada.Post("task")
		first := bob.Ask(id, "one?")
		bob.Ask(id, "two?")
		ada.Events()
		jobs := queued(t, k)
		if ok, err := k.Market.FinishWebhook(k.Ctx, jobs[0], answeredGone(k)); !ok || err != nil {
			t.Fatalf("finished: %v, %v", ok, err)
		}
		if d := told(t, ada, store.EventWebhookDisabled); d.Reason != "gone" {
			t.Errorf("the owner is told %+v", d)
		}
		if url := ada.Me().WebhookURL; url != "" {
			t.Errorf("the webhook is still %s", url)
		}
		dead, err := ada.API.DeadLetters(k.Ctx, market.Page{})
		if err != nil || dead.Total != 1 || jobs[0].Event.Data.QuestionID != first {
			t.Errorf("dead letters %+v, %v, want the first question", dead, err)
		}
		markettest.Refused(t, ada.API.Redeliver(k.Ctx, jobs[0].Event.DeliveryID()), market.ErrConflict, "webhook_url")
		k.Advance(time.Hour)
		if jobs := queued(t, k); len(jobs) != 0 {
			t.Errorf("still queued: %+v", jobs)
		}
		ada.Update(market.UpdateInput{WebhookURL: market.Some(hookURL)})
		if err := ada.API.Redeliver(k.Ctx, jobs[0].Event.DeliveryID()); err != nil {
			t.Fatal(err)
		}
		if again := queued(t, k); len(again) != 1 || again[0].Event.Seq != jobs[0].Event.Seq {
			t.Errorf("after a new URL: %+v", again)
		}
	})
}

// What an operator does for an agent whose endpoint was broken is in the log.
func TestAnOperatorRedelivers(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Webhook(hookURL, "s")), k.Agent("bob")
		bob.Ask(ada.Post("task"), "one?")
		ada.Events()
		job := queued(t, k)[0]
		if ok, err := k.Market.FinishWebhook(k.Ctx, job, store.WebhookOutcome{Error: "status 500", At: k.Clock.Now()}); !ok || err != nil {
			t.Fatalf("finished: %v, %v", ok, err)
		}
		in := market.RedeliverInput{AgentID: ada.ID, EventID: job.Event.DeliveryID(), Reason: "the endpoint is back"}
		look, _ := operator(t, k, "look", market.OperatorLook)
		_, err := k.Market.RedeliverOf(look, in)
		roleRequired(t, err)
		if jobs := queued(t, k); len(jobs) != 0 {
			t.Errorf("who looks has queued %+v", jobs)
		}
		again := market.WithIdempotencyKey(k.Ctx, "once")
		for range 2 {
			if got, err := k.Market.RedeliverOf(again, in); err != nil || got != market.RedeliveredOf(in) {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		if jobs := queued(t, k); len(jobs) != 1 || jobs[0].Event.Seq != job.Event.Seq {
			t.Errorf("queued is %+v", jobs)
		}
		if log := actions(t, k, market.ActionQuery{AgentID: ada.ID}); len(log) != 1 || log[0].Action != market.ActionRedeliver || log[0].Subject != in.EventID || log[0].Reason != in.Reason {
			t.Errorf("the log is %+v", log)
		}
		for kind, bad := range map[error]market.RedeliverInput{
			market.ErrNotFound: {AgentID: ada.ID, EventID: "nothing", Reason: "why not"},
			market.ErrConflict: {AgentID: bob.ID, EventID: in.EventID, Reason: "why not"},
			market.ErrInvalid:  {AgentID: ada.ID, EventID: in.EventID},
		} {
			_, err := k.Market.RedeliverOf(k.Ctx, bad)
			markettest.Refused(t, err, kind)
		}
		if log := actions(t, k, market.ActionQuery{AgentID: ada.ID}); len(log) != 1 {
			t.Errorf("what was refused is in the log: %+v", log)
		}
	})
}

// The 410 of an URL that its owner has left says nothing of the new one.
func TestAGoneWebhookOfYesterdayHurtsNobody(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Webhook(hookURL, "s")), k.Agent("bob")
		bob.Ask(ada.Post("task"), "one?")
		ada.Events()
		job := queued(t, k)[0]
		ada.Update(market.UpdateInput{WebhookURL: market.Some(hookURL + "/new")})
		if ok, err := k.Market.FinishWebhook(k.Ctx, job, answeredGone(k)); !ok || err != nil {
			t.Fatalf("finished: %v, %v", ok, err)
		}
		heard(t, ada)
		if url := ada.Me().WebhookURL; url != hookURL+"/new" {
			t.Errorf("the webhook is %v", url)
		}
		k.Clock.Advance(time.Second)
		if again := queued(t, k); len(again) != 1 || again[0].URL != hookURL+"/new" {
			t.Errorf("the delivery is tried at the new URL: %+v", again)
		}
	})
}

// For a day after a change the secret before still signs; the last two do when
// it is changed twice, and none when it is taken away.
func TestTwoWebhookSecretsHoldForADayAfterAChange(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Webhook(hookURL, "one")), k.Agent("bob")
		id := ada.Post("task")
		secrets := func() [2]string {
			t.Helper()
			ada.Answer(id, bob.Ask(id, "?"), "!")
			jobs := queued(t, k)
			if len(jobs) != 1 {
				t.Fatalf("%d are queued, want 1", len(jobs))
			}
			out := store.WebhookOutcome{Delivered: true, At: k.Clock.Now()}
			if _, err := k.Market.FinishWebhook(k.Ctx, jobs[0], out); err != nil {
				t.Fatal(err)
			}
			return [2]string{jobs[0].Secret, jobs[0].OldSecret}
		}
		for _, step := range []struct {
			name   string
			secret market.Optional[string]
			pass   time.Duration
			want   [2]string
		}{
			{"unchanged", market.Optional[string]{}, 0, [2]string{"one", ""}},
			{"changed", market.Some("two"), 0, [2]string{"two", "one"}},
			{"the same again", market.Some("two"), time.Hour, [2]string{"two", "one"}},
			{"changed twice", market.Some("three"), 23 * time.Hour, [2]string{"three", "two"}},
			{"still within the day", market.Optional[string]{}, 24*time.Hour - time.Second, [2]string{"three", "two"}},
			{"a day later", market.Optional[string]{}, time.Second, [2]string{"three", ""}},
			{"changed back", market.Some("two"), 0, [2]string{"two", "three"}},
			{"taken away", market.Null[string](), 0, [2]string{"", ""}},
			{"given anew", market.Some("four"), 0, [2]string{"four", ""}},
		} {
			k.Clock.Advance(step.pass)
			if _, present := step.secret.Get(); present {
				ada.Update(market.UpdateInput{WebhookSecret: step.secret})
			}
			if got := secrets(); got != step.want {
				t.Errorf("%s: signed with %q, want %q", step.name, got, step.want)
			}
		}
	})
}

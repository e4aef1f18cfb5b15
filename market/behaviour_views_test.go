package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

func minutes(n float64) market.Minutes {
	return market.Minutes{Duration: time.Duration(n * float64(time.Minute))}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// pointed is what is behind a pointer, if anything.
func pointed[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func instant(at time.Time) market.Time { return market.NewTime(at) }

// A poster sees what the posting cost and until when it stands, also from a
// repeat under the key.
func TestPostingTellsItsMoney(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		ctx := market.WithIdempotencyKey(k.Ctx, "once")
		for range 2 {
			posted, err := ada.API.Post(ctx, market.PostInput{Need: "work", MaxCredits: 30})
			if err != nil {
				t.Fatal(err)
			}
			if posted.MaxCredits != 30 || posted.Balance != 70 {
				t.Errorf("posted with %d, %d left", posted.MaxCredits, posted.Balance)
			}
			equal(t, "expires_at", posted.ExpiresAt, instant(k.Clock.Now().Add(72*time.Hour)))
			k.Grant(ada, 5) // the first outcome stays what it was
		}
	})
}

// Both timeouts in force are shown wherever somebody decides whether to take or
// to do a task: the task's own, and the market's where it has none.
func TestTimeoutsInForceAreShown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		for _, c := range []struct {
			claim, review market.Minutes
			opts          []markettest.PostOption
		}{
			{minutes(72 * 60), minutes(24 * 60), nil},
			{minutes(7), minutes(525_600), []markettest.PostOption{markettest.ClaimTimeout(7 * time.Minute), markettest.ReviewTimeout(525_600 * time.Minute)}},
		} {
			id := ada.Post("work", append(c.opts, markettest.Budget(5))...)
			check := func(where string, claim, review market.Minutes) {
				t.Helper()
				equal(t, where+": claim_timeout_minutes", claim, c.claim)
				equal(t, where+": review_timeout_minutes", review, c.review)
			}
			for _, item := range bob.Browse() {
				check("browse", item.ClaimTimeout, item.ReviewTimeout)
			}
			stranger := eve.Task(id)
			check("a stranger's look", stranger.ClaimTimeout, stranger.ReviewTimeout)
			claim := bob.Pickup()
			check("pickup", claim.ClaimTimeout, claim.ReviewTimeout)
			mine := bob.Mine(market.PartyWorker, market.StatusClaimed)[0]
			check("mine", mine.ClaimTimeout, mine.ReviewTimeout)
			done := bob.Deliver(id, "done")
			check("deliver", done.ClaimTimeout, done.ReviewTimeout)
			ada.Approve(id)
		}
		byID := ada.Post("by id", markettest.Budget(5))
		claim := bob.Claim(byID)
		equal(t, "pickup by id", claim.ReviewTimeout, minutes(24*60))
	})
}

func TestATimeoutOfNeverIsZero(t *testing.T) {
	k := markettest.New(t, policy(func(p *market.Policy) { p.ClaimTimeout, p.AutoApprove = 0, 90*time.Second }))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("work")
	bob.Claim(id)
	v := bob.Task(id)
	equal(t, "claim_timeout_minutes", v.ClaimTimeout, market.Minutes{})
	equal(t, "review_timeout_minutes", v.ReviewTimeout, minutes(1.5))
}

// Every instant of a task's life is told, and none that is not there.
func TestATaskTellsItsInstants(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("work", markettest.Budget(20))
		none := market.Time{}
		check := func(v market.Task, expires, claimed, delivered, review, approved, ended market.Time) {
			t.Helper()
			equal(t, "expires_at", v.ExpiresAt, expires)
			equal(t, "claimed_at", v.ClaimedAt, claimed)
			equal(t, "delivered_at", v.DeliveredAt, delivered)
			equal(t, "review_deadline", v.ReviewDeadline, review)
			equal(t, "approved_at", v.ApprovedAt, approved)
			equal(t, "ended_at", v.EndedAt, ended)
		}
		check(ada.Task(id), instant(k.Clock.Now().Add(72*time.Hour)), none, none, none, none, none)
		k.Advance(time.Minute)
		claimed := instant(k.Clock.Now())
		bob.Claim(id)
		check(ada.Task(id), none, claimed, none, none, none, none)
		k.Advance(time.Minute)
		delivered, review := instant(k.Clock.Now()), instant(k.Clock.Now().Add(24*time.Hour))
		check(bob.Deliver(id, "done"), none, claimed, delivered, review, none, none)
		k.Advance(time.Minute)
		approved := instant(k.Clock.Now())
		check(ada.Approve(id), none, claimed, delivered, none, approved, approved)
		gone := ada.Post("never mind", markettest.Budget(1))
		check(ada.Cancel(gone), none, none, none, none, none, instant(k.Clock.Now()))
		late := ada.Post("too late", markettest.Budget(1))
		k.Advance(72 * time.Hour)
		check(ada.Task(late), none, none, none, none, none, instant(k.Clock.Now()))
	})
}

// From delivery on the parties see what an approval takes and pays.
func TestADeliverySaysWhatItWillPay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve", markettest.Infra())
		id := ada.Post("work", markettest.Budget(25))
		bob.Claim(id)
		check := func(v market.Task, charged int64, fee, receives any) {
			t.Helper()
			equal(t, "credits_charged", v.CreditsCharged, charged)
			equal(t, "fee", pointed(v.Fee), fee)
			equal(t, "worker_receives", pointed(v.WorkerReceives), receives)
		}
		check(ada.Task(id), 0, nil, nil)
		charged, fee, receives := int64(19), int64(1), int64(18)
		check(bob.Deliver(id, "first", 19), charged, fee, receives)
		check(ada.Reject(id, "no"), 0, nil, nil)
		check(bob.Deliver(id, "second", 19), charged, fee, receives)
		check(ada.Task(id), charged, fee, receives)
		check(ada.Approve(id), charged, fee, receives)
		check(bob.Mine(market.PartyWorker, market.StatusApproved)[0], charged, fee, receives)
		about := ada.Post("to be matched", markettest.Budget(5))
		claim := eve.Pickup()
		if claim.ParentTaskID != about {
			t.Fatalf("eve works on %s", claim.TaskID)
		}
		check(eve.Deliver(claim.TaskID, `{"ranked_agents":[]}`), 3, int64(0), int64(3))
	})
}

// Who has abandoned a task, or asks about itself, sees how many such it may.
func TestStrikesAndBlockAreShown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("work", markettest.Budget(1))
		for n := 1; n <= 5; n++ {
			bob.Claim(id)
			if me := bob.Me(); me.OpenClaims != 1 || !me.BlockedUntil.IsZero() || me.Strikes != n-1 {
				t.Errorf("after %d strikes: %+v", n-1, me)
			}
			ctx := market.WithIdempotencyKey(k.Ctx, "give it back "+string(rune('0'+n)))
			for range 2 {
				v, err := bob.API.Abandon(ctx, id)
				if err != nil {
					t.Fatal(err)
				}
				strikes, until := n, market.Time{}
				if n == 5 {
					strikes, until = 0, instant(k.Clock.Now().Add(30*time.Minute))
				}
				equal(t, "strikes", pointed(v.Strikes), any(strikes))
				equal(t, "blocked_until", v.BlockedUntil, until)
			}
		}
		me := bob.Me()
		equal(t, "blocked_until", me.BlockedUntil, instant(k.Clock.Now().Add(30*time.Minute)))
		k.Advance(30 * time.Minute)
		if me := bob.Me(); !me.BlockedUntil.IsZero() || me.Strikes != 0 {
			t.Errorf("after the block: %+v", me)
		}
	})
}

func TestTagsSayWhoGaveThem(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada")
	equal(t, "tags_by", ada.Me().TagsBy, "")
	eve := k.Agent("eve", markettest.Infra())
	ada.Update(market.UpdateInput{GoodAt: market.Some("Go")})
	claim := eve.Pickup()
	eve.Deliver(claim.TaskID, `{"tags":["go"]}`)
	equal(t, "tags_by", ada.Me().TagsBy, market.TagsExtracted)
	ada.Update(market.UpdateInput{Tags: market.Some([]string{"rust"})})
	equal(t, "tags_by", ada.Me().TagsBy, market.TagsDeclared)
}

// A worker sees how a poster has judged before it takes its task, and while it
// works on it: read the delivery, reject it and let it go is no secret.
func TestThePostersRecordIsVisible(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada", markettest.Granted(100)), k.Agent("bob"), k.Agent("eve")
		check := func(where string, got *market.PosterRecord, approved, rejected int64) {
			t.Helper()
			equal(t, where, pointed(got), any(market.PosterRecord{Approved: approved, Rejected: rejected}))
		}
		for i := range int64(3) {
			id := ada.Post("work", markettest.Budget(5))
			item := bob.Browse()[0]
			check("browse", &item.PosterRecord, i, i)
			check("a stranger's look", eve.Task(id).PosterRecord, i, i)
			check("pickup", bob.Pickup().PosterRecord, i, i)
			check("deliver", bob.Deliver(id, "first").PosterRecord, i, i)
			check("reject", ada.Reject(id, "no").PosterRecord, i, i+1)
			check("the worker's list", bob.Mine(market.PartyWorker, market.StatusClaimed)[0].PosterRecord, i, i+1)
			bob.Deliver(id, "second")
			ctx := market.WithIdempotencyKey(k.Ctx, string(id))
			for range 2 {
				v, err := ada.API.Approve(ctx, id, market.ApproveInput{})
				if err != nil {
					t.Fatal(err)
				}
				check("approve", v.PosterRecord, i+1, i+1)
			}
			check("the worker's task", bob.Task(id).PosterRecord, i+1, i+1)
		}
		again := ada.Post("by the timer", markettest.Budget(5))
		check("pickup by id", bob.Claim(again).PosterRecord, 3, 3)
		bob.Deliver(again, "done")
		k.Advance(24 * time.Hour)
		profile := ada.Profile()
		check("as_poster", &profile.AsPoster, 4, 3)
		check("as_poster of a worker", &[]market.PublicProfile{bob.Profile()}[0].AsPoster, 0, 0)
		ada.Post("one more", markettest.Budget(5))
		item := bob.Browse()[0]
		check("browse after the timer", &item.PosterRecord, 4, 3)
	})
}

// Another replica shows the record too, and a repeat of a pickup the one that was.
func TestThePostersRecordReachesEveryReplica(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		there := bob.On(k.Replica())
		there.Browse()
		id := ada.Post("work", markettest.Budget(5))
		bob.Claim(id)
		bob.Deliver(id, "done")
		ada.Approve(id)
		ada.Post("more", markettest.Budget(5))
		var got market.PosterRecord
		markettest.Eventually(t, "the record", func() bool {
			for _, item := range there.Browse() {
				got = item.PosterRecord
			}
			return got.Approved == 1
		})
		ctx := market.WithIdempotencyKey(k.Ctx, "claim")
		for range 2 {
			claim, ok, err := there.API.Pickup(ctx, market.Filter{})
			if err != nil || !ok || claim.PosterRecord == nil || claim.PosterRecord.Approved != 1 {
				t.Fatal(claim.PosterRecord, ok, err)
			}
		}
	})
}
